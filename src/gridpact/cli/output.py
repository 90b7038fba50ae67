"""What commands write to stdout."""

import json
import sys
from typing import Any


def say(text: str) -> None:
    """Writes a line, or lines, to stdout."""
    sys.stdout.write(text + "\n")


def json_text(facts: Any) -> str:
    """Facts as JSON, for programs."""
    return json.dumps(facts, indent=2, ensure_ascii=False)
