"""Statements: what each participant took, gave, paid and was paid, and what retail alone would have cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.retail_only import retail_only
from gridpact.settlement.tariffs.accounts import CONGESTION

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a statement: the entries of one kind that a participant pays, or is paid.

    Attributes:
        name: columns are called after it.
        kind: of the entries.
        is_paid: whether the participant pays them, rather than being paid.
        is_shared: of P2P entries, whether they are about shared energy and not about a trade.
        has_energy: whether its energy is a source or a use of its own, rather than counted elsewhere.
    """

    name: str
    kind: EntryKind
    is_paid: bool
    is_shared: bool = False
    has_energy: bool = True


LINES = (
    Line(name="p2p_bought", kind=EntryKind.P2P, is_paid=True),
    Line(name="p2p_sold", kind=EntryKind.P2P, is_paid=False),
    Line(name="shared_received", kind=EntryKind.P2P, is_paid=True, is_shared=True),
    Line(name="shared_given", kind=EntryKind.P2P, is_paid=False, is_shared=True),
    Line(name="unused", kind=EntryKind.UNUSED, is_paid=False),
    Line(name="supply", kind=EntryKind.SUPPLY, is_paid=True),
    Line(name="feed_in", kind=EntryKind.FEED_IN, is_paid=False),
    Line(name="imbalance_short", kind=EntryKind.IMBALANCE, is_paid=True),
    Line(name="imbalance_long", kind=EntryKind.IMBALANCE, is_paid=False),
    Line(name="losses", kind=EntryKind.LOSS, is_paid=True),
    Line(name="network_charge", kind=EntryKind.NETWORK_CHARGE, is_paid=True, has_energy=False),
    Line(name="tax", kind=EntryKind.TAX, is_paid=True, has_energy=False),
    Line(name=CONGESTION, kind=EntryKind.CONGESTION, is_paid=True, has_energy=False),
    Line(name="fixed", kind=EntryKind.FIXED, is_paid=True, has_energy=False),
    Line(name="rounding", kind=EntryKind.ROUNDING, is_paid=True, has_energy=False),
)
EITHER_WAY = ("losses", "fixed", "rounding")  # lines that are the same with retail alone
PLACE = {line.name: place for place, line in enumerate(LINES)}
PAYS = np.array([1 if line.is_paid else -1 for line in LINES])
STATEMENTS = (
    "participant",
    "retailer",
    "import_wh",
    "export_wh",
    *(f"{line.name}_wh" for line in LINES if line.has_energy),
    *(f"{line.name}_micro" for line in LINES if line.name != CONGESTION),
    "total_micro",
    "retail_only_micro",
    "gain_micro",
    "estimated_periods",
)
ELSEWHERE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """P statements of N lines, whole watt-hours and micro-currency.

    Attributes:
        import_wh, export_wh: metered over the horizon, (P,).
        energy_wh: energy of each line, (N, P).
        amount_micro: money of each line, what is paid and what is received both positive, (N, P).
        retail_only_micro: what the same meters would have cost with no trade and no sharing, (P,).
        estimated_periods: periods whose reading is an estimate, (P,).
    """

    import_wh: Int
    export_wh: Int
    energy_wh: Int
    amount_micro: Int
    retail_only_micro: Int
    estimated_periods: Int

    @property
    def total_micro(self) -> Int:
        """What each participant pays in all, negative where it is paid, (P,)."""
        total: Int = PAYS @ self.amount_micro
        return total

    @property
    def gain_micro(self) -> Int:
        """What each participant saves against retail alone, (P,)."""
        return self.retail_only_micro - self.total_micro


