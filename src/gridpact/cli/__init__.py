"""The command line: `gridpact COMMAND`, each command in a file of its name."""

from gridpact.cli.program import app, main

__all__ = ["app", "main"]
