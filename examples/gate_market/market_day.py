"""A day of the market: sessions one after the other, each with a later part of tomorrow still open."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import sleep

from agents import Agent, Coming
from street import (
    FLATS,
    QUARTERS,
    Household,
    households,
    instant,
    market_document,
    participants_document,
    tomorrow,
)

from gridpact.gate.client import GateClient

MARKET, KEY = "sunny-street", "demo"
AGGREGATOR, RETAILER, AUDITOR = "flats-together", "default", "auditor"
# In this session of each day all cars plan to charge when the cheap price begins, more than the cables carry.
UNSAFE = 2
SAFE_STATES = ("cleared", "failed")


@dataclass(frozen=True, kw_only=True)
class Market:
    """The market and those who trade in it.

    Attributes:
        operator: with the operator's key.
        agents: those who hand in.
        retailer: who supplies what the street does not trade.
        street: everybody by name.
    """

    operator: GateClient
    agents: Sequence[Agent]
    retailer: GateClient
    street: dict[str, Household]


def make_market(folder: Path, url: str, stack: ExitStack, seed: int) -> Market:
    """Makes the market, its users, their keys and their mandates."""
    chance = Random(seed)
    street = households(chance)
    operator = stack.enter_context(GateClient(url, (folder / "operator.key").read_text().strip()))
    operator.put(f"/markets/{MARKET}", market_document())
    operator.put(f"/markets/{MARKET}/participants", participants_document(street))

    def user(name: str, title: str, roles: Sequence[str], **more: str) -> GateClient:
        operator.put(f"/users/{name}", {"name": title, "roles": list(roles), **more})
        return stack.enter_context(GateClient(url, operator.new_key(name, KEY) or ""))

    def agent(name: str, title: str, homes: Sequence[str]) -> Agent:
        client = user(name, title, [])
        for home in homes:
            operator.put(f"/markets/{MARKET}/mandates/{name}/{home}", {"rights": ["read", "trade"]})
        return Agent(client=client, homes={home: street[home] for home in homes}, chance=chance)

    alone = [agent(name, f"Who lives at {name}", [name]) for name in street if name not in FLATS]
    together = agent(AGGREGATOR, "The flats' aggregator", list(FLATS))
    user(AUDITOR, "The auditor", ["auditor"])
    retailer = user("retailer", "The retailer", ["retailer"], retailer=RETAILER)
    return Market(operator=operator, agents=[*alone, together], retailer=retailer, street=street)


def sessions_of(day: int, count: int) -> Iterator[Coming]:
    """The sessions of a day that is so many days away; each leaves less of it open than the one before."""
    start = tomorrow(datetime.now(UTC), day)
    for number in range(count):
        yield Coming(
            name=f"{start.date()}-{number + 1}",
            start=start,
            open_from=number * (QUARTERS // 2) // max(count - 1, 1) // 4 * 4,
            error=0.15 / (number + 1),
            cars_together=number == UNSAFE,
        )


def hold(market: Market, folder: Path, coming: Coming, seconds: float) -> str:
    """Opens a session, lets everybody act, waits for what comes of it, and says so in a line."""
    now = datetime.now(UTC)
    document = {
        "delivery_start": coming.start.isoformat(),
        "periods": QUARTERS,
        "gate_opens": now.isoformat(),
        "gate_closes": (now + timedelta(seconds=seconds)).isoformat(),
    }
    if coming.open_from:
        document["open_from"] = instant(coming.start, coming.open_from)
    market.operator.put(f"/markets/{MARKET}/sessions/{coming.name}", document)
    count = sum(agent.act(coming) for agent in market.agents)
    view = wait_for(market.operator, coming.name)
    if view["state"] == "cleared":
        for agent in market.agents:
            agent.remember(coming)
    if view.get("status") == "baseline_unsafe":
        publish_envelopes(market.operator, folder, coming.name)
    cleared = f"{view.get('cleared_kwh', 0.0):.1f} of {view.get('proposed_kwh', 0.0):.1f} kWh cleared"
    return f"{coming.name}: {count} submissions, {view.get('status', view['state'])}, {cleared}"


def wait_for(operator: GateClient, session: str) -> dict[str, object]:
    """The session, once it is published or has failed."""
    while True:
        view = operator.session(session)
        if view["state"] in SAFE_STATES:
            return view
        sleep(0.25)


def publish_envelopes(operator: GateClient, folder: Path, session: str) -> None:
    """Publishes what each may take and feed in whatever the others do, where a forecast is not safe."""
    with tempfile.TemporaryDirectory() as name:
        gridpact("gate", "export", str(folder), session, "--out", f"{name}/session")
        gridpact("envelope", f"{name}/session/case", "--out", f"{name}/envelope")
        content = Path(name, "envelope", "operating_envelopes.csv").read_bytes()
    operator.put_table(f"/markets/{MARKET}/operating-envelopes", content)


def gridpact(*words: str) -> str:
    """What a command of gridpact says."""
    done = subprocess.run(
        [sys.executable, "-m", "gridpact", *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def verified(folder: Path) -> str:
    """What the gate's verification says of all of it, every session cleared again."""
    return gridpact("gate", "verify", str(folder), "--clear").strip()
