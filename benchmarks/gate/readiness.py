"""How long `gridpact serve` takes from an empty folder until it says that it is ready.

python -m benchmarks.gate.readiness [--times N]
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.gate.running import Running
from benchmarks.machine import described


def main() -> None:
    """Prints the seconds of each start, and the CPU that all processes took until then."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate.readiness")
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    seconds, cpu = [], []
    for _ in range(options.times):
        with tempfile.TemporaryDirectory(prefix="gate-") as name:
            running = Running(Path(name) / "gate")
            seconds.append(running.ready_seconds)
            cpu.append(sum(running.cpu_seconds().values()))
            running.kill()
    print(
        f"ready in an empty folder after {', '.join(f'{each:.2f}' for each in seconds)} s; "
        f"CPU until then {', '.join(f'{each:.2f}' for each in cpu)} s"
    )
    print(described())


if __name__ == "__main__":
    main()
