"""Adds meter readings, tariffs and a page of figures to the June day of the SimBench feeder.

The meters show what the day became: the forecast with a seeded error. Clouds are common to all plants, what a
home draws is its own, and the head meter shows the AC power flow of that day.
"""

from pathlib import Path

import numpy as np
from settle_both_ways import settle_both_ways

import gridpact
from gridpact.arrays import Float
from gridpact.case import Case
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import at_nodes, injection
from gridpact.grid.flow.power_flow import losses_kw, run_power_flow
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.statements.statements import PLACE, make_statements

SEED = 20160610
MEMORY = 0.9  # of the error from one quarter-hour to the next
LOAD_ERROR, HOME_ERROR, CLOUD_ERROR = 0.30, 0.10, 0.20
CLOUD_MIN, CLOUD_MAX = 0.3, 1.15
WH_PER_KWH, MICRO = 1000, 1_000_000
NAMED = ("home-66", "home-95", "home-15", "home-13")
TARIFFS = """\
mode = "sharing"                # or "firm"
missing = "error"               # or "schedule"
loss_allocation = "dso"         # or "pro-rata", "marginal"

[network]
p2p_charge_per_kwh = 0.02       # paid by the buyer to the network operator
retail_charge_per_kwh = 0.05
tax_per_kwh = 0.01              # on every kWh bought

[retailers.default]
supply_price_per_kwh = [
    { from = "00:00", to = "06:00", price = 0.18 },
    { from = "06:00", to = "24:00", price = 0.21 },
]
feed_in_price_per_kwh = 0.05
imbalance_long_per_kwh = 0.04
imbalance_short_per_kwh = 0.22
"""
README = """\
# SimBench rural feeder, a June day

99 homes, 8 of which feed in; the quarter-hours of 9 June 2016. The case has orders to be matched, and what is
needed to settle what clears: `meters.csv`, what the day became, and `tariffs.toml`.

```console
$ gridpact clear examples/simbench-rural-june --out out/june
$ gridpact settle examples/simbench-rural-june --clearance out/june --out out/june-sharing
$ gridpact settle examples/simbench-rural-june --clearance out/june --mode firm --out out/june-firm
$ python examples/settle_both_ways.py examples/simbench-rural-june out/june-both
```

The last one draws who gains what against retail alone, both ways side by side.

| | sharing | firm |
|---|---:|---:|
{rows}

Gains and losses add up to zero over all accounts. Retail alone: the same meters, all import at the supply
price with network charge and tax, all export at the feed-in price.

Under `sharing` nobody can lose here: what is traded costs less than supply and pays more than feed-in, and
what the meters do not bear out is ordinary supply and feed-in. Under `firm` whatever a home draws beside its
trades, at night too, is imbalance at 0.22 instead of supply at 0.18 and 0.21, and what it bought and did not
use earns 0.04. Some homes:

| home | import (kWh) | export (kWh) | gain, sharing (EUR) | gain, firm (EUR) |
|---|---:|---:|---:|---:|
{homes}

The readings are made: the forecast with a seeded error, and a head meter that shows the AC power flow of that
day. `examples/make_examples.py` writes this folder and this page.
"""


def write_june_settlement(folder: Path) -> None:
    """Writes meters.csv, tariffs.toml and README.md into the case folder of the June day."""
    write_input(folder)
    (folder / "README.md").write_text(readme(*settle_both_ways(folder)), encoding="utf-8", newline="\n")


def write_input(folder: Path) -> None:
    """Writes meters.csv and tariffs.toml."""
    case = gridpact.read_case(folder)
    import_wh, export_wh, head_wh = _readings(case)
    rows = ["time,participant,import_kwh,export_kwh"]
    for period, label in enumerate(case.horizon.labels()):
        rows += [
            f"{label},{name},{_kwh(drawn)},{_kwh(fed)}"
            for name, drawn, fed in zip(
                (*case.participants.ids, "@head"),
                (*import_wh[period], max(head_wh[period], 0)),
                (*export_wh[period], max(-head_wh[period], 0)),
                strict=True,
            )
        ]
    (folder / "meters.csv").write_text("\n".join(rows) + "\n", encoding="utf-8", newline="\n")
    (folder / "tariffs.toml").write_text(TARIFFS, encoding="utf-8", newline="\n")


