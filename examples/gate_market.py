"""A gate with a market that trades by itself: `make gate`, or `python examples/gate_market.py`.

It serves a gate in a new folder, makes a market of the published day, gives every participant a user and a
key, and opens one session after another for tomorrow. In each, everybody hands in a forecast and an order at
a price of its own, two neighbours agree on a trade, and what came of it is told in one line.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.case import Case, read_case
from gridpact.gate.client import GateClient

CASE = Path(__file__).parent / "cigre-lv-day"
MARKET, KEY = "street", "example"
NEIGHBOURS = ("pv-16", "home-12")
SUNNY_HOURS, DECIMALS = (10, 15), 6


@dataclass(frozen=True, kw_only=True)
class Street:
    """The market and those that trade in it."""

    case: Case
    url: str
    operator: GateClient
    traders: Mapping[str, GateClient]


@contextmanager
def served(folder: Path, port: int) -> Iterator[str]:
    """Serves a gate, and gives its URL once it is ready."""
    words = [sys.executable, "-m", "gridpact", "serve", str(folder), "--port", str(port)]
    log = (folder.parent / f"{folder.name}.log").open("a")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("gate on "):
            raise SystemExit(f"the gate does not start: see {log.name}")
        yield line.removeprefix("gate on ").strip()
    finally:
        process.terminate()
        process.wait()


def make_street(folder: Path, url: str, stack: ExitStack) -> Street:
    """Makes the market, and a user with a key and a mandate for each of its participants."""
    words = [sys.executable, "-m", "gridpact", "gate", "import", str(folder), str(CASE), "--market", MARKET]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    case = read_case(CASE)
    secret = (folder / "operator.key").read_text().strip()
    operator = stack.enter_context(GateClient(url, secret))
    traders = {}
    for participant in case.participants.ids:
        operator.put(f"/users/{participant}", {"name": f"Who lives at {participant}", "roles": []})
        operator.put(f"/markets/{MARKET}/mandates/{participant}/{participant}", {"rights": ["read", "trade"]})
        key = operator.new_key(participant, KEY)
        traders[participant] = stack.enter_context(GateClient(url, key or ""))
    return Street(case=case, url=url, operator=operator, traders=traders)


def open_session(street: Street, session: str, seconds: float) -> datetime:
    """Opens a session for tomorrow that closes in some seconds, and gives the start of its horizon."""
    zone, now = ZoneInfo(street.case.horizon.timezone), datetime.now(UTC)
    start = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    document = {
        "delivery_start": start.isoformat(),
        "periods": street.case.horizon.periods,
        "gate_opens": now.isoformat(),
        "gate_closes": (now + timedelta(seconds=seconds)).isoformat(),
    }
    street.operator.put(f"/markets/{MARKET}/sessions/{session}", document)
    return start


def hand_in(street: Street, session: str, start: datetime, chance: random.Random) -> int:
    """Hands in what everybody wants, and gives the number of submissions."""
    begin, end = (start + timedelta(hours=hour) for hour in SUNNY_HOURS)
    window = {"start": begin.isoformat(), "end": end.isoformat()}
    profiles = street.case.profiles
    load_kw, generation_kw = (
        np.round(table, DECIMALS) for table in (profiles.load_kw, profiles.generation_kw)
    )
    count = 0
    for place, (participant, trader) in enumerate(street.traders.items()):
        trader.forecast(session, participant, load_kw[:, place], generation_kw[:, place])
        sells = participant.startswith("pv")
        order = {
            "order": f"{session}-{participant}",
            "participant": participant,
            "side": "sell" if sells else "buy",
            **window,
            "power_kw": round(chance.uniform(0.2, 2.0), 3),
            "price_per_kwh": round(chance.uniform(0.06, 0.12) if sells else chance.uniform(0.1, 0.2), 3),
        }
        trader.hand_in_order(session, order)
        count += 2
    seller, buyer = NEIGHBOURS
    trade = {
        "trade": session,
        "seller": seller,
        "buyer": buyer,
        **window,
        "power_kw": 0.2,
        "price_per_kwh": 0.1,
    }
    proposal = street.traders[seller].propose_trade(session, trade)
    street.traders[buyer].confirm_trade(session, proposal.submission)
    return count + 2


def wait_for(street: Street, session: str) -> dict[str, object]:
    """The session, once it is published or has failed."""
    while True:
        view = street.operator.session(session)
        if view["state"] in ("cleared", "failed"):
            return view
        sleep(0.5)


def run(folder: Path, *, port: int, sessions: int, seconds: float) -> None:
    """Lets the market trade, for a number of sessions or until it is interrupted."""
    with ExitStack() as stack:
        url = stack.enter_context(served(folder, port))
        street = make_street(folder, url, stack)
        print(f"gate        {url}")
        print(f"API         {url}/api/v1/openapi.json")
        print(f"folder      {folder}, with the operator's key in operator.key")
        print(f"market      {MARKET}: {len(street.traders)} participants, a session every {seconds:g} s")
        print(f"look        gridpact gate session show {folder} s-1; gridpact gate verify {folder}")
        chance, number = random.Random(1), 0
        while sessions == 0 or number < sessions:
            number += 1
            session = f"s-{number}"
            count = hand_in(street, session, open_session(street, session, seconds), chance)
            view = wait_for(street, session)
            said = f"{view.get('cleared_kwh', 0.0):g} of {view.get('proposed_kwh', 0.0):g} kWh cleared"
            print(f"session     {session}: {count} submissions, {view['state']}, {said}", flush=True)


def main() -> None:
    """Reads the options, and runs."""
    parser = argparse.ArgumentParser(description="A gate with a market that trades by itself.")
    parser.add_argument("--out", type=Path, help="new folder of the gate; a temporary one without it")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--sessions", type=int, default=0, help="how many; 0 goes on until Ctrl-C")
    parser.add_argument("--seconds", type=float, default=30.0, help="for which each session is open")
    said = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    folder = said.out or Path(tempfile.mkdtemp(prefix="gridpact-gate-")) / "gate"
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(folder, port=said.port, sessions=said.sessions, seconds=said.seconds)
    except KeyboardInterrupt:
        print(f"ended; the gate stays in {folder}")


if __name__ == "__main__":
    main()
