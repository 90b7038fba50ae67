"""Headroom: the most that each participant could sell and buy in each period, with its table and figures."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gridpact.fields.notebook import small_table
from gridpact.trading_headroom.headroom_arrays import HeadroomArrays
from gridpact.trading_headroom.headroom_summary import summarise

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Headroom(HeadroomArrays):
    """The most that each participant could sell and buy, alone and all together, and what stops it alone.

    The arrays, which `HeadroomArrays` lists, are the result; `table` and `summary` are made of them on first
    use.
    """

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        periods, participants = self.surplus_kw.shape
        return f"<Headroom '{self.case.name}': {participants} participants, {periods} periods>"

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        summary = self.summary
        facts = {
            f"{side}s, {words}": _of(summary[f"{side}_{which}_kwh"], summary[f"{side}_cap_kwh"])
            for side in ("sale", "purchase")
            for which, words in (("alone", "one at a time"), ("together", "all together"))
        }
        return small_table(self.case.name, facts)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per period and participant, columns `HEADROOM`."""
        from gridpact.trading_headroom.headroom_table import headroom_table

        return headroom_table(self)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Energies over the horizon, and what a reader should know."""
        return summarise(self)


def _of(kwh: float, cap_kwh: float) -> str:
    """An energy of what there is: "3.000 of 4.000 kWh"."""
    return f"{kwh:,.3f} of {cap_kwh:,.3f} kWh"
