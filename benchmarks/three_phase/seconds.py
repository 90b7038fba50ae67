"""What exactness costs: the congested day of the feeder in process, and fleets of both models in turns."""

import resource
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import gridpact
from benchmarks.fleet_run import all_feeders, run_fleet
from benchmarks.make_fleet import congested_share, make_fleet
from benchmarks.phases import IN_PROCESS
from gridpact.case import Case
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network_model import NetworkModel

NOT_OF_A_NETWORK = (LimitedBy.NOTHING, LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND, LimitedBy.TERMS)
SEED, WORKERS, SAMPLE = 1, 2, 100


@dataclass(frozen=True, kw_only=True)
class DaySeconds:
    """Median seconds of a day on its compiled network.

    Attributes:
        buses, periods: of the day.
        bound_periods: those in which a limit of the network binds.
        seconds: of each step in process.
        runs: how many, after a first one that is left out.
    """

    buses: int
    periods: int
    bound_periods: int
    seconds: Mapping[str, float]
    runs: int


def day_seconds(case: Case, runs: int) -> DaySeconds:
    """What a day takes."""
    network = gridpact.compile_network(case)
    gridpact.clear(case, network=network)
    cleared = [gridpact.clear(case, network=network) for _ in range(runs)]
    binding = cleared[0].solution.binding
    bound = binding.period[~np.isin(binding.limited_by, NOT_OF_A_NETWORK)]
    return DaySeconds(
        buses=len(network.bus_ids),
        periods=case.horizon.periods,
        bound_periods=len(np.unique(bound)),
        seconds={step: statistics.median(one.seconds[step] for one in cleared) for step in IN_PROCESS},
        runs=runs,
    )


def day_table(found: Mapping[str, DaySeconds]) -> str:
    """Days by models in Markdown."""
    heads = ["model", "quarter-hours", "where the network binds", "runs", *IN_PROCESS, "in process"]
    rows = [
        f"| {model} | {one.periods} | {one.bound_periods} | {one.runs} | "
        + " | ".join(f"{one.seconds[step]:.3f}" for step in IN_PROCESS)
        + f" | {sum(one.seconds.values()):.3f} |"
        for model, one in found.items()
    ]
    return "\n".join([f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1), *rows])


@dataclass(frozen=True, kw_only=True)
class FleetCost:
    """What a fleet of a model takes.

    Attributes:
        model: of its networks.
        feeders: how many.
        congested, sample: how many of a sample the network limits, and of how many.
        seconds: on the clock, in each run.
        cpu_seconds: of all its processes, in each run.
    """

    model: NetworkModel
    feeders: int
    congested: int
    sample: int
    seconds: Sequence[float]
    cpu_seconds: Sequence[float]


def fleet_costs(feeders: int, runs: int) -> list[FleetCost]:
    """Fleets of both models, made and cleared in turns."""
    with tempfile.TemporaryDirectory() as name:
        folders = {model: Path(name, model) for model in NetworkModel}
        for model, folder in folders.items():
            make_fleet(folder, feeders, SEED, settled=False, workers=WORKERS, model=model)
        taken: dict[NetworkModel, list[tuple[float, float]]] = {model: [] for model in folders}
        for _ in range(runs):
            for model, folder in folders.items():
                before = _children_seconds()
                seconds = run_fleet(folder, all_feeders(folder), Path(name)).seconds
                taken[model].append((seconds, _children_seconds() - before))
        found = []
        for model, folder in folders.items():
            seconds, cpu_seconds = zip(*taken[model], strict=True)
            limited, sample = congested_share(folder, SAMPLE)
            cost = FleetCost(
                model=model,
                feeders=feeders,
                congested=limited,
                sample=sample,
                seconds=seconds,
                cpu_seconds=cpu_seconds,
            )
            found.append(cost)
        return found


def _children_seconds() -> float:
    """Processor time of all processes that this one has waited for, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fleet_table(found: Sequence[FleetCost]) -> str:
    """The fleets in Markdown: medians, and how often those of the first."""
    first = statistics.median(found[0].cpu_seconds)
    rows = [
        f"| {one.model} | {one.feeders:,} | {one.congested} of {one.sample} | {len(one.seconds)} "
        f"| {statistics.median(one.seconds):.1f} | {statistics.median(one.cpu_seconds):.1f} "
        f"| {statistics.median(one.cpu_seconds) / first:.2f} |"
        for one in found
    ]
    heads = (
        "model | feeders | congested, of a sample | runs | seconds, start included | processor seconds "
        "| × balanced"
    )
    return "\n".join([f"| {heads} |", "|---|" + "---:|" * 6, *rows])
