"""Results: a clearance, its tables and summary, and how they are written."""

from gridpact.results.clearance import Clearance
from gridpact.results.clearance_writer import write_clearance

__all__ = ["Clearance", "write_clearance"]
