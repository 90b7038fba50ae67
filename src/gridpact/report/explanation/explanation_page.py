"""Page: why a trade, an order or a participant gets what it gets."""

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.fields.said import counted
from gridpact.report.shell.document import Head, document
from gridpact.report.shell.html import HtmlColumn, Tile, bullets, folded, paragraph, section, table
from gridpact.report.shell.numbers import energy, fixed
from gridpact.results.explanation.explanation import Explanation
from gridpact.results.explanation.explanation_facts import CauseOfCut, LoadOnLimit
from gridpact.results.explanation.explanation_words import (
    FED_IN,
    OTHERS,
    TRADE,
    USE,
    cause_heading,
    cause_place,
    cause_sentences,
    order_sentence,
    outcome_sentences,
    pressed_sentence,
)
from gridpact.results.words.limit_kinds import CAPS, kind_of, reason
from gridpact.results.words.phrases import share_of, significant
from gridpact.version import __version__

LOADS_SHOWN, RUNS_SHOWN = 100, 500
KINDS = {
    TRADE: "trade",
    USE: "power drawn beside trades",
    FED_IN: "fed in to the retailer",
    OTHERS: "not named",
}


def explanation_page(explanation: Explanation) -> str:
    """The page of an explanation, as one self-contained HTML document without scripts."""
    heading = f"{explanation.kind.capitalize()} {explanation.name}"
    orders = [order_sentence(order) for order in explanation.orders]
    pressed = [pressed_sentence(limit) for limit in explanation.pressed]
    return document(
        Head(
            title=f"{heading}: {explanation.case}",
            heading=heading,
            below=[explanation.case],
            said="".join(paragraph(sentence) for sentence in outcome_sentences(explanation)),
            tiles=_tiles(explanation),
            notices=explanation.notes,
        ),
        [
            *(_cause(explanation, cause) for cause in explanation.causes),
            section("Orders", bullets(orders)) if orders else "",
            section("Limits that it loads", bullets(pressed)) if pressed else "",
            _periods(explanation),
        ],
        [
            ("Formulation", explanation.formulation),
            ("Allocation", explanation.allocation),
            ("Status", explanation.status),
            ("gridpact", __version__),
        ],
    )


def _tiles(explanation: Explanation) -> list[Tile]:
    """The key figures."""
    proposed, cleared = explanation.proposed_kwh, explanation.cleared_kwh
    share = f"{share_of(cleared, proposed)} of proposed" if proposed else "nothing was proposed"
    tiles = [
        Tile(
            name="Proposed", value=f"{energy(proposed)} kWh", remark=counted(len(explanation.trades), "trade")
        ),
        Tile(name="Cleared", value=f"{energy(cleared)} kWh", remark=share),
    ]
    if explanation.causes:
        most = explanation.causes[0]
        tiles.append(Tile(name="Cut most by", value=cause_place(most), remark=f"{most.share:.0%} of it"))
    return tiles


def _cause(explanation: Explanation, cause: CauseOfCut) -> str:
    """The section of a cause: its sentences, and what loads it as a table."""
    sentences = [paragraph(sentence) for sentence in cause_sentences(explanation, cause)]
    return section(cause_heading(cause), *sentences, _loads(cause))


def _loads(cause: CauseOfCut) -> str:
    """What loads a limit, most first; nothing where that is not known."""
    if not cause.loads:
        return ""
    unit = "points of %" if cause.unit == "%" else cause.unit
    is_cap = cause.limited_by in CAPS
    columns = [
        HtmlColumn(name="What"),
        HtmlColumn(name="Of"),
        HtmlColumn(name="kW", is_number=True),
        *([] if is_cap else [HtmlColumn(name=f"Towards the limit, {unit}", is_number=True)]),
        *([] if is_cap else [HtmlColumn(name="Per kW", is_number=True)]),
    ]
    rows = [_load_row(load, is_cap=is_cap) for load in cause.loads[:LOADS_SHOWN]]
    caption = "What takes from it." if is_cap else "What loads it (above 0) and relieves it (below 0)."
    if len(cause.loads) > LOADS_SHOWN:
        caption += f" The first {LOADS_SHOWN} of {len(cause.loads):,} are shown."
    if cause.rest is not None:
        left = f"{significant(cause.rest)} {cause.unit}"
        caption += f" Without all of these it would stand at {left}, to first order."
    return table(caption, columns, rows)


def _load_row(load: LoadOnLimit, *, is_cap: bool) -> tuple[str, ...]:
    """The cells of what loads a limit."""
    name = load.name + (" (explained here)" if load.is_own else "")
    cells = (name, KINDS[load.kind], significant(load.kw))
    if is_cap:
        return cells
    return (*cells, significant(load.amount), "" if load.per_kw is None else significant(load.per_kw))


def _periods(explanation: Explanation) -> str:
    """The trades period by period, folded."""
    if not explanation.runs:
        return ""
    columns = (
        HtmlColumn(name="Trade"),
        HtmlColumn(name="When", is_time=True),
        HtmlColumn(name="Proposed kW", is_number=True),
        HtmlColumn(name="Cleared kW", is_number=True),
        HtmlColumn(name="Limited by"),
    )
    names = {(each.limited_by, each.element, each.phase): each.name for each in explanation.causes}
    rows = [
        (
            run.trade,
            run.when,
            fixed(run.proposed_kw, 3),
            fixed(run.cleared_kw, 3),
            _limit(run.limited_by, run.element, run.phase, names),
        )
        for run in explanation.runs[:RUNS_SHOWN]
    ]
    more = len(explanation.runs) - RUNS_SHOWN
    caption = f"The first {RUNS_SHOWN}; {more:,} more are in the table cleared." if more > 0 else ""
    return section(
        "Period by period", folded(counted(len(explanation.runs), "spell"), table(caption, columns, rows))
    )


def _limit(limited_by: str, element: str, phase: str, names: dict[tuple[str, str, str], str]) -> str:
    """What a period is limited by, in words; nothing where nothing does."""
    if not limited_by or kind_of(limited_by) is LimitedBy.NOTHING:
        return ""
    return reason(limited_by, element, [], "", phase, names.get((limited_by, element, phase), ""))
