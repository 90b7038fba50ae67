"""gridpact: clears, proves and explains peer-to-peer electricity trades on low-voltage networks."""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gridpact.version import __version__ as __version__

if TYPE_CHECKING:
    from gridpact.case import (
        Allocation,
        Case,
        Curtailment,
        FeedIn,
        Formulation,
        Horizon,
        Orders,
        Participants,
        PriceRule,
        Profiles,
        Robustness,
        TableFormat,
        Terms,
        Trades,
        read_case,
        with_commitments,
        write_case,
    )
    from gridpact.comparison import ResultComparison, compare, write_comparison
    from gridpact.envelopes import (
        EnvelopeRule,
        OperatingEnvelopes,
        operating_envelopes,
        write_operating_envelopes,
    )
    from gridpact.errors import GridpactError, InvalidCase, InvalidUsage, Problem, SolverFailed
    from gridpact.fleet import FleetResult, run_fleet
    from gridpact.grid.limits import Limits
    from gridpact.grid.network import Network
    from gridpact.grid.source import NetworkSource
    from gridpact.matching import match
    from gridpact.pipeline import clear, compile_network
    from gridpact.plots import (
        plot_clearance,
        plot_comparison,
        plot_envelopes,
        plot_fleet,
        plot_headroom,
        plot_settlement,
    )
    from gridpact.results import Clearance, write_clearance
    from gridpact.results.explain_result import explain
    from gridpact.results.explanation.explanation import Explanation
    from gridpact.results.explanation.explanation_writer import write_explanation
    from gridpact.settlement.settle_case import settle
    from gridpact.settlement.settled_case import SettledCase
    from gridpact.settlement.settlement_writer import write_settlement
    from gridpact.trading_headroom import Headroom, headroom, write_headroom

logging.getLogger(__name__).addHandler(logging.NullHandler())  # silent until a program asks for it

_HOME = {
    "Allocation": "gridpact.case",
    "Case": "gridpact.case",
    "Clearance": "gridpact.results",
    "Curtailment": "gridpact.case",
    "EnvelopeRule": "gridpact.envelopes",
    "Explanation": "gridpact.results.explanation.explanation",
    "FeedIn": "gridpact.case",
    "FleetResult": "gridpact.fleet",
    "Formulation": "gridpact.case",
    "GridpactError": "gridpact.errors",
    "Headroom": "gridpact.trading_headroom",
    "Horizon": "gridpact.case",
    "InvalidCase": "gridpact.errors",
    "InvalidUsage": "gridpact.errors",
    "Limits": "gridpact.grid.limits",
    "Network": "gridpact.grid.network",
    "NetworkSource": "gridpact.grid.source",
    "OperatingEnvelopes": "gridpact.envelopes",
    "Orders": "gridpact.case",
    "Participants": "gridpact.case",
    "PriceRule": "gridpact.case",
    "Problem": "gridpact.errors",
    "Profiles": "gridpact.case",
    "ResultComparison": "gridpact.comparison",
    "Robustness": "gridpact.case",
    "SettledCase": "gridpact.settlement.settled_case",
    "SolverFailed": "gridpact.errors",
    "TableFormat": "gridpact.case",
    "Terms": "gridpact.case",
    "Trades": "gridpact.case",
    "clear": "gridpact.pipeline",
    "compare": "gridpact.comparison",
    "compile_network": "gridpact.pipeline",
    "explain": "gridpact.results.explain_result",
    "headroom": "gridpact.trading_headroom",
    "match": "gridpact.matching",
    "operating_envelopes": "gridpact.envelopes",
    "plot_clearance": "gridpact.plots",
    "plot_comparison": "gridpact.plots",
    "plot_envelopes": "gridpact.plots",
    "plot_fleet": "gridpact.plots",
    "plot_headroom": "gridpact.plots",
    "plot_settlement": "gridpact.plots",
    "read_case": "gridpact.case",
    "run_fleet": "gridpact.fleet",
    "settle": "gridpact.settlement.settle_case",
    "with_commitments": "gridpact.case",
    "write_case": "gridpact.case",
    "write_clearance": "gridpact.results",
    "write_comparison": "gridpact.comparison",
    "write_explanation": "gridpact.results.explanation.explanation_writer",
    "write_headroom": "gridpact.trading_headroom",
    "write_operating_envelopes": "gridpact.envelopes",
    "write_settlement": "gridpact.settlement.settlement_writer",
}

__all__ = [
    "Allocation",
    "Case",
    "Clearance",
    "Curtailment",
    "EnvelopeRule",
    "Explanation",
    "FeedIn",
    "FleetResult",
    "Formulation",
    "GridpactError",
    "Headroom",
    "Horizon",
    "InvalidCase",
    "InvalidUsage",
    "Limits",
    "Network",
    "NetworkSource",
    "OperatingEnvelopes",
    "Orders",
    "Participants",
    "PriceRule",
    "Problem",
    "Profiles",
    "ResultComparison",
    "Robustness",
    "SettledCase",
    "SolverFailed",
    "TableFormat",
    "Terms",
    "Trades",
    "clear",
    "compare",
    "compile_network",
    "explain",
    "headroom",
    "match",
    "operating_envelopes",
    "plot_clearance",
    "plot_comparison",
    "plot_envelopes",
    "plot_fleet",
    "plot_headroom",
    "plot_settlement",
    "read_case",
    "run_fleet",
    "settle",
    "with_commitments",
    "write_case",
    "write_clearance",
    "write_comparison",
    "write_explanation",
    "write_headroom",
    "write_operating_envelopes",
    "write_settlement",
]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that `import gridpact` stays cheap."""
    if name not in _HOME:
        raise AttributeError(f"module 'gridpact' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names beside those that are there already, for completion."""
    return sorted({*globals(), *__all__})
