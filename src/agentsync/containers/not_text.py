"""A scalar that is no text for the client though it can be written as text.

Floor 1, pure. JSON's values cannot say a date, so containers give one as text; the type remembers that the client sees none.
"""

from __future__ import annotations


class NotText(str):
    """The text of a scalar that the client does not read as text: a date, a time.

    It equals and behaves as its text, so it travels like any value. A field that wants text can tell by the type that the
    client would refuse it, and the container that read it writes it back without quotes.
    """

    __slots__ = ()