def readme(sharing: SettledCase, firm: SettledCase) -> str:
    """The page of the example: its figures, settled both ways."""
    ways = (sharing, firm)
    statements = [make_statements(each.settlement) for each in ways]
    gains = [each.gain_micro for each in statements]

    def row(name: str, *cells: str) -> str:
        return f"| {name} | {' | '.join(cells)} |"

    def energy(name: str, key: str) -> str:
        return row(f"{name} (kWh)", *(f"{each.summary['energy_wh'][key] / WH_PER_KWH:.3f}" for each in ways))

    def account(name: str, key: str, account: str = "participants") -> str:
        return row(
            f"{name} (EUR)", *(f"{each.summary['accounts'][account][key] / MICRO:.6f}" for each in ways)
        )

    def home(name: str) -> str:
        place = sharing.case.participants.ids.index(name)
        fed = statements[0].export_wh[place] / WH_PER_KWH
        drawn = statements[0].import_wh[place] / WH_PER_KWH
        figures = (f"{drawn:.3f}", f"{fed:.3f}", *(f"{gain[place] / MICRO:.6f}" for gain in gains))
        return row(f"`{name}`", *figures)

    charge = PLACE["network_charge"]
    paid = [f"{each.amount_micro[charge].sum() / MICRO:.6f}" for each in statements]
    rows = [
        energy("Cleared", "cleared"),
        energy("Settled between peers", "traded"),
        energy("Supplied by the retailer", "supply"),
        energy("Taken by the retailer", "feed_in"),
        energy("Short of positions", "imbalance_short"),
        energy("Beyond positions", "imbalance_long"),
        energy("Network losses", "losses"),
        row("Network charges (EUR)", *paid),
        account("Participants, net", "net_micro"),
        account("Participants, net with retail alone", "retail_only_micro"),
        account("Participants gain", "gain_micro"),
        account("Retailer gains", "gain_micro", "retailer/default"),
        account("Network operator gains", "gain_micro", "dso"),
        account("Tax gains", "gain_micro", "tax"),
        row("Participants who gain", *(str(int((gain > 0).sum())) for gain in gains)),
        row("Participants who lose", *(str(int((gain < 0).sum())) for gain in gains)),
    ]
    return README.format(rows="\n".join(rows), homes="\n".join(home(name) for name in NAMED))


def _readings(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Import and export of every participant and net import at the supply, whole watt-hours."""
    load_kw, generation_kw = _actual(case)
    wh = WH_PER_KWH * case.horizon.hours_per_period
    net_wh = np.rint((load_kw - generation_kw) * wh).astype(np.int64)
    network = gridpact.compile_network(case)
    incidence = connections_of(network, case.participants).incidence(len(case.participants), network.nodes)
    injected = injection(case.participants, generation_kw, load_kw)
    connected = at_nodes(incidence, injected)
    lost_kw = losses_kw(network, run_power_flow(network, connected.p_kw, connected.q_kvar))
    head_kw = (load_kw - generation_kw).sum(axis=1) + lost_kw
    return np.maximum(net_wh, 0), np.maximum(-net_wh, 0), np.rint(head_kw * wh).astype(np.int64)


def _actual(case: Case) -> tuple[Float, Float]:
    """Load and generation as they became, kW, (T, P) each."""
    rng = np.random.default_rng(SEED)
    periods, count = case.profiles.load_kw.shape
    homes = 1.0 + HOME_ERROR * rng.standard_normal(count)
    load = np.maximum(homes * (1.0 + LOAD_ERROR * _wandering(rng, (periods, count))), 0.2)
    cloud = np.clip(1.0 + CLOUD_ERROR * _wandering(rng, (periods, 1)), CLOUD_MIN, CLOUD_MAX)
    return case.profiles.load_kw * load, case.profiles.generation_kw * cloud


def _wandering(rng: np.random.Generator, shape: tuple[int, int]) -> Float:
    """A first-order autoregressive error of variance 1 in every column."""
    steps = rng.standard_normal(shape)
    error = np.zeros(shape)
    error[0] = steps[0]
    for period in range(1, shape[0]):
        error[period] = MEMORY * error[period - 1] + np.sqrt(1.0 - MEMORY**2) * steps[period]
    return error


def _kwh(wh: int) -> str:
    """A reading in kWh, as short as it is exact."""
    return f"{wh // WH_PER_KWH}.{wh % WH_PER_KWH:03d}".rstrip("0").rstrip(".")
