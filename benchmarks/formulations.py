"""`python -m benchmarks.formulations`: what each formulation clears, what truly follows, and what it takes.

Writes the table and the picture of `docs/explanation/formulations.md`; the words there are written by hand.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

import gridpact
from benchmarks.lindistflow import clear_lindistflow
from benchmarks.picture import Panel, Series, draw
from gridpact.arrays import frozen
from gridpact.case import Case, Formulation, Trades
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.case.terms import Terms
from gridpact.clearing.network.injection import participant_bus_position
from gridpact.clearing.problem.problem import pose
from gridpact.dispatch import dispatch
from gridpact.grid.compile import compile_source
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from gridpact.published import cigre_extreme

DOCS = Path(__file__).parents[1] / "docs"
TABLE_START, TABLE_END = "<!-- table -->", "<!-- end of table -->"
NETWORKS = (
    "pandapower/cigre_lv",
    "pandapower/village_1",
    "pandapower/village_2",
    "pandapower/rural_1",
    "pandapower/rural_2",
    "pandapower/suburb_1",
    "pandapower/kerber_landnetz_freileitung_1",
    "pandapower/kerber_landnetz_freileitung_2",
    "pandapower/kerber_landnetz_kabel_1",
    "pandapower/kerber_landnetz_kabel_2",
    "pandapower/kerber_dorfnetz",
    "pandapower/kerber_vorstadtnetz_kabel_1",
    "simbench/1-LV-rural1--0-sw",
    "simbench/1-LV-rural2--0-sw",
)
VOLUMES = (1, 5, 10)
SEED = 7
SELLERS = BUYERS = 12
TRADES = 48
TRADED_SHARE, LOAD_SHARE = 0.4, 0.1
LOAD_POWER_FACTOR = 0.97
RUNS = 3
FORMULATIONS = ("DC", "LinDistFlow", "AC")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one formulation gave: kW cleared, the worst true excess of any limit, and seconds.

    The excess is None where the dispatch has no power flow at all.
    """

    cleared_kw: float
    excess: tuple[float, float] | None
    seconds: float


def base_case(name: str, times: float) -> Case:
    """A seeded hour: firm homes at every low-voltage bus, and trades between solar and elastic demand.

    At `times` = 1 the trades add up to two fifths of the transformers' rating, and the homes to a tenth.
    """
    rng = np.random.default_rng(SEED)
    source = NetworkSource(builtin=name)
    network = compile_source(source)
    is_low = (network.bus_voltage_kv < 1.0) & ~np.isin(network.bus_node, network.slack_node)
    homes = network.bus_ids[is_low]
    traders = rng.choice(homes, SELLERS + BUYERS, replace=len(homes) < SELLERS + BUYERS)
    rating_kw = transformer_rating_kva(network)
    seller = np.concatenate([np.arange(SELLERS), rng.integers(0, SELLERS, TRADES - SELLERS)])
    buyer = SELLERS + np.concatenate([np.arange(BUYERS), rng.integers(0, BUYERS, TRADES - BUYERS)])
    power_kw = rng.uniform(0.5, 1.5, TRADES)
    power_kw *= times * TRADED_SHARE * rating_kw / power_kw.sum()
    people = SELLERS + BUYERS + len(homes)
    load_kw, generation_kw = np.zeros((2, people))
    load_kw[SELLERS + BUYERS :] = LOAD_SHARE * rating_kw / len(homes)
    np.add.at(generation_kw, seller, power_kw)
    np.add.at(load_kw, buyer, power_kw)
    return replace(
        cigre_extreme(),
        name=f"{name} ×{times:g}",
        network=source,
        participants=_participants(np.concatenate([traders, homes])),
        profiles=Profiles(
            load_kw=frozen(load_kw[None, :], float), generation_kw=frozen(generation_kw[None, :], float)
        ),
        trades=Trades(
            ids=tuple(f"t{k}" for k in range(TRADES)),
            seller=frozen(seller, np.int64),
            buyer=frozen(buyer, np.int64),
            start=frozen(np.zeros(TRADES), np.int64),
            end=frozen(np.ones(TRADES), np.int64),
            power_kw=frozen(power_kw, float),
            price_per_kwh=frozen(np.full(TRADES, 0.1), float),
            submitted=frozen(np.zeros(TRADES), np.int64),
            terms=Terms.none(TRADES),
        ),
    )


def _participants(buses: np.ndarray) -> Participants:
    count = len(buses)
    is_home = np.arange(count) >= SELLERS + BUYERS
    return Participants(
        ids=tuple(f"p{k}" for k in range(count)),
        bus=frozen(buses, np.int64),
        firm=frozen(is_home, np.bool_),
        exports=frozen(np.zeros(count), np.bool_),
        load_power_factor=frozen(np.full(count, LOAD_POWER_FACTOR), float),
        generation_power_factor=frozen(np.ones(count), float),
        retailer=(DEFAULT_RETAILER,) * count,
    )


def transformer_rating_kva(network: Network) -> float:
    """Rated power of all transformers together."""
    kinds = np.array([kind is ElementKind.TRANSFORMER for kind in network.elements.kind])
    element = network.branches.element
    return float(network.branches.rating_to_kva[(element >= 0) & kinds[element]].sum())


