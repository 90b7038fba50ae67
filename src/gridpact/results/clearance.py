"""Clearance: the result of a clearing, with its tables and figures."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gridpact.fields.notebook import small_table
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.clearance_summary import summarise
from gridpact.results.clearance_tables import (
    cleared_columns,
    commitments_columns,
    curtailed_columns,
    exchange_columns,
    frame,
    limits_columns,
    network_columns,
    orders_columns,
    schedule_columns,
)
from gridpact.results.explanation.explanation import Explanation
from gridpact.results.explanation.make_explanation import explanation_of
from gridpact.results.explanation.tables.result_tables import ResultTables
from gridpact.results.explanation.tables.tables_of_clearance import tables_of
from gridpact.results.multipliers.multiplier_tables import (
    duals_columns,
    prices_columns,
    sensitivities_columns,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Clearance(ClearanceArrays):
    """How much of each trade clears, the dispatch that follows, and the proof.

    The arrays, which `ClearanceArrays` lists, are the result; `cleared`, `commitments`, `schedule`,
    `curtailed`, `orders`, `network_state`, `exchange`, `limits`, `duals`, `sensitivities`, `prices` and
    `summary` are made of them on first use.
    """

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        volume = f"{self.summary['cleared_kwh']:.3f} of {self.summary['proposed_kwh']:.3f} kWh"
        return f"<Clearance '{self.case.name}': {self.verification.status}, {volume}>"

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        summary = self.summary
        facts = {
            "status": str(summary["status"]),
            "proposed": f"{summary['proposed_kwh']:,.3f} kWh",
            "cleared": f"{summary['cleared_kwh']:,.3f} kWh",
            "trades": f"{summary['trades']:,}",
            "load": f"{summary['load_kwh']:,.3f} kWh, {summary['p2p_share_of_load']:.1%} of it from peers",
            "verified by": str(summary["verification"]["engine"]),
        }
        return small_table(self.case.name, facts)

    @cached_property
    def cleared(self) -> "pd.DataFrame":
        """One row per trade and period of its window, columns `clearance_tables.CLEARED`."""
        return frame(cleared_columns(self))

    @cached_property
    def commitments(self) -> "pd.DataFrame":
        """One row per commitment and period in which it is cut, columns `clearance_tables.COMMITMENTS`."""
        return frame(commitments_columns(self))

    @cached_property
    def orders(self) -> "pd.DataFrame":
        """One row per order that was cleared on the network and period, columns `clearance_tables.ORDERS`."""
        return frame(orders_columns(self))

    @cached_property
    def schedule(self) -> "pd.DataFrame":
        """One row per period and participant, columns `clearance_tables.SCHEDULE`."""
        return frame(schedule_columns(self))

    @cached_property
    def curtailed(self) -> "pd.DataFrame":
        """One row per exporter and period with curtailed feed-in, columns `clearance_tables.CURTAILED`."""
        return frame(curtailed_columns(self))

    @cached_property
    def network_state(self) -> "pd.DataFrame":
        """One row per period and bus, line or transformer, columns `clearance_tables.NETWORK`."""
        return frame(network_columns(self))

    @cached_property
    def exchange(self) -> "pd.DataFrame":
        """One row per period, columns `clearance_tables.EXCHANGE`."""
        return frame(exchange_columns(self))

    @cached_property
    def limits(self) -> "pd.DataFrame":
        """One row per binding limit and period, columns `clearance_tables.LIMITS`."""
        return frame(limits_columns(self))

    @cached_property
    def duals(self) -> "pd.DataFrame":
        """One row per binding cap or limit and period, columns `multiplier_tables.DUALS`."""
        return frame(duals_columns(self))

    @cached_property
    def sensitivities(self) -> "pd.DataFrame":
        """One row per binding limit of the network and participant, `multiplier_tables.SENSITIVITIES`.

        Raises:
            InvalidUsage: it was cleared by the lossless model, or with outages.
        """
        return frame(sensitivities_columns(self))

    @cached_property
    def prices(self) -> "pd.DataFrame":
        """What a kW more at each participant is worth, split into limits, columns `multiplier_tables.PRICES`.

        Raises:
            InvalidUsage: it was cleared by the lossless model, or with outages.
        """
        return frame(prices_columns(self))

    def explain(self, name: str, *, what: str | None = None) -> Explanation:
        """Why a trade, an order or a participant gets what it gets.

        Args:
            name: of a trade, a participant or an order.
            what: `trade`, `participant` or `order`, where a name could be several of them.

        Raises:
            InvalidUsage: nothing is called so, or several things are.
        """
        return explanation_of(self._explained, name, what=what)

    @cached_property
    def _explained(self) -> ResultTables:
        """What explanations are made of."""
        return tables_of(self, self.summary)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of `summary.json`."""
        return summarise(self)
