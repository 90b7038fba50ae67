"""What the picture shows, computed: the published extreme hour, and the day on three phases."""

from dataclasses import dataclass
from pathlib import Path

import gridpact
from benchmarks.three_phase.european_day import BALANCED, EXACT, UNIFORM, EuropeanDay, as_balanced
from benchmarks.three_phase.judges import JUDGES
from gridpact.published.reproduction import ExtremeComparison, reproduce

JUDGE = next(name for name in JUDGES if "power-grid-model" in name)
DAY = Path(__file__).parents[2] / "examples" / "european-lv-phases"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A way of clearing: what it clears, whether that can be operated (where judged), and words about it."""

    name: str
    value: float
    safe: bool | None
    said: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """Bars of one network on one scale."""

    title: str
    below: str
    unit: str
    decimals: int
    bars: tuple[Bar, ...]


def extreme_hour() -> Group:
    """The extreme hour by the lossless model, as published, and by exact AC."""
    return _extreme(reproduce().extreme)


def three_phase_day() -> Group:
    """The day on three phases by balanced clearing, by one cut for all, and by exact equations."""
    day = EuropeanDay(gridpact.read_case(DAY))
    balanced_kw = gridpact.clear(as_balanced(day.case)).solution.column_kw
    exact_kw = gridpact.clear(day.case, network=day.network).solution.column_kw
    ways = (
        ("Taken for balanced", BALANCED, balanced_kw),
        ("All trades cut alike", UNIFORM, day.cut_alike(balanced_kw)),
        ("gridpact, exact", EXACT, exact_kw),
    )
    periods, bars = day.case.horizon.periods, []
    for name, way, column_kw in ways:
        found = day.judged(way, column_kw, "", JUDGE)
        above = found.periods_above
        bars.append(
            Bar(
                name=name,
                value=found.cleared_kwh,
                safe=above == 0,
                said=f"{found.highest_v:.1f} V, too high in {above} of {periods} quarter-hours"
                if above
                else f"{found.highest_v:.1f} V at the most, every limit kept",
            )
        )
    return Group(
        title="Homes on one phase each, six hours of sun",
        below="IEEE European LV feeder, 55 homes: energy cleared, kWh",
        unit="kWh",
        decimals=1,
        bars=tuple(bars),
    )


def _extreme(found: ExtremeComparison) -> Group:
    """The extreme hour, with the voltages that truly follow."""
    lowest, bus = found.dc_lowest_voltage_pu, found.dc_lowest_voltage_bus
    return Group(
        title="An hour of trades a hundred times as large",
        below=f"CIGRE LV network, {found.proposed_kw:g} kW proposed: power cleared, kW",
        unit="kW",
        decimals=1,
        bars=(
            Bar(
                name="Lossless model (DC)",
                value=found.dc_kw,
                safe=False,
                said=f"{lowest:.3f} pu at bus {bus}, below its limit of 0.9 pu",
            ),
            Bar(
                name="As published",
                value=found.as_published_kw,
                safe=None,
                said="most of what the network carries is cut",
            ),
            Bar(
                name="gridpact, exact",
                value=found.ac_kw,
                safe=True,
                said=f"{found.ac_lowest_voltage_pu:.3f} pu at the least, every limit kept",
            ),
        ),
    )
