"""The command line: one click command a module, loaded when it is called (see `agentsync.commands.app`)."""
