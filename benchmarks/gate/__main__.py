"""`python -m benchmarks.gate`: every load, closure, verification and kill, one after the other.

python -m benchmarks.gate [--quick]
"""

import argparse
import subprocess
import sys

RUNS = (
    ("readiness",),
    ("last_minute",),
    ("last_minute", "--postgresql"),
    ("last_minute", "--signed", "--orders", "60000"),
    ("last_minute", "--signed", "--orders", "60000", "--postgresql"),
    ("last_minute", "--batch", "1000", "--orders", "500000", "--connections", "20"),
    ("last_minute", "--batch", "1000", "--orders", "500000", "--connections", "20", "--postgresql"),
    ("last_minute", "--one-by-one", "--orders", "6000", "--seconds", "0", "--spare", "60"),
    ("last_minute", "--one-by-one", "--orders", "6000", "--seconds", "0", "--spare", "60", "--postgresql"),
    ("closures", "--heavy"),
    ("closures", "--heavy", "--elsewhere", "200"),
    ("closures",),
    ("verification",),
    ("chaos",),
    ("chaos", "--postgresql"),
)
QUICK = (
    ("readiness", "--times", "1"),
    ("last_minute", "--orders", "10000", "--seconds", "10", "--markets", "10"),
    ("last_minute", "--orders", "10000", "--seconds", "10", "--markets", "10", "--postgresql"),
    ("closures", "--heavy"),
    ("closures", "--markets", "20"),
    ("verification", "--entries", "50000"),
    ("chaos", "--kills", "2"),
)


def main() -> None:
    """Prints the figures of all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small ones, to see whether all of it works")
    options = parser.parse_args()
    for name, *words in QUICK if options.quick else RUNS:
        print(f"$ python -m benchmarks.gate.{name} {' '.join(words)}".rstrip(), flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.gate.{name}", *words], check=False)


if __name__ == "__main__":
    main()
