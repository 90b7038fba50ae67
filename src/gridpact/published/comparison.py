"""The reproduction in words: tables for stdout."""

from gridpact.published.cases import HOURS
from gridpact.published.reproduction import (
    DROPPED_HOUR_NOTE,
    QUANTITIES,
    TOLERANCE_KWH,
    DayComparison,
    ExtremeComparison,
    Reproduction,
)


def comparison(reproduction: Reproduction) -> str:
    """Every hour of both days and the extreme hour, published beside ours, as aligned text."""
    return "\n\n".join([*(_day(day) for day in reproduction.days), _extreme(reproduction.extreme)])


def _day(day: DayComparison) -> str:
    """The table of a day, hour by hour, and its sums."""
    heads = "".join(f"{name + ' published':>18}{'ours':>14}{'difference':>12}" for name in QUANTITIES)
    lines = [f"{day.buses} buses, kWh per hour", f"hour{heads}"]
    lines += [f"{hour:>4}{_cells(day, hour)}{' *' if day.dropped[hour] else ''}" for hour in range(HOURS)]
    lines.append(" sum" + _cells(day, slice(None)))
    if day.dropped.any():
        lines.append(f"* {DROPPED_HOUR_NOTE}")
    verdict = "within" if day.max_difference_kwh <= TOLERANCE_KWH else "NOT within"
    lines.append(f"greatest difference {day.max_difference_kwh:.1e} kWh, {verdict} {TOLERANCE_KWH:.0e} kWh")
    return "\n".join(lines)


def _cells(day: DayComparison, hours: int | slice) -> str:
    """Published, ours and their difference for each quantity, of an hour or of several."""
    cells = ""
    for name in QUANTITIES:
        published = float(day.published_kwh[name][hours].sum())
        ours = float(day.ours_kwh[name][hours].sum())
        cells += f"{published:>18.6f}{ours:>14.6f}{ours - published:>12.1e}"
    return cells


def _extreme(extreme: ExtremeComparison) -> str:
    """The lines of the extreme hour, one for each way to compute it."""
    ways = (
        ("as printed in the publication", extreme.published_kw, ""),
        ("as published, computed again", extreme.as_published_kw, "relaxed balances, per-km impedances"),
        ("exact balances on the same data", extreme.exact_balances_kw, "feeders connected to a rigid supply"),
        (
            "dc clearing, real line lengths",
            extreme.dc_kw,
            f"true AC voltage falls to {extreme.dc_lowest_voltage_pu:.4f} pu "
            f"at bus {extreme.dc_lowest_voltage_bus}",
        ),
        (
            "ac clearing, the exact optimum",
            extreme.ac_kw,
            f"lowest voltage {extreme.ac_lowest_voltage_pu:.4f} pu",
        ),
    )
    lines = [f"44 buses, extreme hour: {extreme.proposed_kw:.6f} kW proposed"]
    lines += [f"  {name:<33}{value:>12.6f} kW  {remark}".rstrip() for name, value, remark in ways]
    return "\n".join(lines)
