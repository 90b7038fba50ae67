"""Two results of one case side by side: energy, limits, and who gains and loses."""

from gridpact.comparison.compare_results import compare
from gridpact.comparison.comparison_writer import write_comparison
from gridpact.comparison.result_comparison import ResultComparison

__all__ = ["ResultComparison", "compare", "write_comparison"]
