"""A day of the IEEE European LV test feeder, whose 55 homes are on a phase each.

The network is pandapower's `ieee_european_lv_asymmetric`. The loads are the feeder's own profiles of a minute
as means of quarter-hours; they, and the trades, which were drawn once, stay as they are in the folder.
"""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import gridpact
from gridpact.case import Case
from gridpact.results import Clearance

FOLDER = "european-lv-phases"
WIDTH = 120
CAPS = ("seller_surplus", "buyer_demand")


def european_phases(examples: Path) -> Case:
    """The case of the folder, which is not made of anything else."""
    return gridpact.read_case(examples / FOLDER)


def readme(case: Case) -> str:
    """The page of the example's folder."""
    clearance = gridpact.clear(case)
    makers = int(np.sum(case.profiles.generation_kw.max(axis=0) > 0.0))
    homes, buses = len(case.participants), len(clearance.network.bus_ids)
    cleared, proposed = (clearance.summary[f"{name}_kwh"] for name in ("cleared", "proposed"))
    rows = "\n".join(f"| {name} | {kwh:.2f} |" for name, kwh in cut_kwh(clearance))
    paragraphs = (
        "# IEEE European LV test feeder, three phases",
        f"{buses} buses and {homes} homes, each on the phase of the publication, in {case.horizon.periods} "
        f"quarter-hours from 10:00 to 16:00. {makers} homes have 3.68 kW of solar power, the other "
        f"{homes - makers} an electric car that charges what its home buys. Each of the first offers three "
        f"of the others a third of its power: {len(case.trades)} trades. Voltages may be 216.2 V to 253 V "
        "between a phase and the neutral, 0.9003 to 1.0534 pu of the feeder's 240.2 V.",
        f"```console\n$ gridpact clear examples/{FOLDER} --out out/{FOLDER}\n```",
        f"Cleared: {cleared:.2f} kWh of {proposed:.2f} kWh proposed, with no limit broken. What cuts the "
        "rest:",
        f"| | kWh |\n|---|---:|\n{rows}",
        "[Why three phases](../../docs/explanation/three-phases.md) says what clears on the same day where "
        "the feeder is taken for a balanced one, and what that does to it.",
        "The feeder is the European Low Voltage Test Feeder of the IEEE PES Test Feeder Working Group. "
        "Buses, phases and load profiles are those of OpenDSS' `IEEETestCases/LVTestCase` (BSD-3-Clause), "
        "the network is pandapower's `ieee_european_lv_asymmetric` (BSD-3-Clause), with the supply at 1.05 "
        "pu of 11 kV. Solar power is a cosine of the hour, cars take 3.68 kW, and who trades with whom was "
        "drawn once.",
        "`examples/make_examples.py` writes this page.",
    )
    return "\n\n".join(_wrapped(one) for one in paragraphs) + "\n"


def _wrapped(paragraph: str) -> str:
    """A paragraph in lines of the page's width; blocks and tables stay as they are."""
    return paragraph if "\n" in paragraph else textwrap.fill(paragraph, WIDTH, break_on_hyphens=False)


def cut_kwh(clearance: Clearance) -> Iterator[tuple[str, float]]:
    """What cut how much: homes' own surplus and demand, and each kind of limit with its phase."""
    cleared = clearance.cleared
    lost = (cleared["proposed_kw"] - cleared["cleared_kw"]) * clearance.case.horizon.hours_per_period
    by_caps = cleared["limited_by"].isin(CAPS)
    yield "homes' own surplus and demand", float(lost[by_caps].sum())
    by_network = lost[~by_caps & (lost > 0.0)].groupby([cleared["limited_by"], cleared["phase"]]).sum()
    for (limit, phase), kwh in by_network.items():
        yield f"`{limit}`, phase {phase}", float(kwh)


def write_european_phases(folder: Path) -> None:
    """Writes the page of the example's folder."""
    text = readme(gridpact.read_case(folder))
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
