"""The pictures of the pages as figures of plotly, to look at in a notebook and to change.

plotly is imported when a figure is made, and only then.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact.comparison import ResultComparison
from gridpact.envelopes import OperatingEnvelopes
from gridpact.errors import InvalidUsage
from gridpact.fields.arguments import need
from gridpact.fleet import FleetResult
from gridpact.fleet.page.fleet_pictures import hours_picture, shares_picture
from gridpact.fleet.rows.fleet_tables import ENERGIES, HOURS_PER_DAY
from gridpact.fleet.rows.tally import SHARE_BINS
from gridpact.report.clearance.clearance_page import report_pictures
from gridpact.report.comparison.comparison_page import comparison_pictures
from gridpact.report.envelopes.envelope_pictures import envelope_pictures
from gridpact.report.headroom.headroom_pictures import headroom_pictures
from gridpact.report.pictures.traces import Picture
from gridpact.report.settlement.settlement_page import settlement_pictures
from gridpact.results import Clearance
from gridpact.settlement.settled_case import SettledCase
from gridpact.trading_headroom import Headroom

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

NO_PLOTLY = "plotly is not installed"


def plot_clearance(clearance: Clearance, picture: str = "load") -> "Figure":
    """A picture of the report.

    Args:
        clearance: what `gridpact.clear` makes.
        picture: `load` by where it is served from, `generation` by where it goes, `voltage` of all buses,
            `loading`, `feed-in`, `commitments`; in a three-phase network `voltage-a`, `voltage-b`,
            `voltage-c`, `loading` of lines, `transformers`, `neutral` and `unbalance`.

    Returns:
        A figure of plotly, mean kW, pu or percent over the periods.

    Raises:
        InvalidUsage: there is no such picture, or it has nothing to show, or plotly is not installed.
    """
    need("plot_clearance", Clearance, clearance, "clear a case first: gridpact.clear(case)")
    return _figure(report_pictures(clearance), picture)


def plot_headroom(headroom: Headroom, picture: str = "sale-sums") -> "Figure":
    """A picture of the headroom.

    Args:
        headroom: what `gridpact.headroom` makes.
        picture: `sale-sums`, kW of all participants; `sale-alone` and `sale-together`, the share of what each
            has that goes, a row for each participant; the same of `purchase`.

    Returns:
        A figure of plotly.

    Raises:
        InvalidUsage: there is no such picture, or it has nothing to show, or plotly is not installed.
    """
    need("plot_headroom", Headroom, headroom, "make one first: gridpact.headroom(case)")
    return _figure(headroom_pictures(headroom), picture)


def plot_envelopes(envelopes: OperatingEnvelopes, picture: str = "envelopes-0") -> "Figure":
    """What each participant may take and feed in, kW, beside what its connection carries.

    Args:
        envelopes: what `gridpact.operating_envelopes` makes.
        picture: `envelopes-0`, and `envelopes-1` for the second half of more than 24 participants.

    Returns:
        A figure of plotly.

    Raises:
        InvalidUsage: there is no such picture, or plotly is not installed.
    """
    need("plot_envelopes", OperatingEnvelopes, envelopes, "make them: gridpact.operating_envelopes(case)")
    return _figure(envelope_pictures(envelopes), picture)


def plot_comparison(comparison: ResultComparison, picture: str = "cleared") -> "Figure":
    """A picture of two results side by side.

    Args:
        comparison: what `gridpact.compare` makes.
        picture: `cleared` and `import`, kW over the periods; `change`, kWh by participant; and those of the
            limits, which the refusal of another name lists.

    Returns:
        A figure of plotly.

    Raises:
        InvalidUsage: there is no such picture, or it has nothing to show, or plotly is not installed.
    """
    need("plot_comparison", ResultComparison, comparison, "compare two: gridpact.compare(first, second)")
    return _figure(comparison_pictures(comparison), picture)


def plot_settlement(
    settled: SettledCase, picture: str = "accounts", *, beside: SettledCase | None = None
) -> "Figure":
    """A picture of a settlement.

    Args:
        settled: what `gridpact.settle` makes.
        picture: `accounts`, received less paid; `drawn-0` and `fed-0`, mean kW over the periods by who they
            are settled with; `gain-feeding-0` and `gain-drawing-0`, money by participant, of those who fed in
            and of those who only drew.
        beside: the same case settled in another way, to compare.

    Returns:
        A figure of plotly.

    Raises:
        InvalidUsage: there is no such picture, or it has nothing to show, or plotly is not installed.
    """
    need("plot_settlement", SettledCase, settled, "settle a case first: gridpact.settle(case, clearance)")
    return _figure(settlement_pictures(settled, beside=beside), picture)


def plot_fleet(fleet: FleetResult, picture: str = "hours") -> "Figure":
    """A picture of a fleet.

    Args:
        fleet: what `gridpact.run_fleet` makes.
        picture: `hours`, energy in each hour of the local day, kWh; `shares`, how many cases cleared which
            share of what was proposed.

    Returns:
        A figure of plotly.

    Raises:
        InvalidUsage: there is no such picture, or it has nothing to show, or plotly is not installed.
    """
    need("plot_fleet", FleetResult, fleet, "clear one first: gridpact.run_fleet(cases, out)")
    return _figure(_fleet_pictures(fleet), picture)


def _fleet_pictures(fleet: FleetResult) -> dict[str, Picture]:
    """The pictures of the page of a fleet, from its tables."""
    by_hour = fleet.hours.groupby("hour")[list(ENERGIES)].sum().reindex(range(HOURS_PER_DAY), fill_value=0.0)
    share = fleet.table["cleared_share"].to_numpy(np.float64, na_value=np.nan)
    places = (share[share < 1.0] * SHARE_BINS).astype(np.int64)
    return {
        "shares": shares_picture(np.bincount(places, minlength=SHARE_BINS).tolist()),
        "hours": hours_picture({name: by_hour[name].tolist() for name in ENERGIES}),
    }


def _figure(pictures: Mapping[str, Picture], picture: str) -> "Figure":
    """One of the pictures of a page as a figure."""
    shown = [name for name, each in pictures.items() if each["data"]]
    if picture not in pictures:
        raise InvalidUsage(f"there is no picture '{picture}'", f"choose one of {', '.join(shown)}")
    if picture not in shown:
        others = f"choose one of {', '.join(shown)}" if shown else "there is none for it"
        raise InvalidUsage(f"picture '{picture}' has nothing to show", others)
    try:
        from plotly.graph_objects import Figure
    except ModuleNotFoundError as error:
        raise InvalidUsage(NO_PLOTLY, "install it: pip install plotly") from error
    found: Any = Figure(**pictures[picture])
    return found
