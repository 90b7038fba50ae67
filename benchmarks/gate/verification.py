"""`gate verify` of a long log of single orders, each with its own receipt.

python -m benchmarks.gate.verification [--entries N] [--postgresql]
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.gate.running import postgresql
from benchmarks.gate.street import Trader, make_gate, make_street, open_sessions, order, text
from benchmarks.machine import described
from gridpact.gate.access.visitor import secret_sha256, visitor_of_key
from gridpact.gate.door.take_orders import OrderArrival, take_orders
from gridpact.gate.market.session_frames import frame_of
from gridpact.gate.market.session_states import session_state
from gridpact.gate.store.gate_home import Gate, open_gate
from gridpact.gate.store.transaction import Transaction, carry_out, known_changes
from gridpact.gate.words.json_bodies import read_json

MARKETS, PARTICIPANTS, PERIODS = 10, 100, 24
STORED_AT_ONCE = 5_000


def main() -> None:
    """Prints how long a verification takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate.verification")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, SQLite otherwise")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-") as name:
        folder = Path(name)
        with postgresql(folder / "postgresql", wanted=options.postgresql) as server:
            _measure(options.entries, folder / "gate", server.url if server else "")


def _measure(entries: int, folder: Path, database: str) -> None:
    make_gate(folder, database)
    traders = make_street(folder, markets=MARKETS, participants=PARTICIPANTS)
    far = datetime.now(UTC) + timedelta(days=1)
    open_sessions(folder, markets=MARKETS, closes=far, periods=PERIODS, prefix="s")
    gate = open_gate(folder)
    begin = time.perf_counter()
    for first in range(0, entries, STORED_AT_ONCE):
        _store(gate, traders, range(first, min(entries, first + STORED_AT_ONCE)))
    stored = time.perf_counter() - begin
    gate.database.close()
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "gridpact", "gate", "verify", str(folder)], capture_output=True, text=True
    )
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{'PostgreSQL' if database else 'SQLite'}: verified {entries:,} orders in {took:.1f} s, "
        f"CPU {cpu:.1f} s "
        f"({cpu / entries * 1e6:.0f} µs an entry); exit {done.returncode}, {done.stdout.strip()!r}; "
        f"storing them without HTTP took {stored:.1f} s"
    )
    print(described())


def _store(gate: Gate, traders: list[Trader], numbers: range) -> None:
    """Stores orders in one transaction, as the gate does with those that wait together."""
    now = gate.clock()
    with gate.database.reading() as connection:
        changed = known_changes(connection)
        arrivals = []
        for number in numbers:
            trader = traders[number % len(traders)]
            session = f"s{trader.market[1:]}"
            state = session_state(connection, session) if session not in _frames else None
            if state is not None:
                _frames[session] = frame_of(connection, state.row)
            key = secret_sha256(trader.secret)
            if key not in _visitors:
                _visitors[key] = visitor_of_key(connection, key, now)
            body = text(order(trader, number, periods=PERIODS, minutes=60))
            arrivals.append(
                OrderArrival(
                    visitor=_visitors[key],
                    session=session,
                    body=body,
                    document=read_json(body),
                    received_at=now,
                    frame=_frames[session],
                    changed=changed,
                    private=gate.private,
                )
            )

    def work(transaction: Transaction) -> None:
        take_orders(transaction, arrivals)

    carry_out(gate.database, work)


_frames, _visitors = {}, {}


if __name__ == "__main__":
    main()
