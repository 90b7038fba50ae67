"""ResultComparison: two results of one case, with their table and figures."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gridpact.comparison.compared_result import ComparedResult
from gridpact.comparison.comparison_summary import comparison_summary
from gridpact.comparison.comparison_table import comparison_columns
from gridpact.fields.notebook import small_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class ResultComparison:
    """Two results of the same periods and participants; differences are the second's less the first's.

    Attributes:
        first, second: the results, their participants in the same order.
        warnings: what was noticed while they were read.
    """

    first: ComparedResult
    second: ComparedResult
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line."""
        return f"<ResultComparison of '{self.first.label}' and '{self.second.label}'>"

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        summary = self.summary
        cleared = summary["energy"]["cleared_kwh"]
        facts = {
            f"first cleared, {self.first.label}": f"{cleared['first']:,.3f} kWh",
            f"second cleared, {self.second.label}": f"{cleared['second']:,.3f} kWh",
            "trade more in the second": f"{summary['trade_more']:,}",
            "trade less in the second": f"{summary['trade_less']:,}",
        }
        return small_table(self.first.name, facts)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per participant, columns `comparison_table.COMPARISON`."""
        import pandas as pd

        return pd.DataFrame(comparison_columns(self.first, self.second))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of `comparison.json`."""
        return comparison_summary(self.first, self.second, self.warnings)
