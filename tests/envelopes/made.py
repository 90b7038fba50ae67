"""Cases for operating envelopes, all corners of few participants, and a judge of their limits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandapower as pp

from gridpact.arrays import Float
from gridpact.case import Case, Participants, Trades
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.network_state import nominal_limits
from gridpact.envelopes import OperatingEnvelopes
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.instances import make_case
from tests.phases.made import pandapower_net

SINGLE = ("a", "b", "c", "a", "b", "c")


def envelope_case(
    source: NetworkSource,
    *,
    buses: Sequence[int],
    connection_kw: object,
    periods: int = 1,
    load_power_factor: object = 1.0,
    generation_power_factor: object = 1.0,
    phases: tuple[str, ...] = (),
    **limits: float,
) -> Case:
    """Participants on a network, with a forecast that must not matter."""
    count = len(buses)
    people = Participants(
        ids=tuple(f"p{k}" for k in range(count)),
        bus=np.asarray(buses, dtype=np.int64),
        load_power_factor=load_power_factor,
        generation_power_factor=generation_power_factor,
        connection_kw=connection_kw,
        phases=phases,
    )
    forecast = np.full((periods, count), 3.0)
    balanced = replace(people, phases=())
    case = make_case(balanced, forecast, 0.5 * forecast, Trades.none(), network="pandapower/cigre_lv")
    return replace(case, participants=people, network=source, limits=Limits(**limits))


def builtin_case(
    name: str, seed: int, people: int, *, scale: float = 1.0, phases: tuple[str, ...] = (), **limits: float
) -> Case:
    """Participants at random buses of a public network, with power factors and connections of their own."""
    random = np.random.default_rng(seed)
    source = NetworkSource(builtin=name, model="three-phase" if phases else "balanced")
    network = compile_source(source)
    supplied = network.bus_ids[~np.isin(network.bus_node, network.slack_node)]
    return envelope_case(
        source,
        buses=random.choice(supplied, people),
        connection_kw=random.uniform(5.0, 20.0, people) * scale,
        load_power_factor=random.uniform(0.85, 1.0, people),
        generation_power_factor=random.uniform(0.85, 1.0, people),
        phases=phases,
        **limits,
    )


def three_phase_case(
    folder: Path, *, phases: tuple[str, ...] = SINGLE, seed: int = 0, **limits: float
) -> Case:
    """Participants at the buses of the small meshed network with three phases."""
    path = folder / "phases.json"
    pp.to_json(pandapower_net(), str(path))
    random, people = np.random.default_rng(seed), len(phases)
    return envelope_case(
        NetworkSource(file=path, model="three-phase"),
        buses=random.integers(2, 6, people),
        connection_kw=random.uniform(8.0, 20.0, people),
        load_power_factor=random.uniform(0.8, 1.0, people),
        generation_power_factor=random.uniform(0.8, 1.0, people),
        phases=phases,
        **limits,
    )


def all_corners(people: int, choices: Sequence[float] = (-1.0, 0.0, 1.0)) -> Float:
    """Every combination of these parts, (m, P)."""
    return np.array(list(product(choices, repeat=people)))


def random_and_worst(found: OperatingEnvelopes, count: int, seed: int) -> Float:
    """Random combinations, half of them corners, and all corners that hold the envelopes, net kW, (m, P)."""
    random = np.random.default_rng(seed)
    imports, exports = found.import_max_kw[0], found.export_max_kw[0]
    corners = random.integers(-1, 2, (count // 2, len(imports))).astype(float)
    between = random.uniform(-1.0, 1.0, (count - len(corners), len(imports)))
    parts = np.vstack([corners, between])
    return np.vstack([np.where(parts > 0.0, parts * exports, parts * imports), found.corners.power_kw])


def single_flips(found: OperatingEnvelopes) -> Float:
    """The corners that hold, with one participant at its export, its import or nothing, (m, P)."""
    worst, flips = found.corners.power_kw, []
    for one in range(worst.shape[1]):
        for power_kw in (-found.import_max_kw[0, one], 0.0, found.export_max_kw[0, one]):
            flipped = worst.copy()
            flipped[:, one] = power_kw
            flips.append(flipped)
    return np.vstack(flips)


@dataclass(frozen=True)
class Judge:
    """The limits of a case by power-grid-model."""

    case: Case
    network: Network

    def excess(self, power_kw: Float) -> Float:
        """The greatest excess of any limit, pu and parts of one, under net powers, (m, P): (m,)."""
        return self.every_excess(power_kw).max(axis=1)

    def every_excess(self, power_kw: Float) -> Float:
        """The excess of each limit, pu and parts of one, under net powers, (m, P): (m, Q)."""
        people = self.case.participants
        tan_phi = np.where(power_kw > 0.0, people.generation_tan_phi, people.load_tan_phi)
        at = connections_of(self.network, people)
        flow = run_verification_power_flow(
            self.network.verification_model,
            at.bus,
            at.shared(power_kw),
            at.shared(power_kw * tan_phi),
            at.phase,
        )
        limits = nominal_limits(self.network, self.case.limits, len(power_kw))
        parts = [
            (flow.voltage_pu - limits.voltage_max_pu),
            (limits.voltage_min_pu - flow.voltage_pu),
            (flow.loading_percent - limits.loading_max_percent) / 100.0,
            (flow.unbalance_percent - limits.unbalance_max_percent) / 100.0,
        ]
        return np.hstack(parts)

    def powers(self, parts: Float, import_kw: Float, export_kw: Float) -> Float:
        """Net powers of combinations given as parts, (m, P)."""
        return np.where(parts > 0.0, parts * export_kw, parts * import_kw)

    def equal_by_bisection(self) -> tuple[float, float]:
        """The shares of imports and exports by the rule `equal`, all corners tried each time."""
        people, connection = len(self.case.participants), self.case.participants.connection_kw

        def safe(choices: Sequence[float], imports: float, exports: float) -> bool:
            corners = all_corners(people, choices)
            powers = self.powers(corners, imports * connection, exports * connection)
            return bool(self.excess(powers).max() <= 1e-8)

        def greatest(test) -> float:
            if test(1.0):
                return 1.0
            low, high = 0.0, 1.0
            while high - low > 1e-5:
                middle = 0.5 * (low + high)
                low, high = (middle, high) if test(middle) else (low, middle)
            return low

        exports = greatest(lambda share: safe((0.0, 1.0), 0.0, share))
        imports = greatest(lambda share: safe((-1.0, 0.0), share, 0.0))
        factor = greatest(lambda share: safe((-1.0, 0.0, 1.0), share * imports, share * exports))
        return imports * factor, exports * factor
