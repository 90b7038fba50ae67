"""The networks on which operating envelopes are tried: public ones and small ones with three phases."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
from tests.envelopes.made import builtin_case, envelope_case
from tests.phases.made import pandapower_net

from gridpact.case import Case
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.grid.source import NetworkSource

BALANCED = (
    "pandapower/cigre_lv",
    "pandapower/village_1",
    "pandapower/village_2",
    "pandapower/kerber_landnetz_freileitung_1",
    "pandapower/kerber_landnetz_freileitung_2",
    "pandapower/kerber_landnetz_kabel_1",
    "pandapower/kerber_landnetz_kabel_2",
    "pandapower/kerber_dorfnetz",
    "pandapower/kerber_vorstadtnetz_kabel_1",
    "pandapower/ieee_european_lv",
    "simbench/1-LV-rural1--0-sw",
    "simbench/1-LV-rural2--0-sw",
    "simbench/1-LV-semiurb4--0-sw",
    "simbench/1-LV-urban6--0-sw",
)
EUROPEAN = "pandapower/ieee_european_lv_asymmetric"
UNLIKE = ({}, {"voltage_unbalance_max_percent": 0.5}, {"neutral_loading_max_percent": 20.0})
PHASES = ("a", "b", "c", "bc", "a", "c")
# OpenDSS has no iron losses here, and a YNyn transformer without a magnetising branch.
AS_IN_OPENDSS = {"pfe_kw": 0.0, "i0_percent": 0.0}
MADE = (
    ("Dyn", 150.0, True, {}),
    ("Dyn", 150.0, False, {}),
    ("Dyn", 30.0, True, {}),
    ("YNyn", 0.0, True, {"mag0_percent": 1e12}),
    ("YNyn", 0.0, False, {"mag0_percent": 1e12}),
)
SCALE, MADE_SCALE = 3.0, 1.0
KW = (5.0, 20.0)
POWER_FACTOR = (0.85, 1.0)


@dataclass(frozen=True)
class Tried:
    """A network on which envelopes are tried.

    Attributes:
        name: what the table calls it.
        place: which one it is; the seed of its participants.
        source: where it comes from.
        net: the same as a pandapower net, for judges that convert nothing of gridpact's.
        phases: whether it has three.
        limits: those that differ from the defaults.
    """

    name: str
    place: int
    source: NetworkSource
    net: Any
    phases: bool
    limits: dict[str, float]

    def case(self, people: int, larger: float = 1.0) -> Case:
        """A case with so many participants at random buses, whose connections are `larger` than usual."""
        phases = tuple(PHASES[k % len(PHASES)] for k in range(people)) if self.phases else ()
        if self.source.builtin:
            scale = SCALE * larger
            return builtin_case(
                self.source.builtin, self.place, people, scale=scale, phases=phases, **self.limits
            )
        random = np.random.default_rng(self.place)
        draw = partial(random.uniform, size=people)
        return envelope_case(
            self.source,
            buses=random.integers(2, 6, people),
            connection_kw=draw(*KW) * MADE_SCALE * larger,
            load_power_factor=draw(*POWER_FACTOR),
            generation_power_factor=draw(*POWER_FACTOR),
            phases=phases,
            **self.limits,
        )


def networks(folder: Path) -> Iterator[Tried]:
    """Twenty networks, under limits of which another one holds each time."""
    for place, name in enumerate(BALANCED):
        source = NetworkSource(builtin=name)
        limits = {"transformer_loading_max_percent": 500.0} if place % 2 else {}
        yield Tried(name, place, source, builtin_net(source)[0], phases=False, limits=limits)
    place, source = len(BALANCED), NetworkSource(builtin=EUROPEAN, model="three-phase")
    yield Tried(f"{EUROPEAN}, three phases", place, source, builtin_net(source)[0], phases=True, limits={})
    for made, (group, shift, mesh, transformer) in enumerate(MADE):
        net = pandapower_net(group, shift, mesh=mesh, **AS_IN_OPENDSS, **transformer)
        path = folder / f"{made}.json"
        pp.to_json(net, str(path))
        name = f"made, {group} {shift:g}°, {'mesh' if mesh else 'radial'}, three phases"
        source = NetworkSource(file=path, model="three-phase")
        yield Tried(name, place + 1 + made, source, net, phases=True, limits=UNLIKE[made % 3])
