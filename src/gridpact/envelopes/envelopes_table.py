"""The table of envelopes, with its one declared list of columns."""

from typing import Any

import numpy as np
import pandas as pd

from gridpact.arrays import Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.envelopes.envelope_arrays import EnvelopeArrays
from gridpact.envelopes.stops import element_name
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance_tables import period_times
from gridpact.results.decimals import rounded

ENVELOPES = (
    "time",
    "participant",
    "sale_alone_kw",
    "sale_together_kw",
    "purchase_alone_kw",
    "purchase_together_kw",
    "surplus_kw",
    "residual_demand_kw",
    "sale_limited_by",
    "sale_element",
    "purchase_limited_by",
    "purchase_element",
)
PHASE_AFTER = {"sale_element": "sale_phase", "purchase_element": "purchase_phase"}


def columns_of(envelopes: EnvelopeArrays) -> tuple[str, ...]:
    """The columns of the envelopes of a network: those of phases only where it has some."""
    if not envelopes.network.is_three_phase:
        return ENVELOPES
    return tuple(each for name in ENVELOPES for each in (name, PHASE_AFTER.get(name, "")) if each)


def envelopes_table(envelopes: EnvelopeArrays) -> pd.DataFrame:
    """The envelopes, ordered by time, then as the participants are."""
    ids = np.array(envelopes.case.participants.ids, dtype=object)
    periods, count = envelopes.surplus_kw.shape
    columns: dict[str, Any] = {
        "time": period_times(envelopes.case.horizon)[np.repeat(np.arange(periods), count)],
        "participant": np.tile(ids, periods),
    }
    for side in ("sale", "purchase"):
        limited_by = getattr(envelopes, f"{side}_limited_by").ravel()
        element = getattr(envelopes, f"{side}_element").ravel()
        columns[f"{side}_limited_by"] = _labels()[limited_by]
        columns[f"{side}_element"] = _element_names(envelopes, limited_by, element)
        columns[f"{side}_phase"] = _phases()[getattr(envelopes, f"{side}_phase").ravel()]
    powers = {name: rounded(getattr(envelopes, name).ravel()) for name in ENVELOPES if name.endswith("_kw")}
    columns |= powers
    return pd.DataFrame({name: columns[name] for name in columns_of(envelopes)})


def _phases() -> np.ndarray:
    """The name of each phase, in order."""
    return np.array(PHASE_LABELS, dtype=object)


def _labels() -> np.ndarray:
    """The name of each `LimitedBy`, in order."""
    return np.array([reason.label for reason in LimitedBy], dtype=object)


def _element_names(envelopes: EnvelopeArrays, limited_by: Int, element: Int) -> np.ndarray:
    """The name of each element, worked out once for each that there is."""
    pairs, place = np.unique(np.stack([limited_by, element]), axis=1, return_inverse=True)
    names = [element_name(envelopes, kind, at) for kind, at in pairs.T.tolist()]
    return np.array([*names, ""], dtype=object)[place.reshape(-1)]
