"""The table of a comparison, a row for each participant, with its one declared list of columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gridpact.arrays import Float
from gridpact.comparison.compared_result import ComparedResult
from gridpact.results.decimals import rounded

TABLE = "comparison"
FLOW_OF = {
    "sold": "p2p_sold_kw",
    "bought": "p2p_bought_kw",
    "fed_in": "retail_export_kw",
    "curtailed": "curtailed_kw",
    "retail_import": "retail_import_kw",
    "unserved": "unserved_kw",
}
QUANTITIES = ("traded", "sold", "bought", "cut", "fed_in", "curtailed", "retail_import", "unserved")
SIDES = ("first", "second", "difference")
COMPARISON = ("participant", "bus", *(f"{name}_{side}_kwh" for name in QUANTITIES for side in SIDES))


def energies(result: ComparedResult) -> Mapping[str, Float]:
    """The `QUANTITIES` of each participant in a result, kWh, (P,) each."""
    found = {name: result.kwh(flow) for name, flow in FLOW_OF.items()}
    found["traded"] = found["sold"] + found["bought"]
    found["cut"] = result.traded.cut_kwh
    return found


def comparison_columns(first: ComparedResult, second: ComparedResult) -> dict[str, Any]:
    """The columns, ordered as the participants of the first result are."""
    one, other = energies(first), energies(second)
    columns: dict[str, Any] = {
        "participant": np.array(first.participants, dtype=object),
        "bus": first.bus,
    }
    for name in QUANTITIES:
        values = (one[name], other[name], other[name] - one[name])
        for side, kwh in zip(SIDES, values, strict=True):
            columns[f"{name}_{side}_kwh"] = rounded(kwh)
    return {name: columns[name] for name in COMPARISON}
