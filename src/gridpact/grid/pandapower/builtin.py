"""The networks that come with pandapower and simbench, by name."""

import random
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from gridpact.errors import InvalidCase
from gridpact.extras import NETWORKS
from gridpact.grid.shipped.shipped_networks import SHIPPED_NAMES
from gridpact.grid.source import NetworkSource

VOLTAGE_CONTROL = ("village_1", "village_2", "rural_1", "rural_2", "suburb_1")
KERBER = (
    "dorfnetz",
    "landnetz_freileitung_1",
    "landnetz_freileitung_2",
    "landnetz_kabel_1",
    "landnetz_kabel_2",
    "vorstadtnetz_kabel_1",
    "vorstadtnetz_kabel_2",
)
KERBER_EXTREME = (
    "kb_extrem_dorfnetz",
    "kb_extrem_dorfnetz_trafo",
    "kb_extrem_landnetz_freileitung",
    "kb_extrem_landnetz_freileitung_trafo",
    "kb_extrem_landnetz_kabel",
    "kb_extrem_landnetz_kabel_trafo",
    "kb_extrem_vorstadtnetz_1",
    "kb_extrem_vorstadtnetz_2",
    "kb_extrem_vorstadtnetz_trafo_1",
    "kb_extrem_vorstadtnetz_trafo_2",
)
OVERHEAD_LINE = "freileitung"
SEED = 0
NAME_LIKENESS_MIN = 0.75
CIGRE, EUROPEAN, EUROPEAN_ASYMMETRIC = "cigre_lv", "ieee_european_lv", "ieee_european_lv_asymmetric"
PANDAPOWER_PREFIX, SIMBENCH_PREFIX = "pandapower/", "simbench/"


def pandapower_names() -> tuple[str, ...]:
    """Names of the built-in networks of pandapower, sorted, such as "pandapower/cigre_lv"."""
    names = (
        CIGRE,
        EUROPEAN,
        EUROPEAN_ASYMMETRIC,
        *VOLTAGE_CONTROL,
        *(f"kerber_{name}" for name in KERBER),
        *KERBER_EXTREME,
    )
    return tuple(sorted(PANDAPOWER_PREFIX + name for name in names))


def builtin_names() -> tuple[str, ...]:
    """Names of all built-in networks, sorted; those of simbench are its codes.

    Without SimBench, of its networks only those that come with the package.
    """
    if not NETWORKS.is_installed("simbench"):
        return (*pandapower_names(), *(name for name in SHIPPED_NAMES if name.startswith(SIMBENCH_PREFIX)))
    from simbench import collect_all_simbench_codes

    return (*pandapower_names(), *sorted(SIMBENCH_PREFIX + code for code in collect_all_simbench_codes()))


def may_be_builtin(name: str) -> bool:
    """Whether a built-in has a name, or may have it for all that is known without SimBench."""
    is_unknown = name.startswith(SIMBENCH_PREFIX) and not NETWORKS.is_installed("simbench")
    return is_unknown or name in builtin_names()


def needs_libraries(source: NetworkSource) -> None:
    """Makes sure that pandapower is there, and SimBench where the network is one of its own; imports neither.

    Raises:
        InvalidCase: what makes the network is not installed, or its name is neither's.
    """
    name = source.builtin if source.file is None else ""
    is_simbench = name.startswith(SIMBENCH_PREFIX)
    if name and not is_simbench and name not in pandapower_names():
        raise InvalidCase([source.problem("is not a built-in network", remedy=near_builtin(name))])
    if not NETWORKS.is_installed("pandapower", *(["simbench"] if is_simbench else [])):
        library = "SimBench" if is_simbench else "pandapower"
        what = f"takes {library}, which is not installed"
        raise InvalidCase([source.problem(what, remedy=NETWORKS.remedy)])


def near_builtin(name: str) -> str:
    """The remedy for a name that no built-in has: the one that was surely meant, or where to find them.

    The prefix is left out of the comparison: it alone makes any two names look alike.
    """
    full = {known.rpartition("/")[2]: known for known in builtin_names()}
    close = get_close_matches(name.rpartition("/")[2], full, n=1, cutoff=NAME_LIKENESS_MIN)
    return f"did you mean '{full[close[0]]}'?" if close else "see `gridpact network`"


def builtin_net(source: NetworkSource) -> tuple[Any, tuple[str, ...]]:
    """A built-in network as a pandapower net, and notices about it.

    Raises:
        InvalidCase: no built-in has this name, or what makes it is not installed.
    """
    needs_libraries(source)
    name = source.builtin
    if name in pandapower_names():
        net, notices = _pandapower_net(name.removeprefix(PANDAPOWER_PREFIX))
        return net, () if source.is_three_phase and name.endswith(EUROPEAN_ASYMMETRIC) else notices
    if name not in builtin_names():
        raise InvalidCase([source.problem("is not a built-in network", remedy=near_builtin(name))])
    from simbench import get_simbench_net

    return get_simbench_net(name.removeprefix(SIMBENCH_PREFIX)), ()


def _pandapower_net(name: str) -> tuple[Any, tuple[str, ...]]:
    from pandapower import networks

    if name == CIGRE:
        return networks.create_cigre_network_lv(), ()
    if name in (EUROPEAN, EUROPEAN_ASYMMETRIC):
        notice = "the IEEE European LV feeder is unbalanced; its balanced positive-sequence network is taken"
        return networks.ieee_european_lv_asymmetric(), (notice,)
    if name in VOLTAGE_CONTROL:
        return networks.create_synthetic_voltage_control_lv_network(name), ()
    create = getattr(networks, name if name in KERBER_EXTREME else f"create_{name}")
    if OVERHEAD_LINE in name:
        return create(), ()
    notice = (
        f"pandapower draws the service cables of this network by lot; gridpact fixes the lot (seed {SEED})"
    )
    return _drawn_with_seed(create), (notice,)


def _drawn_with_seed(create: Callable[[], Any]) -> Any:
    """What `create` makes of Python's random numbers from a fixed seed, which are left as they were."""
    state = random.getstate()
    random.seed(SEED)
    try:
        return create()
    finally:
        random.setstate(state)
