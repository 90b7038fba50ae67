"""Options that have no meaning together, whatever is cleared by them."""

from typing import Protocol

from gridpact.case.case import Formulation, Robustness
from gridpact.errors import InvalidUsage
from gridpact.grid.source import NetworkSource


class Options(Protocol):
    """What a case, or the settings of one, say of how to clear."""

    @property
    def network(self) -> NetworkSource | None:
        """Where the network comes from, where that is known."""

    @property
    def formulation(self) -> Formulation:
        """Network model of the clearing."""

    @property
    def robustness(self) -> Robustness:
        """What the allocation has to survive."""


def check_options(options: Options) -> None:
    """Refuses options that no clearing could be done by.

    Raises:
        InvalidUsage: the lossless model with a network of three phases, or with robustness.
    """
    need_formulation(options)
    if options.robustness is not Robustness.NONE and options.formulation is not Formulation.AC:
        raise InvalidUsage(
            f"robustness '{options.robustness}' is about voltages and currents after an outage, which the "
            f"formulation '{options.formulation}' does not see",
            "clear with formulation 'ac', or without robustness",
        )


def need_formulation(options: Options) -> None:
    """Refuses a formulation that has no meaning on a network.

    Raises:
        InvalidUsage: it is the lossless model, and the network has three phases.
    """
    network = options.network
    if network is not None and network.is_three_phase and options.formulation is Formulation.DC:
        raise InvalidUsage(
            "the formulation 'dc' is of balanced networks: it knows no phases, no neutral and no unbalance",
            "take formulation 'ac', or set model = \"balanced\" for the network",
        )
