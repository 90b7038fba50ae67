"""Kills under load: all processes of a gate at once, again and again, while orders are handed in.

python -m benchmarks.gate.chaos [--kills N] [--rate N] [--postgresql] [--workers W]

What was not answered is sent again after each kill, as clients do. In the end every order is there once, and
the whole gate is verified.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

from benchmarks.gate.counted import faults
from benchmarks.gate.running import Running, postgresql
from benchmarks.gate.sender import request, send
from benchmarks.gate.street import make_gate, make_street, open_sessions, order, text
from benchmarks.machine import described

MARKETS, PARTICIPANTS, PERIODS = 10, 50, 24
KILL_SECONDS = (0.5, 3.0)  # after a start
LOAD_SECONDS = 6.0


def main() -> None:
    """Prints what was lost, and what came twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate.chaos")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rate", type=int, default=300, help="orders a second")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, SQLite otherwise")
    parser.add_argument("--workers", type=int, default=2, help="serving processes, with PostgreSQL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-") as name:
        folder = Path(name)
        with postgresql(folder / "postgresql", wanted=options.postgresql) as server:
            _load_and_kill(options, folder / "gate", server.url if server else "")


def _load_and_kill(options: argparse.Namespace, folder: Path, database: str) -> None:
    make_gate(folder, database)
    traders = make_street(folder, markets=MARKETS, participants=PARTICIPANTS)
    far = datetime.now(UTC) + timedelta(hours=1)
    sessions = open_sessions(folder, markets=MARKETS, closes=far, periods=PERIODS, prefix="s")
    running = Running(folder, *(["--workers", str(options.workers)] if database else []))
    known: dict[str, tuple[str, str]] = {}
    statuses: Counter[str] = Counter()
    sent = 0
    try:
        for _ in range(options.kills):
            count = int(options.rate * LOAD_SECONDS)
            bodies = [(traders[number % len(traders)], number) for number in range(sent, sent + count)]
            made = [
                request(
                    running.port,
                    f"/sessions/s{trader.market[1:]}/orders",
                    trader.secret,
                    text(order(trader, number, periods=PERIODS, minutes=60)),
                )
                for trader, number in bodies
            ]
            sent += count
            killer = Thread(target=_kill_soon, args=(running,))
            killer.start()
            waiting = dict(enumerate(made))
            waiting = _hand_in(running, waiting, known, statuses, seconds=LOAD_SECONDS)
            killer.join()
            running.start()
            while waiting:
                waiting = _hand_in(running, waiting, known, statuses, seconds=0.0)
        running.stop()
        found = faults(folder, sessions, known)
        if len(known) != sent:
            found.append(f"{sent} orders were handed in, and {len(known)} got a receipt")
        done = subprocess.run(
            [sys.executable, "-m", "gridpact", "gate", "verify", str(folder)],
            capture_output=True,
            text=True,
        )
        kind = "PostgreSQL" if database else "SQLite"
        print(
            f"{kind}: {options.kills} kills of all processes, {sent:,} orders; "
            f"answers {dict(statuses)}; verification: exit {done.returncode}, {done.stdout.strip()!r}"
        )
        for line in found or ["every order is counted once, none is lost"]:
            print(line)
        print(described())
    finally:
        if running.process.poll() is None:
            running.kill()


def _kill_soon(running: Running) -> None:
    time.sleep(random.uniform(*KILL_SECONDS))
    running.kill()


def _hand_in(
    running: Running,
    waiting: dict[int, bytes],
    known: dict[str, tuple[str, str]],
    statuses: Counter[str],
    *,
    seconds: float,
) -> dict[int, bytes]:
    """Sends what waits, notes the receipts, and gives what is to be sent again."""
    places = list(waiting)
    outcome = asyncio.run(
        send(running.port, [waiting[k] for k in places], seconds=seconds, connections=50, patience=20.0)
    )
    again = {place: waiting[place] for place in places}
    for position, answer in outcome.bodies.items():
        status, _, body = answer.partition(b" ")
        statuses[status.decode()] += 1
        if status in (b"200", b"201"):
            receipt = json.loads(body)
            said = receipt["sha256"], receipt["received_at"]
            if known.setdefault(receipt["submission"], said) != said:
                raise SystemExit(f"{receipt['submission']} was given to two")
            del again[places[position]]
        elif status not in (b"503", b"429"):
            raise SystemExit(f"an order was refused: {answer[:300]!r}")
    statuses["none"] += len(again) - outcome.statuses[503] - outcome.statuses[429]
    return again


if __name__ == "__main__":
    main()
