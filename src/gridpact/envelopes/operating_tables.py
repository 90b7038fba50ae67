"""The tables of operating envelopes, each with its one declared list of columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gridpact.arrays import Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.envelopes.envelope_arrays import EnvelopeArrays
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance_tables import period_times
from gridpact.results.decimals import rounded
from gridpact.results.words.limit_words import element_name

OPERATING_ENVELOPES = (
    "time",
    "participant",
    "import_max_kw",
    "export_max_kw",
    "limited_by_import",
    "element_import",
    "limited_by_export",
    "element_export",
)
OPERATING_CORNERS = (
    "corner",
    "limited_by",
    "element",
    "value",
    "limit",
    "participant",
    "power_kw",
)
PHASE_AFTER = {"element_import": "phase_import", "element_export": "phase_export", "element": "phase"}


def with_phases(names: tuple[str, ...], envelopes: EnvelopeArrays) -> tuple[str, ...]:
    """The columns of a table: those of phases only where the network has some."""
    if not envelopes.network.is_three_phase:
        return names
    return tuple(each for name in names for each in (name, PHASE_AFTER.get(name, "")) if each)


def envelopes_table(envelopes: EnvelopeArrays) -> pd.DataFrame:
    """The envelopes, ordered by time, then as the participants are."""
    periods, count = envelopes.export_max_kw.shape
    ids = np.array(envelopes.case.participants.ids, dtype=object)
    columns: dict[str, Any] = {
        "time": period_times(envelopes.case.horizon)[np.repeat(np.arange(periods), count)],
        "participant": np.tile(ids, periods),
        "import_max_kw": rounded(envelopes.import_max_kw.reshape(-1)),
        "export_max_kw": rounded(envelopes.export_max_kw.reshape(-1)),
    }
    for side in ("import", "export"):
        named = _named(
            envelopes,
            getattr(envelopes, f"{side}_limited_by"),
            getattr(envelopes, f"{side}_element"),
            getattr(envelopes, f"{side}_phase"),
        )
        columns |= {f"{name}_{side}": np.tile(values, periods) for name, values in named.items()}
    return pd.DataFrame({name: columns[name] for name in with_phases(OPERATING_ENVELOPES, envelopes)})


def corners_table(envelopes: EnvelopeArrays) -> pd.DataFrame:
    """The combinations that hold the envelopes back, corner after corner, participants in their order."""
    corners, people = envelopes.corners, len(envelopes.case.participants)
    named = _named(envelopes, corners.limited_by, corners.element, corners.phase)
    columns: dict[str, Any] = {
        "corner": np.repeat(np.arange(1, len(corners) + 1), people),
        **{name: np.repeat(values, people) for name, values in named.items()},
        "value": rounded(np.repeat(corners.value, people)),
        "limit": rounded(np.repeat(corners.limit, people)),
        "participant": np.tile(np.array(envelopes.case.participants.ids, dtype=object), len(corners)),
        "power_kw": rounded(corners.power_kw.reshape(-1)),
    }
    return pd.DataFrame({name: columns[name] for name in with_phases(OPERATING_CORNERS, envelopes)})


def _named(envelopes: EnvelopeArrays, limited_by: Int, element: Int, phase: Int) -> Mapping[str, np.ndarray]:
    """The words for limits, R of them: `limited_by`, `element` and `phase`, (R,) each."""
    pairs = zip(limited_by.tolist(), element.tolist(), strict=True)
    names = [element_name(envelopes.case, envelopes.network, kind, at) for kind, at in pairs]
    return {
        "limited_by": np.array([LimitedBy(kind).label for kind in limited_by.tolist()], dtype=object),
        "element": np.array(names, dtype=object),
        "phase": np.array([PHASE_LABELS[place] for place in phase.tolist()], dtype=object),
    }
