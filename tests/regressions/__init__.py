"""Facts that were first got wrong: one module for each, with what the client was seen to do."""
