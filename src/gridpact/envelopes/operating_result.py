"""OperatingEnvelopes: what each participant may take and feed in, with its tables and figures."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gridpact.envelopes.envelope_arrays import EnvelopeArrays
from gridpact.envelopes.operating_summary import summarise_envelopes
from gridpact.fields.notebook import small_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class OperatingEnvelopes(EnvelopeArrays):
    """What each participant may take and feed in, whatever all the others do in their envelopes.

    The arrays, which `EnvelopeArrays` lists, are the result; the tables and `summary` are made of them on
    first use.
    """

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        periods, participants = self.export_max_kw.shape
        return f"<OperatingEnvelopes '{self.case.name}': {participants} participants, {periods} periods>"

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        summary = self.summary
        facts = {
            "participants": f"{summary['participants']:,}",
            "export in all": f"{summary['export_max_kw']:,.3f} kW",
            "import in all": f"{summary['import_max_kw']:,.3f} kW",
            "connections": f"{summary['connection_kw']:,.3f} kW",
            "combinations tried": f"{summary['combinations_tried']:,}",
        }
        return small_table(self.case.name, facts)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per period and participant, columns `OPERATING_ENVELOPES`."""
        from gridpact.envelopes.operating_tables import envelopes_table

        return envelopes_table(self)

    @cached_property
    def corners_table(self) -> "pd.DataFrame":
        """One row per corner and participant, columns `OPERATING_CORNERS`."""
        from gridpact.envelopes.operating_tables import corners_table

        return corners_table(self)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Sums, shares, how many combinations were tried, and what a reader should know."""
        return summarise_envelopes(self)
