"""The published figures, read from the tables that come with the package."""

from functools import cache
from importlib.resources import files

import pandas as pd

from gridpact.arrays import Float, frozen

EXTREME_PUBLISHED_KW = 255.552889


@cache
def profile_kw(name: str) -> Float:
    """A daily profile in kW, (24,): `residential_0`, `solar_1` and so on."""
    return frozen(_table("profiles.csv")[f"{name}_kw"].to_numpy(), float)


@cache
def published_kwh(buses: int, quantity: str) -> Float:
    """Published energy by hour in kWh, (24,), of the network with 44 or 80 `buses`: load, grid or p2p."""
    return frozen(_table("published_day.csv")[f"bus{buses}_{quantity}_kwh"].to_numpy(), float)


@cache
def _table(name: str) -> pd.DataFrame:
    """A table that comes with the package."""
    with files("gridpact.published").joinpath("data", name).open("rb") as file:
        return pd.read_csv(file)
