"""Headroom: the most that each participant could sell and buy in each period, with its table and figures."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

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

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per period and participant, columns `HEADROOM`."""
        from gridpact.trading_headroom.headroom_table import headroom_table

        return headroom_table(self)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Energies over the horizon, and what a reader should know."""
        return summarise(self)
