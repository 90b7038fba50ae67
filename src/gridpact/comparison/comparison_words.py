"""A comparison in words, as it is shown on stdout and at the head of the page."""

import numpy as np

from gridpact.comparison.compared_result import ComparedResult
from gridpact.comparison.comparison_summary import SAME_KWH
from gridpact.comparison.result_comparison import ResultComparison
from gridpact.fields.said import counted, shortened

SHOWN = 5
LABEL_CHARACTERS = 20
ENERGY_WORDS = {
    "load_kwh": "load",
    "generation_kwh": "generation",
    "own_use_kwh": "own use",
    "proposed_kwh": "proposed",
    "cleared_kwh": "cleared",
    "fed_in_kwh": "fed in for retailers",
    "curtailed_kwh": "curtailed",
    "retail_import_kwh": "bought from retailers",
    "unserved_kwh": "not served",
    "network_import_kwh": "drawn from the supply",
    "network_export_kwh": "fed back to the supply",
    "losses_kwh": "losses",
}
LIMIT_WORDS = {
    "highest_voltage_pu": ("highest voltage", "pu", 4),
    "lowest_voltage_pu": ("lowest voltage", "pu", 4),
    "line_loading_percent": ("highest line loading", "%", 2),
    "transformer_loading_percent": ("highest transformer loading", "%", 2),
    "neutral_loading_percent": ("highest neutral loading", "%", 2),
    "unbalance_percent": ("highest voltage unbalance", "%", 3),
}
NOT_KNOWN = "–"


def headline(comparison: ResultComparison) -> str:
    """Which of the two clears more, and how many participants trade more and less."""
    summary = comparison.summary
    cleared, first, second = summary["energy"]["cleared_kwh"], comparison.first, comparison.second
    difference = cleared["difference"]
    if abs(difference) <= SAME_KWH:
        volume = f"{first.label} and {second.label} both clear {cleared['first']:.3f} kWh"
    else:
        word = "more" if difference > 0 else "less"
        volume = f"{second.label} clears {abs(difference):.3f} kWh {word} than {first.label}"
    more, less = counted(summary["trade_more"], "participant"), summary["trade_less"]
    return f"{volume}; {more} trade{'s' if summary['trade_more'] == 1 else ''} more in it, {less} less"


def described(result: ComparedResult) -> str:
    """What a result is: "cleared, ac, max-volume, three-phase"."""
    words = [result.status, result.formulation, result.allocation, result.model]
    if result.still_broken:
        words.append(f"{counted(result.still_broken, 'limit')} of the case broken")
    return ", ".join(words)


def signed(value: float, decimals: int) -> str:
    """A difference: "+1.5", "−0.2", and "0" where it reads as nothing."""
    text = f"{abs(value):.{decimals}f}"
    if not float(text):
        return "0"
    return f"{'+' if value > 0 else '−'}{text}"


def when(result: ComparedResult, period: int) -> str:
    """The start of a period, "11:00", with its date where the horizon is longer than a day."""
    start, end = result.borders[0], result.borders[-1]
    is_long = (end - start).total_seconds() > 24 * 3600
    return f"{result.borders[period]:{'%Y-%m-%d %H:%M' if is_long else '%H:%M'}}"


def energy_rows(comparison: ResultComparison) -> list[tuple[str, str, str, str]]:
    """What, both values and their difference; what is nothing in both is left out, but for what clears."""
    kept = {"proposed_kwh", "cleared_kwh"}
    return [
        (ENERGY_WORDS[name], f"{row['first']:,.3f}", f"{row['second']:,.3f}", signed(row["difference"], 3))
        for name, row in comparison.summary["energy"].items()
        if name in kept or row["first"] or row["second"]
    ]


def limit_rows(comparison: ResultComparison) -> list[tuple[str, str, str, str]]:
    """What, both values with their places, and the difference."""
    rows = []
    for kind, row in comparison.summary["limits"].items():
        name, unit, decimals = LIMIT_WORDS[kind]
        one, other = (_limit_value(each, kind) for each in (comparison.first, comparison.second))
        difference = NOT_KNOWN if row["difference"] is None else signed(row["difference"], decimals)
        rows.append((f"{name}, {unit}", one, other, difference))
    return rows


def limit_places(comparison: ResultComparison) -> list[tuple[str, str, str]]:
    """Of each kind of limit: what, and where and when it is worst in both results."""
    return [
        (
            LIMIT_WORDS[kind][0],
            _limit_place(comparison.first, kind),
            _limit_place(comparison.second, kind),
        )
        for kind in comparison.summary["limits"]
    ]


