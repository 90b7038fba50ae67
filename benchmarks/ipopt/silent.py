"""Ipopt, through CasADi, without a word on stdout."""

from collections.abc import Mapping
from typing import Any

import casadi as ca

_SILENT_CASADI = {"print_time": False, "show_eval_warnings": False, "verbose": False}
_SILENT_IPOPT = {"print_level": 0, "sb": "yes"}  # `sb` leaves the banner out


def silent_ipopt(name: str, programme: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """A solver of a nonlinear programme, with the output of CasADi and Ipopt off.

    Args:
        name: of the solver, letters and underscores.
        programme: symbols `x` and `p`, and expressions `f` and `g` of them, as `casadi.nlpsol` takes them.
        options: of Ipopt.

    Raises:
        RuntimeError: CasADi refuses the programme or an option.
    """
    every: dict[str, Any] = {**_SILENT_CASADI, "ipopt": {**options, **_SILENT_IPOPT}}
    return ca.nlpsol(name, "ipopt", dict(programme), every)
