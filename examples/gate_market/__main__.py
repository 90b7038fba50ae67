"""A gate with a street that trades by itself: `make gate`, or `python examples/gate_market`.

Eight homes with roofs, five more with cars and an aggregator that acts for ten flats trade tomorrow in
sessions of some seconds each. In one of them all cars plan to charge at once, which the cables do not carry
even without a trade. Then the day is settled, by readings that are near the schedule, and all is verified.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from pathlib import Path
from random import Random

from market_day import MARKET, hold, make_market, sessions_of, verified
from settling import settle


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


def run(folder: Path, *, port: int, days: int, sessions: int, seconds: float) -> None:
    """Lets the street trade, for a number of days or until it is interrupted."""
    with ExitStack() as stack:
        url = stack.enter_context(served(folder, port))
        market = make_market(folder, url, stack, seed=1)
        print(f"gate        {url}")
        print(f"API         {url}/api/v1/openapi.json")
        print(f"folder      {folder}, with the operator's key in operator.key")
        print(f"market      {MARKET}: {len(market.street)} participants, a session every {seconds:g} s")
        print(f"look        gridpact gate session list {folder}; gridpact gate verify {folder} --clear")
        for day in islice(count(1), days or None):
            for coming in sessions_of(day, sessions):
                print(f"session     {hold(market, folder, coming, seconds)}", flush=True)
            print(f"settlement  {settle(market, coming, Random(day))}", flush=True)
            if days:
                print(f"verified    {verified(folder)}", flush=True)


def main() -> None:
    """Reads the options, and runs."""
    parser = argparse.ArgumentParser(description="A gate with a street that trades by itself.")
    parser.add_argument("--out", type=Path, help="new folder of the gate; a temporary one without it")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--days", type=int, default=0, help="how many; 0 goes on until Ctrl-C")
    parser.add_argument("--sessions", type=int, default=6, help="of each day")
    parser.add_argument("--seconds", type=float, default=15.0, help="for which each session is open")
    said = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    folder = said.out or Path(tempfile.mkdtemp(prefix="gridpact-gate-")) / "gate"
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(folder, port=said.port, days=said.days, sessions=said.sessions, seconds=said.seconds)
    except KeyboardInterrupt:
        print(f"ended; the gate stays in {folder}")


if __name__ == "__main__":
    main()
