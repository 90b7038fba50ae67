"""Limits: what every bus, line and transformer of a network has to stay within."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of every bus, line and transformer of the network."""

    voltage_min_pu: float = 0.90
    voltage_max_pu: float = 1.10
    line_loading_max_percent: float = 100.0
    transformer_loading_max_percent: float = 100.0
