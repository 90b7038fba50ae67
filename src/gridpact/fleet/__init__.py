"""Fleets: many cases cleared on all cores or on a Dask cluster, each on its own, none of them lost."""

from gridpact.fleet.fleet_result import FleetResult
from gridpact.fleet.interrupted import Interrupted
from gridpact.fleet.run import run_fleet

__all__ = ["FleetResult", "Interrupted", "run_fleet"]