def make_statements(settlement: Settlement) -> Statements:
    """The statements of all participants, from every entry of the ledger.

    A share of losses, and what bills alone charge, is the same with and without trades, and so is part of
    `retail_only_micro` too.
    """
    ledger, meters = settlement.ledger, settlement.meters
    count = len(settlement.participants)
    energy_wh, amount_micro = line_sums(
        ledger,
        np.where(ledger.debit < count, ledger.debit, ELSEWHERE),
        np.where(ledger.credit < count, ledger.credit, ELSEWHERE),
        count,
    )
    alone = retail_only(meters, settlement.tariffs)
    either_way = amount_micro[[PLACE[line] for line in EITHER_WAY]].sum(axis=0)
    return Statements(
        import_wh=frozen(meters.import_wh.sum(axis=0), np.int64),
        export_wh=frozen(meters.export_wh.sum(axis=0), np.int64),
        energy_wh=frozen(energy_wh, np.int64),
        amount_micro=frozen(amount_micro, np.int64),
        retail_only_micro=frozen(alone.participant_micro + either_way, np.int64),
        estimated_periods=frozen(meters.estimated.sum(axis=0), np.int64),
    )


def line_sums(ledger: Ledger, debit_place: Int, credit_place: Int, count: int) -> tuple[Int, Int]:
    """Energy and money of each line at each of `count` places, (N, count) each.

    Args:
        ledger: of L entries.
        debit_place: where an entry counts as one that is paid, or `ELSEWHERE`, (L,).
        credit_place: where it counts as one that is received, or `ELSEWHERE`, (L,).
        count: number of places.
    """
    size = len(LINES) * count
    energy_wh, amount_micro = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for place, pays in ((debit_place, 1), (credit_place, -1)):
        rows = np.flatnonzero(place != ELSEWHERE)
        is_shared = (ledger.trade[rows] < 0).astype(np.int64)
        line = _LINE_OF[pays][ledger.kind[rows], is_shared]
        sign, target = PAYS[line] * pays, line * count + place[rows]
        energy_wh += sum_at(target, sign * ledger.energy_wh[rows], size)
        amount_micro += sum_at(target, sign * ledger.amount_micro[rows], size)
    return energy_wh.reshape(-1, count), amount_micro.reshape(-1, count)


def period_sums(settlement: Settlement, participant: int | None = None) -> Int:
    """Energy of each line in each period, of all participants together or of one, (N, T)."""
    ledger, count = settlement.ledger, len(settlement.participants)
    debit_place, credit_place = (
        np.where(side < count if participant is None else side == participant, ledger.period, ELSEWHERE)
        for side in (ledger.debit, ledger.credit)
    )
    return line_sums(ledger, debit_place, credit_place, settlement.horizon.periods)[0]


def statements_table(settlement: SettledEnergy, statements: Statements) -> "pd.DataFrame":
    """One row per participant, in the order of the case, columns `statement_columns`."""
    import pandas as pd

    columns: dict[str, Any] = {
        "participant": np.array(settlement.participants.ids, dtype=object),
        "retailer": np.array(settlement.participants.retailer, dtype=object),
    }
    for place, line in enumerate(LINES):
        columns[f"{line.name}_wh"] = statements.energy_wh[place]
        columns[f"{line.name}_micro"] = statements.amount_micro[place]
    rest = [name for name in STATEMENTS if name not in columns]
    columns |= {name: getattr(statements, name) for name in rest}
    return pd.DataFrame({name: columns[name] for name in statement_columns(settlement)})


def statement_columns(settlement: SettledEnergy) -> tuple[str, ...]:
    """The columns of the statements: what congestion costs, after the tax, where any is booked."""
    if CONGESTION not in settlement.accounts.names:
        return STATEMENTS
    after = STATEMENTS.index("tax_micro") + 1
    return (*STATEMENTS[:after], f"{CONGESTION}_micro", *STATEMENTS[after:])


def _line_of(kind: EntryKind, *, is_shared: bool, pays: int) -> int:
    """The line of an entry that a participant pays (1) or is paid (−1).

    A kind that has a line for one side only counts against it on the other.
    """
    of_kind = [place for place, line in enumerate(LINES) if line.kind is kind]
    found = [place for place in of_kind if LINES[place].is_shared == is_shared] or of_kind
    return next((place for place in found if PAYS[place] == pays), found[0])


_LINE_OF = {
    pays: np.array(
        [[_line_of(kind, is_shared=shared, pays=pays) for shared in (False, True)] for kind in EntryKind]
    )
    for pays in (1, -1)
}
