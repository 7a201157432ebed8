"""The one engine: documents to agents and back, for every format alike.

Floor 3, pure. `read` and `write` are all that the floors above need; formats are data, containers are below.
"""

from agentsync.codec.names import slug
from agentsync.codec.read import read
from agentsync.codec.write import new_path, write, write_many

__all__ = ["new_path", "read", "slug", "write", "write_many"]
