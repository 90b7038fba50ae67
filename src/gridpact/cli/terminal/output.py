"""What commands write to stdout."""

import io
import json
import os
import sys
from typing import Any

STDOUT, STDERR = 1, 2


def keep_stdout() -> None:
    """Keeps stdout for what commands write: what compiled libraries print there goes to stderr instead.

    The solvers are made silent; this holds whatever a later version of some library has to say, and for the
    processes of a fleet, which inherit it. It lasts, as such output may wait in a buffer until the end.
    """
    stream = sys.stdout
    try:
        if not isinstance(stream, io.TextIOWrapper) or stream.fileno() != STDOUT:
            return
        stream.flush()
        result = os.fdopen(
            os.dup(STDOUT),
            "w",
            buffering=1 if stream.line_buffering else -1,
            encoding=stream.encoding,
        )
        os.dup2(STDERR, STDOUT)
    except OSError:  # Without a stderr, all stays as it is.
        return
    sys.stdout = result


def say(text: str) -> None:
    """Writes a line, or lines, to stdout."""
    sys.stdout.write(text + "\n")


def json_text(facts: Any) -> str:
    """Facts as JSON, for programs."""
    return json.dumps(facts, indent=2, ensure_ascii=False)
