"""`python -m benchmarks.network_auction [--hours N] [--write]`: match and cut, against orders on the network.

Random hours of five networks, in each of which half the homes offer all their surplus and the others bid for
all that they need, at prices of their own. The same orders are matched by the double auction and then cut, as
evenly as the greatest volume admits, or cleared on the network itself. Welfare is Σ bid · bought −
Σ ask · sold; what would clear without a network stands beside both.
"""

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from time import perf_counter

import numpy as np
from tests.auctions.made import DOUBLE_AUCTION, order_case, welfare_per_hour

from benchmarks.machine import described
from benchmarks.page import put
from gridpact import Case, Clearance, clear, match

NETWORKS = {
    "pandapower/cigre_lv": (8, 10, 60.0),
    "pandapower/kerber_landnetz_freileitung_1": (6, 7, 60.0),
    "pandapower/kerber_dorfnetz": (25, 32, 45.0),
    "pandapower/kerber_vorstadtnetz_kabel_1": (60, 80, 45.0),
    "simbench/1-LV-rural2--0-sw": (40, 45, 20.0),
}


@dataclass(frozen=True)
class Sums:
    """Volume and welfare per hour by the three ways, rent per hour, and seconds of both clearings."""

    matched_kw: float = 0.0
    cut_kw: float = 0.0
    auctioned_kw: float = 0.0
    matched_welfare: float = 0.0
    cut_welfare: float = 0.0
    auctioned_welfare: float = 0.0
    rent: float = 0.0
    congested: int = 0
    cut_seconds: float = 0.0
    auctioned_seconds: float = 0.0

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))


def compared(case: Case) -> Sums:
    """One hour by all ways."""
    double = replace(case, mechanism=DOUBLE_AUCTION)
    trades = match(double)
    start = perf_counter()
    cut = clear(double)
    middle = perf_counter()
    auctioned = clear(case)
    end = perf_counter()
    worth = _worth(case, trades.ids)
    cut_kw = cut.cleared["cleared_kw"].to_numpy()
    for clearance in (cut, auctioned):
        if clearance.verification.status != "cleared":
            raise SystemExit(f"{case.network.name}: {clearance.verification.status}")
    return Sums(
        matched_kw=float(trades.power_kw.sum()),
        cut_kw=float(cut_kw.sum()),
        auctioned_kw=float(auctioned.cleared["cleared_kw"].sum()),
        matched_welfare=float(worth @ trades.power_kw),
        cut_welfare=float(_worth(case, tuple(cut.cleared["trade"])) @ cut_kw),
        auctioned_welfare=welfare_per_hour(auctioned),
        rent=_rent(auctioned),
        congested=int(bool((auctioned.cleared_orders.status > 0).any())),  # type: ignore[union-attr]
        cut_seconds=middle - start,
        auctioned_seconds=end - middle,
    )


def _worth(case: Case, names: tuple[str, ...]) -> np.ndarray:
    """What a kWh of each trade adds to welfare: the bid less the ask that it is named after."""
    price = dict(zip(case.orders.ids, case.orders.price_per_kwh.tolist(), strict=True))
    sides = [name.split("#")[0].split(":") for name in names]
    return np.array([price[bid] - price[ask] for ask, bid in sides])


def _rent(clearance: Clearance) -> float:
    """The congestion rent per hour."""
    return float(clearance.summary["auction"]["congestion_rent"]) / clearance.case.horizon.hours_per_period


def rows(hours: int) -> Iterator[str]:
    """A line of the table for each network."""
    for name, (sellers, buyers, power_kw) in NETWORKS.items():
        total = Sums()
        for seed in range(hours):
            case = order_case(seed, name, sellers=sellers, buyers=buyers, power_kw=power_kw)
            total = total.plus(compared(case))
        gain = total.auctioned_welfare / total.cut_welfare - 1.0
        yield (
            f"| `{name}` | {sellers + buyers} | {total.congested} of {hours} "
            f"| {total.matched_kw:.0f} | {total.cut_kw:.0f} | {total.auctioned_kw:.0f} "
            f"| {total.matched_welfare:.1f} | {total.cut_welfare:.1f} | {total.auctioned_welfare:.1f} "
            f"| {gain:.1%} | {total.rent:.1f} "
            f"| {total.cut_seconds / hours:.2f} | {total.auctioned_seconds / hours:.2f} |"
        )


HEAD = (
    "| network | orders | congested hours | matched (kWh) | cut (kWh) | auction (kWh) | welfare matched | "
    "cut | auction | auction over cut | rent | cut (s/h) | auction (s/h) |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--hours", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="put the table into docs/project/benchmarks.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = [HEAD]
    for line in rows(arguments.hours):
        print(line, flush=True)
        lines.append(line)
    table = "\n".join(lines)
    print(f"\n{described()}")
    if arguments.write:
        put("network auction", f"{table}\n\n{described()}")


if __name__ == "__main__":
    main()
