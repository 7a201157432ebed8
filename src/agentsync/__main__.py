"""The way in: `agentsync` and `python -m agentsync`. The version is answered before anything is imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line given to this process; the answer is its exit code."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        from agentsync import __version__

        sys.stdout.write(f"agentsync {__version__}\n")
        return 0
    from agentsync.commands.app import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
