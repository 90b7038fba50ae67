"""FleetResult: what a run of a fleet has made."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridpact.fields.notebook import small_table
from gridpact.fleet.rows.fleet_tables import FAILED
from gridpact.fleet.workspace.fleet_files import HOURS_FILE, PAGE_FILE, ROWS_FILE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class FleetResult:
    """The results of a fleet, which stand on the disk.

    Attributes:
        out: the folder; the result of each case is below it, under the path of the case.
        summary: the figures of `fleet.json`.
        words: the outcome in a few lines.
    """

    out: Path
    summary: dict[str, Any]
    words: str

    @property
    def failed(self) -> int:
        """How many cases have no result."""
        count: int = self.summary["statuses"][FAILED]
        return count

    @property
    def unsafe(self) -> int:
        """How many cases have a result that is not `cleared`."""
        statuses = self.summary["statuses"]
        count: int = sum(statuses.values()) - statuses[FAILED] - statuses["cleared"]
        return count

    @property
    def page(self) -> Path:
        """The page of pictures."""
        return self.out / PAGE_FILE

    @property
    def rows(self) -> Path:
        """The table of cases."""
        return self.out / ROWS_FILE

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per case, columns `fleet_tables.COLUMNS`."""
        import pandas as pd

        return pd.read_parquet(self.rows)

    @cached_property
    def hours(self) -> "pd.DataFrame":
        """One row per case and hour of the local day, columns `fleet_tables.HOURS`."""
        import pandas as pd

        return pd.read_parquet(self.out / HOURS_FILE)

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        summary = self.summary
        statuses = {name: f"{count:,}" for name, count in summary["statuses"].items() if count}
        energies = {
            "proposed": f"{summary['proposed_kwh']:,.3f} kWh",
            "cleared": f"{summary['cleared_kwh']:,.3f} kWh",
            "cut by networks": f"{summary['network_cut_kwh']:,.3f} kWh",
        }
        return small_table(self.out.name, statuses | energies)
