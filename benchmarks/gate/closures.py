"""From closure to publication: one heavy market, and many markets that close at once.

python -m benchmarks.gate.closures [--heavy] [--markets N] [--participants P] [--orders N] [--postgresql]
    [--clearing-workers N] [--elsewhere RATE]
"""

import argparse
import asyncio
import csv
import io
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from sqlalchemy import select

from benchmarks.gate.running import Running, postgresql
from benchmarks.gate.sender import Outcome, request, send
from benchmarks.gate.street import Trader, make_gate, make_street, open_sessions, order, text
from benchmarks.machine import described
from gridpact.gate.store.gate_home import open_gate
from gridpact.gate.store.gate_tables import JOB, PUBLICATION, PUBLISHED_FILE, SEAL

PERIODS = {False: 24, True: 96}
PATIENCE_SECONDS = 600.0
HEAVY_TIMES = 6.0  # what a heavy market trades of what a common one does


def main() -> None:
    """Prints the figures of one closure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate.closures")
    parser.add_argument(
        "--heavy", action="store_true", help="one market, 96 periods, a third of them congested"
    )
    parser.add_argument("--markets", type=int, default=1000)
    parser.add_argument("--participants", type=int, default=10)
    parser.add_argument("--orders", type=int, default=20, help="of each market")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, SQLite otherwise")
    parser.add_argument("--clearing-workers", type=int, default=2)
    parser.add_argument(
        "--elsewhere", type=float, default=0.0, help="orders a second in another market meanwhile"
    )
    options = parser.parse_args()
    if options.heavy:
        options.markets, options.participants, options.orders = 1, 100, 1000
    with tempfile.TemporaryDirectory(prefix="gate-") as name:
        folder = Path(name)
        with postgresql(folder / "postgresql", wanted=options.postgresql) as server:
            _measure(options, folder / "gate", server.url if server else "")


def _measure(options: argparse.Namespace, folder: Path, database: str) -> None:
    make_gate(folder, database)
    periods = PERIODS[options.heavy]
    elsewhere = 1 if options.elsewhere else 0
    traders = make_street(
        folder,
        markets=options.markets + elsewhere,
        participants=options.participants,
        periods_a_day=periods,
    )
    running = Running(folder, "--clearing-workers", str(options.clearing_workers))
    try:
        closes = datetime.now(UTC) + timedelta(seconds=10.0 + options.markets * 0.2)
        sessions = open_sessions(folder, markets=options.markets, closes=closes, periods=periods, prefix="s")
        of_markets = [each for each in traders if int(each.market[1:]) < options.markets]
        outcome = asyncio.run(send(running.port, _requests(options, running.port, of_markets, periods)))
        if outcome.statuses.keys() - {200, 201}:
            said = next(body for body in outcome.bodies.values() if not body.startswith((b"200", b"201")))
            raise SystemExit(f"not all was taken: {dict(outcome.statuses)}, as {said[:300]!r}")
        if (late := (closes - datetime.now(UTC)).total_seconds()) < 0.0:
            raise SystemExit(f"the gate closed {-late:.1f} s too early for this")
        before = running.cpu_seconds()
        with _meanwhile(options, folder, running, traders, periods) as others:
            _wait(folder, sessions, closes)
        _print(options, folder, sessions, closes, running, before)
        for other in others:
            print(
                f"elsewhere meanwhile: {other.statuses[201]:,} of {sum(other.statuses.values()):,} orders, "
                f"p50 {other.at(0.5):.3f} s, p99 {other.at(0.99):.3f} s"
            )
        print(described())
    finally:
        running.kill()


def _requests(options: argparse.Namespace, port: int, traders: list[Trader], periods: int) -> list[bytes]:
    """Forecasts and orders of all markets, orders as one batch of each participant."""
    made = []
    each, minutes = options.orders // options.participants, 24 * 60 // periods
    for trader in traders:
        path = f"/sessions/s{trader.market[1:]}"
        index = int(trader.participant[1:])
        is_seller, times = index % 2 == 0, HEAVY_TIMES if options.heavy else 1.0
        generation = [_sun_kw(period / periods) * is_seller * times for period in range(periods)]
        load_kw = 0.3 if is_seller else 1.5 * times
        forecast = {"load_kw": [load_kw] * periods, "generation_kw": [round(kw, 3) for kw in generation]}
        made.append(
            _put(request(port, f"{path}/forecasts/{trader.participant}", trader.secret, text(forecast)))
        )
        orders = [order(trader, number, periods=periods, minutes=minutes) for number in range(each)]
        if options.heavy:
            orders = [{**one, "power_kw": round(one["power_kw"] * HEAVY_TIMES, 2)} for one in orders]
        made.append(request(port, f"{path}/order-batches", trader.secret, text({"orders": orders})))
    return made


def _sun_kw(part_of_day: float) -> float:
    """Generation by the hour: a third of the day strains the network."""
    return round(max(0.0, 4.5 * (1.0 - ((part_of_day - 0.5) / 0.2) ** 2)), 3)


def _put(made: bytes) -> bytes:
    return b"PUT" + made.removeprefix(b"POST")


@contextmanager
def _meanwhile(
    options: argparse.Namespace, folder: Path, running: Running, traders: list[Trader], periods: int
) -> Iterator[list[Outcome]]:
    """Orders in another market, where these are asked for, for as long as the sessions are cleared."""
    found: list[Outcome] = []
    if not options.elsewhere:
        yield found
        return
    last = [each for each in traders if int(each.market[1:]) == options.markets]
    far = datetime.now(UTC) + timedelta(hours=1)
    gate_sessions = open_sessions(
        folder, markets=options.markets + 1, closes=far, periods=periods, prefix="e"
    )
    made = [
        request(
            running.port,
            f"/sessions/{gate_sessions[-1]}/orders",
            last[number % len(last)].secret,
            text(order(last[number % len(last)], number, periods=periods, minutes=24 * 60 // periods)),
        )
        for number in range(int(options.elsewhere * 10))
    ]

    def load() -> None:
        found.append(asyncio.run(send(running.port, made, seconds=10.0, connections=50)))

    thread = Thread(target=load)
    thread.start()
    yield found
    thread.join()


def _wait(folder: Path, sessions: list[str], closes: datetime) -> None:
    gate = open_gate(folder)
    end = closes.timestamp() + PATIENCE_SECONDS
    while time.time() < end:
        with gate.database.reading() as connection:
            done = set(connection.execute(select(PUBLICATION.c.session)).scalars())
            failed = select(JOB.c.document).where(JOB.c.state == "failed")
            if document := connection.execute(failed).scalar():
                raise SystemExit(f"a session failed: {document}")
        if done >= set(sessions):
            gate.database.close()
            return
        time.sleep(0.25)
    raise SystemExit("the sessions were not cleared in time")


def _print(
    options: argparse.Namespace,
    folder: Path,
    sessions: list[str],
    closes: datetime,
    running: Running,
    before: dict[str, float],
) -> None:
    after, gate = running.cpu_seconds(), open_gate(folder)
    with gate.database.reading() as connection:
        sealed = [
            row / 1e6 - closes.timestamp() for row in connection.execute(select(SEAL.c.sealed_at)).scalars()
        ]
        published = list(connection.execute(select(PUBLICATION.c.published_at)).scalars())
        summaries: list[dict[str, Any]] = [
            json.loads(content)
            for content in connection.execute(
                select(PUBLISHED_FILE.c.content).where(PUBLISHED_FILE.c.name == "summary.json")
            ).scalars()
        ]
    gate.database.close()
    seconds = sorted(moment / 1e6 - closes.timestamp() for moment in published)
    clearing, serving = (after[kind] - before[kind] for kind in ("clearing", "serving"))
    proposed = sum(each["proposed_kwh"] for each in summaries)
    cleared = sum(each["cleared_kwh"] for each in summaries)
    print(
        f"{len(sessions):,} sessions of {options.participants} participants and {options.orders:,} orders, "
        f"{'PostgreSQL' if options.postgresql else 'SQLite'}, {options.clearing_workers} clearing workers: "
        f"closure to last seal {max(sealed):.1f} s, to the first publication {seconds[0]:.1f} s, "
        f"to the last {seconds[-1]:.1f} s; CPU of clearing {clearing:.1f} s "
        f"({clearing / len(sessions) * 1000:.0f} ms a session), of serving {serving:.1f} s; "
        f"{cleared:,.0f} of {proposed:,.0f} kWh cleared{_congested(folder) if options.heavy else ''}"
    )


def _congested(folder: Path) -> str:
    """In how many periods trades were cut."""
    gate = open_gate(folder)
    with gate.database.reading() as connection:
        query = select(PUBLISHED_FILE.c.content).where(PUBLISHED_FILE.c.name == "cleared.csv")
        rows = list(csv.DictReader(io.StringIO(connection.execute(query).scalar_one().decode())))
    gate.database.close()
    cut = {row["time"] for row in rows if row["limited_by"]}
    return (
        f" in {len(rows):,} rows, {len(cut)} of {len({row['time'] for row in rows})} periods with trades cut"
    )


if __name__ == "__main__":
    main()
