"""Formats: what each assistant's files look like, loaded from `formats/*.yaml`, and which format a file is in.

Floor 2. Importing this package is cheap: YAML and the types of `rules` come in with the first format that is loaded.
"""

from agentsync.formats.detector import Detection, detect, for_path
from agentsync.formats.loader import FormatError, documents, known_ids, layout_of, load, load_all, load_text
from agentsync.formats.registry import SHIPPED, OwnFile, Registry

__all__ = [
    "SHIPPED", "Detection", "FormatError", "OwnFile", "Registry", "detect", "documents", "for_path", "known_ids", "layout_of", "load", "load_all",
    "load_text",
]
