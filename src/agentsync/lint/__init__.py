"""What is wrong with agents' files, seen with their assistants' eyes; and the repairs that are certain.

Floor 4, pure. `codes` lists what can be found, `checks` finds it, `mend` repairs. What an assistant loads as meant is never called wrong:
every finding says what the client does with the file.
"""

from agentsync.lint.checks import Source, check, twins
from agentsync.lint.codes import CODES, Code, chosen
from agentsync.lint.mend import mended

__all__ = ["CODES", "Code", "Source", "check", "chosen", "mended", "twins"]
