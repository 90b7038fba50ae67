"""What earlier sessions had made firm, what is kept of it, and what is new."""

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.fields.said import counted
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.stack import Layer, stack
from gridpact.report.pictures.traces import BLUE, GREEN, ORANGE, Picture, empty_picture
from gridpact.report.shell.html import figure, paragraph, section
from gridpact.report.shell.numbers import energy
from gridpact.results.clearance import Clearance
from gridpact.results.words.phrases import clock


def commitments_picture(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """Traded power by whether it was firm before; empty where nothing was."""
    if not clearance.committed:
        return empty_picture()
    cleared, is_firm = clearance.cleared, clearance.is_committed
    cleared_kw, proposed_kw = cleared["cleared_kw"].to_numpy(), cleared["proposed_kw"].to_numpy()
    return stack(
        axis,
        "Traded between peers (kW)",
        Layer(name="Firm before, kept", kw=_of_periods(clearance, cleared_kw, is_firm), colour=BLUE),
        Layer(name="New", kw=_of_periods(clearance, cleared_kw, ~is_firm), colour=GREEN, pattern="/"),
        Layer(
            name="Firm before, cut",
            kw=_of_periods(clearance, proposed_kw - cleared_kw, is_firm),
            colour=ORANGE,
            pattern="x",
        ),
    )


def commitments_section(clearance: Clearance, picture: Picture) -> str:
    """The section about commitments; nothing where there are none."""
    if not clearance.committed:
        return ""
    figures, case = clearance.summary["commitments"], clearance.case
    said = (
        f"{energy(figures['committed_kwh'])} kWh of {counted(figures['trades'], 'trade')} were firm before."
    )
    if figures["cut_rows"]:
        lost_kwh = energy(figures["committed_kwh"] - figures["kept_kwh"])
        cut = counted(figures["cut_trades"], "trade")
        said += f" The forecast no longer carries {lost_kwh} kWh of them, of {cut}: these were cut."
    else:
        said += " All of it is kept."
    new_kwh = clearance.summary["cleared_kwh"] - figures["kept_kwh"]
    said += f" {energy(new_kwh)} kWh are new."
    if case.first_open == case.horizon.periods:
        said += " All periods are closed to new trades."
    elif case.first_open:
        said += f" Periods before {clock(case.horizon, case.first_open)} are closed to new trades."
    drawn = ""
    if picture["data"]:
        caption = "Mean power of all trades in each period, stacked by when it became firm."
        drawn = figure("commitments", "Stacked bars: traded power by when it became firm, in kW", caption)
    return section("What was firm, and what is new", paragraph(said), drawn)


def _of_periods(clearance: Clearance, kw: Float, rows: Bool) -> Float:
    """The sum of some rows of the offers in each period, (T,)."""
    period, periods = clearance.offers.period[rows], clearance.case.horizon.periods
    return np.bincount(period, weights=kw[rows], minlength=periods).astype(np.float64)
