"""Vector groups of pandapower's transformers, with or without a clock."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

DELTA_WYE, WYE_WYE, WYE_ZIGZAG = "dyn", "ynyn", "yzn"
MODELLED = (DELTA_WYE, WYE_WYE, WYE_ZIGZAG)
GROUP = re.compile(r"(yn|zn|y|d|z)(yn|zn|y|d|z)(\d{0,2})", re.IGNORECASE)


def parsed_group(text: object) -> tuple[str, int | None] | None:
    """The windings in small letters and the clock if there is one; `None` for what is no vector group."""
    found = GROUP.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    high, low, clock = found.groups()
    return (high + low).lower(), int(clock) if clock else None


def winding_groups(trafo: Any) -> NDArray[Any]:
    """The windings of each transformer in small letters, empty where not given, (n,)."""
    if "vector_group" not in trafo:
        return np.full(len(trafo), "", dtype=object)
    groups = [parsed_group(text) for text in trafo.vector_group]
    return np.array([group[0] if group else "" for group in groups], dtype=object)
