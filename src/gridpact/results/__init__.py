"""Results: a clearance, its tables and summary, and how they are written.

Both names are imported when they are first asked for: who reads a folder of results needs no engine.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance
    from gridpact.results.clearance_writer import write_clearance

__all__ = ["Clearance", "write_clearance"]


def __getattr__(name: str) -> Any:
    if name == "Clearance":
        from gridpact.results.clearance import Clearance

        return Clearance
    if name == "write_clearance":
        from gridpact.results.clearance_writer import write_clearance

        return write_clearance
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
