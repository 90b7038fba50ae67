"""Networks: compiled for clearing, their AC power flow, and its verification."""

from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import (
    PowerFlow,
    bus_voltage_pu,
    import_kw,
    loading_percent,
    losses_kw,
    run_power_flow,
)
from gridpact.grid.limits import Limits
from gridpact.grid.network import Branches, ElementKind, Elements, Network
from gridpact.grid.pandapower.builtin import builtin_names, pandapower_names
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import VerificationFlow, run_verification_power_flow
from gridpact.grid.verification.verification_model import VerificationModel

__all__ = [
    "Branches",
    "ElementKind",
    "Elements",
    "Limits",
    "Network",
    "NetworkSource",
    "PowerFlow",
    "VerificationFlow",
    "VerificationModel",
    "builtin_names",
    "bus_voltage_pu",
    "compile_source",
    "import_kw",
    "loading_percent",
    "losses_kw",
    "pandapower_names",
    "run_power_flow",
    "run_verification_power_flow",
]
