"""The last minute before closure: single orders, signed ones, batches; on SQLite and on PostgreSQL.

python -m benchmarks.gate.last_minute [--postgresql] [--signed] [--batch N] [--orders N] [--seconds S]
    [--spare S] [--markets M] [--participants P] [--connections C] [--workers W] [--one-by-one]
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.gate.counted import acknowledged, faults
from benchmarks.gate.running import ONE_BY_ONE, SERVE, PostgreSql, Running, postgresql
from benchmarks.gate.sender import Outcome, request, send
from benchmarks.gate.street import Trader, make_gate, make_street, open_sessions, order, text
from benchmarks.machine import described
from gridpact.gate.log.jws import detached, sign_compact

PERIODS = 24


def main() -> None:
    """Prints the figures of one load."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate.last_minute")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, SQLite otherwise")
    parser.add_argument("--signed", action="store_true", help="every order signed, and signatures required")
    parser.add_argument("--batch", type=int, default=1, help="orders in a request")
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="over which they are due; 0: at once")
    parser.add_argument("--spare", type=float, default=2.0, help="seconds from the last one to the closure")
    parser.add_argument("--markets", type=int, default=100)
    parser.add_argument("--participants", type=int, default=100)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1, help="serving processes, with PostgreSQL")
    parser.add_argument("--one-by-one", action="store_true", help="a commit for each request")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-") as name:
        folder = Path(name)
        with postgresql(folder / "postgresql", wanted=options.postgresql) as server:
            _measure(options, folder / "gate", server)


def _measure(options: argparse.Namespace, folder: Path, server: PostgreSql | None) -> None:
    gate = make_gate(folder, server.url if server else "")
    traders = make_street(
        folder, markets=options.markets, participants=options.participants, is_signed=options.signed
    )
    running = Running(
        folder,
        *(["--workers", str(options.workers)] if server else []),
        program=ONE_BY_ONE if options.one_by_one else SERVE,
    )
    try:
        making = options.orders * (70e-6 if options.signed else 20e-6) + 5.0
        closes = datetime.now(UTC) + timedelta(seconds=making + options.seconds + options.spare)
        sessions = open_sessions(folder, markets=options.markets, closes=closes, periods=PERIODS, prefix="s")
        requests = _requests(options, gate, running.port, traders)
        asyncio.run(send(running.port, [_warm_up(running.port, traders[0])], connections=1))
        if options.seconds:
            until_begin = (closes - datetime.now(UTC)).total_seconds() - options.seconds - options.spare
            time.sleep(max(0.0, until_begin))
        before, own = running.cpu_seconds(), time.process_time()
        of_database = server.cpu_seconds() if server else 0.0
        outcome = asyncio.run(
            send(running.port, requests, seconds=options.seconds, connections=options.connections)
        )
        own, after = time.process_time() - own, running.cpu_seconds()
        of_database = server.cpu_seconds() - of_database if server else 0.0
        _print(options, outcome, after["serving"] - before["serving"], of_database, own)
        for line in faults(
            folder, sessions, acknowledged(outcome), unknown=len(outcome.unanswered) * options.batch
        ) or ["every acknowledged order is counted once, none is lost"]:
            print(line)
        print(described())
    finally:
        running.kill()


def _warm_up(port: int, trader: Trader) -> bytes:
    """An order of a price that is refused, so that the gate has checked one before it is measured."""
    body = text({**order(trader, 0, periods=PERIODS, minutes=60), "price_per_kwh": 1e9})
    return request(port, f"/sessions/s{trader.market[1:]}/orders", trader.secret, body)


def _requests(options: argparse.Namespace, gate: str, port: int, traders: list[Trader]) -> list[bytes]:
    """One request after the other, each of another trader."""
    made = []
    for number in range(options.orders // options.batch):
        trader = traders[number * 61 % len(traders)]
        session = f"s{trader.market[1:]}"
        orders = [
            order(trader, number * options.batch + k, periods=PERIODS, minutes=60)
            for k in range(options.batch)
        ]
        body = text(orders[0] if options.batch == 1 else {"orders": orders})
        jws = None
        if trader.private is not None:
            jws = detached(sign_compact(body, trader.private, {"aud": gate, "sub": session}))
        path = "orders" if options.batch == 1 else "order-batches"
        made.append(request(port, f"/sessions/{session}/{path}", trader.secret, body, jws))
    return made


def _print(
    options: argparse.Namespace, outcome: Outcome, serving: float, of_database: float, own: float
) -> None:
    wall = outcome.wall_seconds
    kind = ("PostgreSQL" if options.postgresql else "SQLite") + (", signed" if options.signed else "")
    kind += f", batches of {options.batch:,}" if options.batch > 1 else ""
    kind += ", a commit per request" if options.one_by_one else ""
    handed_in = outcome.statuses[201] * options.batch
    print(
        f"{kind}: {handed_in:,} of {options.orders:,} orders in {wall:.1f} s, "
        f"{handed_in / wall:,.0f} a second; "
        f"p50 {outcome.at(0.5):.3f} s, p99 {outcome.at(0.99):.3f} s, all {outcome.at(1.0):.3f} s; "
        f"statuses {dict(outcome.statuses)}, unanswered {len(outcome.unanswered)}"
    )
    each = 1e6 / max(1, handed_in)
    print(
        f"CPU per order: gate {serving * each:.0f} µs, database {of_database * each:.0f} µs, "
        f"sender {own * each:.0f} µs; of {wall:.1f} s: {serving:.1f}, {of_database:.1f}, {own:.1f} s"
    )


if __name__ == "__main__":
    main()
