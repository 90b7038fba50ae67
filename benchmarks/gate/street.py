"""Gates to be loaded: markets with participants, each of a user of its own with a key, without HTTP."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gridpact.gate.access import user_commands
from gridpact.gate.log.jws import new_private_jwk
from gridpact.gate.market.market_commands import put_market, put_market_file
from gridpact.gate.market.participant_tables import stored
from gridpact.gate.market.session_commands import put_session
from gridpact.gate.market.session_frames import PARTICIPANTS_FILE
from gridpact.gate.running.new_gate import new_gate
from gridpact.gate.store.gate_home import OPERATOR_KEY_FILE, open_gate, write_secret
from gridpact.gate.store.transaction import Transaction, carry_out

OF_SELLERS, OF_BUYERS = (11, 15, 16, 17, 18, 22), (35, 36, 37, 40, 41, 42)  # buses of CIGRE LV, with loads
DELIVERY = datetime(2030, 6, 21, tzinfo=UTC)
BENCH = "benchmark"  # as the log calls who made all this


@dataclass(frozen=True, slots=True)
class Trader:
    """Who hands in: a participant of a market with the key of its user, and what that signs with."""

    market: str
    participant: str
    secret: str
    private: dict[str, Any] | None


def make_gate(folder: Path, database: str = "") -> str:
    """Makes a gate, and gives its name."""
    made = new_gate(folder, database)
    write_secret(folder / OPERATOR_KEY_FILE, made.operator_key + "\n")
    return made.gate


def make_street(
    folder: Path, *, markets: int, participants: int, periods_a_day: int = 24, is_signed: bool = False
) -> list[Trader]:
    """Makes markets with participants, and a user with a key for each of them."""
    gate, traders = open_gate(folder), []

    def work(transaction: Transaction) -> None:
        now = gate.clock()
        for market in range(markets):
            name = f"m{market:04}"
            put_market(
                transaction, name, _market(name, periods_a_day, is_signed), actor=BENCH, received_at=now
            )
            columns = {
                "participant": [f"p{index:03}" for index in range(participants)],
                "bus": [str(_bus(index)) for index in range(participants)],
                "connection_kw": ["20"] * participants,
            }
            put_market_file(
                transaction, name, PARTICIPANTS_FILE, stored(columns), actor=BENCH, received_at=now
            )
            traders.extend(_trader(transaction, name, index, now, is_signed) for index in range(participants))

    carry_out(gate.database, work)
    gate.database.close()
    return traders


def _bus(index: int) -> int:
    """The bus of a participant: sellers are on one feeder, buyers on another."""
    buses = OF_SELLERS if index % 2 == 0 else OF_BUYERS
    return buses[index // 2 % len(buses)]


def _market(name: str, periods_a_day: int, is_signed: bool) -> dict[str, Any]:
    return {
        "name": name,
        "currency": "EUR",
        "timezone": "UTC",
        "resolution": {24: "1h", 96: "15min"}[periods_a_day],
        "network": {"builtin": "pandapower/cigre_lv"},
        "limits": {"voltage_min_pu": 0.9},
        "rules": {"signatures": "required" if is_signed else "optional", "orders_max": 100_000},
    }


def _trader(transaction: Transaction, market: str, index: int, now: int, is_signed: bool) -> Trader:
    """A user of one participant, with its key."""
    user, participant = f"{market}.{index:03}", f"p{index:03}"
    user_commands.put_user(transaction, user, {"name": user, "roles": []}, actor=BENCH, received_at=now)
    _, made = user_commands.make_key(transaction, user, {"key": "k"}, by=None, actor=BENCH, received_at=now)
    rights = {"rights": ["read", "trade"]}
    user_commands.put_mandate(transaction, market, user, participant, rights, actor=BENCH, received_at=now)
    private = None
    if is_signed:
        private = {**new_private_jwk(), "kid": "s"}
        public = {name: private[name] for name in ("kty", "crv", "x")}
        user_commands.put_signing_key(transaction, user, "s", public, actor=BENCH, received_at=now)
    return Trader(market, participant, made["secret"], private)


def open_sessions(folder: Path, *, markets: int, closes: datetime, periods: int, prefix: str) -> list[str]:
    """Makes one session in each market, open at once, and gives their names."""
    gate = open_gate(folder)
    names = [f"{prefix}{market:04}" for market in range(markets)]
    document = {
        "delivery_start": DELIVERY.isoformat(),
        "periods": periods,
        "gate_opens": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "gate_closes": closes.isoformat(),
    }

    def work(transaction: Transaction) -> None:
        for market, name in enumerate(names):
            put_session(transaction, f"m{market:04}", name, document, actor=BENCH, received_at=gate.clock())

    carry_out(gate.database, work)
    gate.database.close()
    return names


def order(trader: Trader, number: int, *, periods: int, minutes: int) -> dict[str, Any]:
    """An order of a trader: sellers in the first half of the participants, buyers in the second."""
    index = int(trader.participant[1:])
    is_sale = index % 2 == 0
    start, length = (index * 7 + number * 5) % (periods // 2), max(1, periods // 4)
    begin = DELIVERY + timedelta(minutes=minutes * start)
    return {
        "order": f"o{number}-{secrets.token_hex(3)}",
        "participant": trader.participant,
        "side": "sell" if is_sale else "buy",
        "start": begin.isoformat(),
        "end": (begin + timedelta(minutes=minutes * length)).isoformat(),
        "power_kw": round(0.1 + (number * 37 + index) % 20 / 20, 2),
        "price_per_kwh": round((0.08 if is_sale else 0.2) + number % 7 / 100, 2),
    }


def text(document: Any) -> bytes:
    """A document as it is sent."""
    return json.dumps(document).encode()