def measured(case: Case, formulation: str) -> Measured:
    """One case by one formulation on a compiled network; seconds are the median of some runs."""
    network, seconds = compile_source(case.network), []
    for _ in range(RUNS):
        if formulation == "LinDistFlow":
            start = perf_counter()
            column_kw = clear_lindistflow(pose(case, case.trades, network))
            seconds.append(perf_counter() - start)
        else:
            chosen = replace(case, formulation=Formulation(formulation.lower()))
            clearance = gridpact.clear(chosen, network=network)
            column_kw = clearance.solution.column_kw
            seconds.append(clearance.seconds["clear"])
    return Measured(
        cleared_kw=float(column_kw.sum()),
        excess=true_excess(case, network, column_kw),
        seconds=median(seconds),
    )


def true_excess(case: Case, network: Network, column_kw: np.ndarray) -> tuple[float, float] | None:
    """Worst true voltage in pu and loading in points beyond a limit, by power-grid-model's power flow."""
    problem = pose(case, case.trades, network)
    plan = dispatch(
        case.participants,
        case.profiles,
        problem.offers.sold_kw(column_kw, problem.shape),
        problem.offers.bought_kw(column_kw, problem.shape),
    )
    injection = plan.injection(case.participants)
    position = participant_bus_position(network, case.participants)
    flow = run_verification_power_flow(network.verification_model, position, injection.p_kw, injection.q_kvar)
    if not flow.converged.all():
        return None
    limits = problem.operating_limits
    return (
        float(limits.voltage_excess_pu(flow.voltage_pu).max()),
        float(limits.loading_excess_percent(flow.loading_percent).max()),
    )


def table(results: dict[tuple[str, int], dict[str, Measured]], proposed: dict[tuple[str, int], float]) -> str:
    """The results in Markdown, a row per network and volume."""
    heads = ["network", "×", "proposed kW"]
    heads += [f"{name} kW" for name in FORMULATIONS]
    heads += [f"{name} beyond limits, pu / points" for name in FORMULATIONS]
    heads += [f"{name} s" for name in FORMULATIONS]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for (name, times), by_name in results.items():
        cells = [name, str(times), f"{proposed[name, times]:.1f}"]
        cells += [f"{by_name[one].cleared_kw:.1f}" for one in FORMULATIONS]
        cells += [_excess(by_name[one].excess) for one in FORMULATIONS]
        cells += [f"{by_name[one].seconds:.4f}" for one in FORMULATIONS]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _excess(excess: tuple[float, float] | None) -> str:
    if excess is None:
        return "no power flow"
    return f"{excess[0]:.4f} / {excess[1]:.1f}" if excess[0] > 1e-5 or excess[1] > 1e-3 else "kept"


def picture(results: dict[tuple[str, int], dict[str, Measured]]) -> str:
    """Volume against AC at the two greater proposals, and what truly follows at the greatest."""
    series = [
        Series(name="DC", colour="#d9822b", shift=-4.0),
        Series(name="LinDistFlow", colour="#2b6fd9", shift=4.0),
        Series(name="AC, exact", colour="#222222", shift=0.0),
    ]
    volume_ticks = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
    panels = [
        Panel(
            title=f"volume over AC's, ×{times}",
            ticks=volume_ticks,
            labels=tuple(f"{tick:.1f}" for tick in volume_ticks),
            reference=1.0,
            values=[
                [
                    results[name, times][one].cleared_kw / results[name, times]["AC"].cleared_kw
                    for one in FORMULATIONS
                ]
                for name in NETWORKS
            ],
        )
        for times in VOLUMES[1:]
    ]
    last = VOLUMES[-1]
    panels += [
        Panel(
            title=f"true voltage beyond limit, ×{last}",
            ticks=(0.0, 0.025, 0.05, 0.075, 0.1),
            labels=("0", "0.025", "0.05", "0.075", "0.1 pu"),
            reference=0.0,
            values=[[_beyond(results[name, last][one], 0) for one in FORMULATIONS] for name in NETWORKS],
        ),
        Panel(
            title=f"true loading beyond limit, ×{last}",
            ticks=(0.0, 10.0, 20.0, 30.0, 40.0),
            labels=("0", "10", "20", "30", "40 points"),
            reference=0.0,
            values=[[_beyond(results[name, last][one], 1) for one in FORMULATIONS] for name in NETWORKS],
        ),
    ]
    names = [name.split("/", 1)[1] for name in NETWORKS]
    return draw("What each formulation clears, and what truly follows", names, series, panels)


def _beyond(result: Measured, kind: int) -> float:
    """The excess of voltage (0) or loading (1); without a power flow, beyond every axis."""
    return np.inf if result.excess is None else result.excess[kind]


def main() -> None:
    """Measures, prints the table, and puts it and the picture into the documentation."""
    results, proposed = {}, {}
    for name in NETWORKS:
        for times in VOLUMES:
            case = base_case(name, times)
            proposed[name, times] = float(case.trades.power_kw.sum())
            results[name, times] = {one: measured(case, one) for one in FORMULATIONS}
    written = table(results, proposed)
    print(written)
    (DOCS / "explanation" / "formulations.svg").write_text(picture(results), encoding="utf-8")
    page = DOCS / "explanation" / "formulations.md"
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(TABLE_START)
    after = rest.split(TABLE_END)[1]
    page.write_text(f"{before}{TABLE_START}\n{written}\n{TABLE_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
