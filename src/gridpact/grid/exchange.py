"""A network as power-grid-model JSON, whatever it comes from, and how well two networks agree."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Complex, Float
from gridpact.grid.flow.power_flow import bus_voltage_pu, loading_percent, run_power_flow
from gridpact.grid.library_errors import problems_of_libraries
from gridpact.grid.network import Network
from gridpact.grid.network_file import NetworkFormat, network_text, read_network_file
from gridpact.grid.opendss.from_opendss import opendss_as_json
from gridpact.grid.pandapower.builtin import builtin_net, needs_libraries
from gridpact.grid.places import places
from gridpact.grid.shipped.shipped_networks import is_shipped, shipped_json
from gridpact.grid.source import NetworkSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The greatest differences between two networks under the same injections, infinite where they differ."""

    voltage_pu: float
    loading_percent: float


def power_grid_model_content(source: NetworkSource) -> bytes:
    """The network that a source names as power-grid-model JSON; a file that is such stays as it is.

    Raises:
        InvalidCase: it is no network, or holds what power-grid-model cannot carry exactly.
    """
    if source.file is None and is_shipped(source.builtin, source.model):
        return shipped_json(source.builtin, source.model)
    with problems_of_libraries(source):
        text = ""
        if source.file is not None:
            file = read_network_file(source)
            if file.script is not None:
                return opendss_as_json(file.script, source)
            network = network_text(file)
            if network.format is NetworkFormat.POWER_GRID_MODEL:
                return network.text.encode()  # as it is, but for a byte order mark
            text = network.text
        needs_libraries(source)
        from pandapower import from_json_string

        from gridpact.grid.pandapower.power_grid_model_json import power_grid_model_json

        net = from_json_string(text, convert=True) if text else builtin_net(source)[0]
        return power_grid_model_json(net, source)


def difference(first: Network, second: Network, at_bus_kva: Complex) -> Difference:
    """How far apart two networks are that should be the same.

    Args:
        first: B buses.
        second: is to have the same buses, lines and transformers.
        at_bus_kva: complex power injected at each bus, (T, B); of three phases each has another share.
    """
    elements, others = first.elements, second.elements
    if not (
        np.array_equal(first.bus_ids, second.bus_ids)
        and sorted(zip(elements.kind, elements.id, strict=True))
        == sorted(zip(others.kind, others.id, strict=True))
    ):
        return Difference(voltage_pu=np.inf, loading_percent=np.inf)
    (voltage, loading), (other_voltage, other_loading) = (
        _operated(network, at_bus_kva) for network in (first, second)
    )
    return Difference(
        voltage_pu=_greatest(voltage, other_voltage), loading_percent=_greatest(loading, other_loading)
    )


def _operated(network: Network, at_bus_kva: Complex) -> tuple[Float, Float]:
    """Voltages, (T, V), and loadings by kind and id of the elements, (T, L)."""
    at_node = np.zeros((len(at_bus_kva), network.nodes), dtype=np.complex128)
    shares = np.arange(len(network.phases), 0, -1) / sum(range(len(network.phases) + 1))
    for phase, share in enumerate(shares.tolist()):
        np.add.at(at_node.T, network.bus_nodes[:, phase], share * at_bus_kva.T)
    flow = run_power_flow(network, at_node.real, at_node.imag)
    element = places(network).loading_element
    order = np.lexsort([network.elements.id[element], np.array(network.elements.kind)[element]])
    return bus_voltage_pu(network, flow), loading_percent(network, flow)[:, order]


def _greatest(values: Float, others: Float) -> float:
    """The greatest difference; infinite where only one of two is a number."""
    if (np.isnan(values) != np.isnan(others)).any():
        return float(np.inf)
    return float(np.nan_to_num(np.abs(values - others)).max(initial=0.0))
