"""The trades of a clearance, one row each, with the periods of their cuts folded."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from gridpact.fields.said import counted
from gridpact.report.shell.html import HtmlColumn, folded, paragraph, table
from gridpact.report.shell.numbers import energy, fixed
from gridpact.report.shell.sentences import capitalised
from gridpact.results.clearance import Clearance
from gridpact.results.clearance_outcome import CUT_SHARE_MIN, CutRun, cut_runs
from gridpact.results.words.phrases import span

TRADES_SHOWN = 200
RUNS_SHOWN = 50  # of a trade, in its folded periods
REASONS_SHOWN = 2
COLUMNS = (
    HtmlColumn(name="Trade"),
    HtmlColumn(name="Seller → buyer"),
    HtmlColumn(name="When", is_time=True),
    HtmlColumn(name="Offered kWh", is_number=True),
    HtmlColumn(name="Cleared kWh", is_number=True),
    HtmlColumn(name="Cut", is_number=True),
    HtmlColumn(name="Reasons"),
)
RUN_COLUMNS = (
    HtmlColumn(name="When", is_time=True),
    HtmlColumn(name="Offered kW", is_number=True),
    HtmlColumn(name="Cleared kW", is_number=True),
    HtmlColumn(name="Lost kWh", is_number=True),
    HtmlColumn(name="Reason"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """A trade of a clearance as its report shows it; one that several commitments make up is one.

    Attributes:
        name, seller, buyer: names.
        is_firm: whether it was firm before.
        first, last: periods of its windows.
        offered_kwh, cleared_kwh: its energy.
        runs: its cuts, most energy first.
    """

    name: str
    seller: str
    buyer: str
    is_firm: bool
    first: int
    last: int
    offered_kwh: float
    cleared_kwh: float
    runs: tuple[CutRun, ...]


def trade_rows(clearance: Clearance) -> list[TradeRow]:
    """Every trade once, those that lost most energy first, then by name."""
    offers, trades, people = clearance.offers, clearance.trades, clearance.case.participants.ids
    hours = clearance.case.horizon.hours_per_period
    runs: dict[tuple[str, bool], list[CutRun]] = defaultdict(list)
    for run in cut_runs(clearance):
        runs[run.trade, run.committed].append(run)
    cleared_kw = offers.row_kw(clearance.solution.column_kw)
    places: dict[tuple[str, bool], list[int]] = defaultdict(list)
    start = np.searchsorted(offers.trade, np.arange(len(trades) + 1))
    for place, name in enumerate(trades.ids):
        if start[place] < start[place + 1]:
            places[name, place < clearance.committed].append(place)
    found = []
    for (name, is_firm), at in places.items():
        rows = np.concatenate([np.arange(start[place], start[place + 1]) for place in at])
        found.append(
            TradeRow(
                name=name,
                seller=people[trades.seller[at[0]]],
                buyer=people[trades.buyer[at[0]]],
                is_firm=is_firm,
                first=int(offers.period[rows].min()),
                last=int(offers.period[rows].max()),
                offered_kwh=float(offers.proposed_kw[rows].sum()) * hours,
                cleared_kwh=float(cleared_kw[rows].sum()) * hours,
                runs=tuple(runs.get((name, is_firm), ())),
            )
        )
    return sorted(found, key=lambda row: (-sum(run.kwh for run in row.runs), row.name, not row.is_firm))


def trades_section(clearance: Clearance) -> str:
    """The table of all trades, those that lost most energy first."""
    rows = trade_rows(clearance)
    if not rows:
        return paragraph("There were no trades.")
    shown = rows[:TRADES_SHOWN]
    return table(
        _caption(clearance, rows),
        COLUMNS,
        [_cells(clearance, row) for row in shown],
        below=[_folded_runs(clearance, row) for row in shown],
    )


def _caption(clearance: Clearance, rows: list[TradeRow]) -> str:
    """How much was cut of how many trades, and how to read on."""
    cut = [row for row in rows if row.runs]
    lost = sum(run.kwh for row in cut for run in row.runs)
    said = "Nothing was cut" if not cut else f"{energy(lost)} kWh were cut from {counted(len(cut), 'trade')}"
    said += f" of {len(rows):,}" if cut else f" of {counted(len(rows), 'trade')}"
    suffix = clearance.case.table_format
    explained = "Of each, gridpact explain says who else loads its limits and what would help."
    if len(rows) > TRADES_SHOWN:
        first = "that lost most" if len(cut) >= TRADES_SHOWN else "that lost most, then by name,"
        rest = f"{len(rows) - TRADES_SHOWN:,} more are in cleared.{suffix}"
        return f"{said}. The {TRADES_SHOWN} {first} are shown; {rest}. {explained}"
    return f"{said}{'; those that lost most come first' if cut else ''}. {explained}"


def _cells(clearance: Clearance, row: TradeRow) -> tuple[str, ...]:
    """The cells of a trade."""
    lost = row.offered_kwh - row.cleared_kwh
    is_cut = bool(row.runs) and lost > CUT_SHARE_MIN * row.offered_kwh
    return (
        row.name + (" (firm)" if row.is_firm else ""),
        f"{row.seller} → {row.buyer}",
        span(clearance.case.horizon, row.first, row.last),
        fixed(row.offered_kwh, 3),
        fixed(row.cleared_kwh, 3),
        f"{lost / row.offered_kwh:.1%}" if is_cut else "none",
        _reasons(row),
    )


def _reasons(row: TradeRow) -> str:
    """The reasons of a trade's cuts, those that cost most first."""
    if not row.runs:
        return ""
    lost: dict[str, float] = defaultdict(float)
    for run in row.runs:
        lost[run.reason] += run.kwh
    reasons = sorted(lost, key=lambda reason: -lost[reason])
    told = "; ".join(capitalised(reason) for reason in reasons[:REASONS_SHOWN])
    more = len(reasons) - REASONS_SHOWN
    return f"{told}; {more} more" if more > 0 else told


def _folded_runs(clearance: Clearance, row: TradeRow) -> str:
    """The periods in which a trade is cut, folded; nothing where one line says it all."""
    if len(row.runs) < 2:
        return ""
    horizon, runs = clearance.case.horizon, sorted(row.runs, key=lambda run: run.first)
    cells = []
    for run in runs[:RUNS_SHOWN]:
        lost_kw = run.kwh / ((run.last - run.first + 1) * horizon.hours_per_period)
        cells.append(
            (
                span(horizon, run.first, run.last),
                fixed(run.proposed_kw, 3),
                fixed(run.proposed_kw - lost_kw, 3),
                fixed(run.kwh, 3),
                capitalised(run.reason),
            )
        )
    more = len(runs) - RUNS_SHOWN
    rest = f" The first {RUNS_SHOWN} are shown." if more > 0 else ""
    return folded(f"{len(runs)} spells", table(f"When {row.name} is cut.{rest}", RUN_COLUMNS, cells))
