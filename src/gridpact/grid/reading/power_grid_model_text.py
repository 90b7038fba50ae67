"""power-grid-model input as text."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def input_bytes(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """The JSON of records by component, a record a line."""
    parts = []
    for name, records in data.items():
        lines = ",\n".join(json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
        parts.append(f"{json.dumps(name)}: [\n{lines}\n]")
    head = '{"version": "1.0", "type": "input", "is_batch": false, "attributes": {}, "data": {'
    return (head + "\n" + ",\n".join(parts) + "\n}}\n").encode()