def by_difference(comparison: ResultComparison, quantity: str) -> tuple[list[int], list[int]]:
    """The participants with more of a quantity in the second result, the most first, and those with less."""
    difference = comparison.table[f"{quantity}_difference_kwh"].to_numpy(np.float64)
    order = np.argsort(-difference, kind="stable")
    more = [one for one in order.tolist() if difference[one] > SAME_KWH]
    less = [one for one in np.argsort(difference, kind="stable").tolist() if difference[one] < -SAME_KWH]
    return more, less


def outcome(comparison: ResultComparison) -> str:
    """The comparison in aligned lines, for people."""
    first, second, summary = comparison.first, comparison.second, comparison.summary
    people = counted(summary["participants"], "participant")
    periods = f"{counted(summary['periods'], 'period')} of {summary['resolution']}"
    lines = [
        f"{first.name}: {headline(comparison)}.",
        f"  first     {first.label}: {described(first)}",
        f"  second    {second.label}: {described(second)}",
        f"  people    {people} over {periods} from {summary['start']}",
        *_aligned("energy, kWh", energy_rows(comparison)),
        *_aligned("limits", limit_rows(comparison)),
    ]
    for name, one, other in limit_places(comparison):
        lines.append(f"            {name}: {one if one == other else f'{one}; then {other}'}")
    for word, people_of in zip(("gains", "loses"), by_difference(comparison, "traded"), strict=True):
        lines += _most(word, [_trading(comparison, one) for one in people_of])
    for people_of in by_difference(comparison, "fed_in"):
        lines += _most("feeds in", [_feeding_in(comparison, one) for one in people_of])
    lines += [f"  notice    {notice}" for notice in summary["notices"]]
    return "\n".join(lines)


def _aligned(title: str, rows: list[tuple[str, str, str, str]]) -> list[str]:
    """A table of text: names to the left, numbers to the right."""
    every = [(title, "first", "second", "difference"), *rows]
    widths = [max(len(row[column]) for row in every) for column in range(4)]
    return [
        "  " + "  ".join([row[0].ljust(widths[0]), *(row[k].rjust(widths[k]) for k in (1, 2, 3))])
        for row in every
    ]


def _most(word: str, said: list[str]) -> list[str]:
    """What is said of those who have most, and how many more there are."""
    lines = [f"  {word:<10}{text}" for text in said[:SHOWN]]
    return [*lines, f"            … and {len(said) - SHOWN} more"] if len(said) > SHOWN else lines


def _trading(comparison: ResultComparison, one: int) -> str:
    """By how much a participant trades more or less."""
    row = comparison.table.iloc[one]
    return (
        f"{row['participant']}: {signed(row['traded_difference_kwh'], 3)} kWh "
        f"(sold {signed(row['sold_difference_kwh'], 3)}, "
        f"bought {signed(row['bought_difference_kwh'], 3)}; "
        f"cut {row['cut_first_kwh']:.3f} then {row['cut_second_kwh']:.3f})"
    )


def _feeding_in(comparison: ResultComparison, one: int) -> str:
    """By how much a participant feeds in more or less for its retailer."""
    row = comparison.table.iloc[one]
    return (
        f"{row['participant']}: {signed(row['fed_in_difference_kwh'], 3)} kWh "
        f"(curtailed {row['curtailed_first_kwh']:.3f} then {row['curtailed_second_kwh']:.3f})"
    )


def _limit_value(result: ComparedResult, kind: str) -> str:
    """The worst value of a kind of limit."""
    worst = result.worst.get(kind)
    return NOT_KNOWN if worst is None else f"{worst.value:.{LIMIT_WORDS[kind][2]}f}"


def _limit_place(result: ComparedResult, kind: str) -> str:
    """Where and when that is: "bus 29, 11:00 (limit 1.1)"."""
    worst = result.worst.get(kind)
    if worst is None:
        return "no such limit"
    limit = f" (limit {worst.limit:g})" if np.isfinite(worst.limit) else ""
    return f"{worst.words}, {when(result, worst.period)}{limit}"


def column_names(comparison: ResultComparison) -> tuple[str, str]:
    """The heads of the columns of both results."""
    first, second = (
        shortened(each.label, LABEL_CHARACTERS) for each in (comparison.first, comparison.second)
    )
    return first, second
