"""The log of a gate's processes: one JSON object a line, without secrets, bodies and names of persons."""

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Any

from gridpact.gate.words.moments import moment_text

LOGGER = "gridpact.gate"
FACTS = "facts"


class JsonLines(logging.Formatter):
    """Records as JSON objects.

    Of an exception it has the type and the places of the code: its text may hold what a user sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line."""
        line: dict[str, Any] = {
            "time": moment_text(int(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "process": record.process,
            **getattr(record, FACTS, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)
            line["error"] = type(error).__name__
            line["at"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line, ensure_ascii=False)


def set_up_log() -> None:
    """Lets the gate of this process write its log to stderr."""
    logger = logging.getLogger(LOGGER)
    if not any(isinstance(handler.formatter, JsonLines) for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def say(event: str, *, level: int = logging.INFO, error: BaseException | None = None, **facts: Any) -> None:
    """Writes an event with its facts, none of which is a secret or something that a user wrote."""
    logging.getLogger(LOGGER).log(level, event, extra={FACTS: facts}, exc_info=error)
