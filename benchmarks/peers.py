"""The same day in other ways, in the same run: what they cost beside gridpact, which must agree with them."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import gridpact
from benchmarks.by_hand import clear_day, connect, operate_hour
from benchmarks.cases import MILD_KW, feeder_day
from benchmarks.phases import timed
from gridpact.arrays import Float
from gridpact.case import Case
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from gridpact.published import cigre_day
from gridpact.results import Clearance

FEEDER_TRADES = 1_000
BY_HAND, RUNPP, GRIDPACT, BATCH = PEERS = (
    "one model and one power flow per period, by hand",
    "pandapower `runpp` once per period, dispatch given",
    "gridpact in process, verification included",
    "power-grid-model alone, one batch, dispatch given",
)
DIFFERENCE_MAX_KWH, DIFFERENCE_MAX_PU = 1e-6, 1e-6


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day that every peer goes through.

    Attributes:
        make: makes it; only caps bind in it, so that its volume is the same in the DC model.
        runs: of each peer, in turns; figures are medians.
    """

    make: Callable[[], Case]
    runs: int


DAYS: dict[str, Day] = {
    "published 44-bus day": Day(make=cigre_day, runs=5),
    "100-bus feeder day": Day(make=lambda: feeder_day(FEEDER_TRADES, MILD_KW), runs=3),
}


def compare(day: Day) -> dict[str, float]:
    """Median seconds of each peer.

    Raises:
        SystemExit: a peer clears another volume, or finds other voltages.
    """
    case = day.make()
    network = gridpact.compile_network(case)
    cleared = gridpact.clear(case, network=network)
    net = builtin_net(case.network)[0]
    position = net.bus.index.get_indexer(network.bus_ids)
    seconds: dict[str, list[float]] = {name: [] for name in PEERS}
    for _ in range(day.runs):
        taken, (cleared_kw, _) = timed(lambda: clear_day(case, cleared.trades, net))
        seconds[BY_HAND].append(taken)
        _refuse_volume(cleared, cleared_kw)
        taken, voltage_pu = timed(lambda: operate_day(case, net, cleared))
        seconds[RUNPP].append(taken)
        _refuse_voltages(RUNPP, cleared, voltage_pu[:, position])
        taken, _ = timed(lambda: gridpact.clear(case, network=network))
        seconds[GRIDPACT].append(taken)
        taken, flow = timed(lambda: run_batch(cleared))
        seconds[BATCH].append(taken)
        _refuse_voltages(BATCH, cleared, flow.voltage_pu)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def operate_day(case: Case, net: Any, clearance: Clearance) -> Float:
    """Voltages of every period under the dispatch of a clearance, one `runpp` each, (T, buses of the net)."""
    schedule = clearance.dispatch
    connect(case, net)
    return np.array(
        [
            operate_hour(case, net, made_kw, used_kw)
            for made_kw, used_kw in zip(schedule.made_kw, schedule.used_kw, strict=True)
        ]
    )


def run_batch(clearance: Clearance) -> Any:
    """The dispatch of a clearance by power-grid-model."""
    injected = clearance.dispatch.injection(clearance.case.participants)
    model = clearance.network.verification_model
    return run_verification_power_flow(model, clearance.bus_position, injected.p_kw, injected.q_kvar)


def _refuse_volume(clearance: Clearance, cleared_kw: Float) -> None:
    by_hand_kwh = float(cleared_kw.sum()) * clearance.case.horizon.hours_per_period
    difference = abs(clearance.summary["cleared_kwh"] - by_hand_kwh)
    if difference > DIFFERENCE_MAX_KWH:
        raise SystemExit(f"{clearance.case.name}: by hand clears {difference:.2e} kWh more or less")


def _refuse_voltages(peer: str, clearance: Clearance, voltage_pu: Float) -> None:
    difference = float(np.abs(voltage_pu - clearance.operation.voltage_pu).max())
    if not difference <= DIFFERENCE_MAX_PU:
        raise SystemExit(f"{clearance.case.name}: voltages of {peer} are {difference:.2e} pu apart")
