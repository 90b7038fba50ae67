"""How a command fails: exit 2 for invalid input or usage, 3 for what is not safe, 1 for anything else."""

import sys
from dataclasses import asdict
from typing import Any, NoReturn

from gridpact.cli.terminal.output import json_text, say
from gridpact.errors import InvalidCase

EXIT_FAILED, EXIT_INVALID = 1, 2
EXIT_NOT_CLEARED = 3  # where that was asked for
EXIT_INTERRUPTED = 130  # 128 and the number of the signal, as shells have it


def told(error: Exception) -> dict[str, Any]:
    """An error for programs: every problem of a case, or the message."""
    if isinstance(error, InvalidCase):
        problems = [asdict(problem) for problem in error.problems]
        return {"total": error.total, "problems": problems, "unchecked": list(error.unchecked)}
    return {"error": str(error)}


def fail(error: Exception, code: int, *, as_json: bool) -> NoReturn:
    """Says the error on stderr, with `--json` on stdout too, and exits with the code."""
    if as_json:
        say(json_text(told(error)))
    sys.stderr.write(f"gridpact: {error}\n")
    sys.exit(code)
