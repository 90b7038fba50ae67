"""Ranges: what is wrong with numbers of a kind, in the same words for files and for arrays."""

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.case.schema import COEFFICIENT_MAX, POWER_FACTOR_MIN, POWER_MAX_KW, Kind

INDEX_REMEDY = "write the index, as in 3"
RANK_REMEDY = "write a whole number from 0, as in 1"


def range_faults(kind: Kind, values: Float) -> list[tuple[Bool, str, str]]:
    """What is wrong with numbers of a kind: where, what, and the remedy."""
    faults = [
        (np.isnan(values), "is not a finite number", "write the value, 0 where there is none"),
        (np.isinf(values), "is not a finite number", "write the value itself"),
    ]
    if kind is Kind.BUS:
        whole = (values == np.rint(values)) & (np.abs(values) < 2**53)
        faults.append((~whole, "is not a whole number", INDEX_REMEDY))
        faults.append((values < 0.0, "is negative", "an index is 0 or more"))
    if kind in (Kind.RANK, Kind.SIGNED_INTEGER):
        whole = (values == np.rint(values)) & (np.abs(values) < 2**53)
        faults.append(
            (~whole, "is not a whole number", RANK_REMEDY if kind is Kind.RANK else "write it whole")
        )
    if kind is Kind.RANK:
        faults.append((values < 0.0, "is negative", RANK_REMEDY))
    if kind is Kind.ENERGY:
        remedy = "energy has no sign here: give import and export apart, each 0 or more"
        faults.append((values < 0.0, "is negative", remedy))
    if kind is Kind.COEFFICIENT:
        faults.append((values < 0.0, "is negative", "give it as 0 or more"))
        remedy = f"write at most {COEFFICIENT_MAX:,.0f}; only its size beside the others counts"
        faults.append((values > COEFFICIENT_MAX, f"is more than {COEFFICIENT_MAX:,.0f}", remedy))
    if kind is Kind.POWER:
        remedy = "no low-voltage connection carries this; is the value in W?"
        faults.append((values < 0.0, "is negative", "power has no sign here: give it as 0 or more"))
        faults.append((values > POWER_MAX_KW, f"is more than {POWER_MAX_KW:,.0f} kW", remedy))
    if kind is Kind.CONNECTION:
        remedy = "no low-voltage connection carries this; is the value in W?"
        what = "a connection carries something; leave it empty where it is not known"
        faults.append((values <= 0.0, "is not above 0", what))
        faults.append((values > POWER_MAX_KW, f"is more than {POWER_MAX_KW:,.0f} kW", remedy))
    if kind is Kind.FRACTION:
        wrong = (values < 0.0) | (values > 1.0)
        faults.append((wrong, "is not a fraction", "write one from 0 to 1; 1 is all or nothing"))
    if kind is Kind.POWER_FACTOR:
        wrong = (values < POWER_FACTOR_MIN) | (values > 1.0)
        faults.append((wrong, "is not a power factor", f"write one from {POWER_FACTOR_MIN:g} to 1"))
    return faults
