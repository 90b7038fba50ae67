"""Measurements: cases, phases, peers, and what they cost.

Everything is measured on one thread: OpenBLAS would start others for matrices of the size of a feeder, and
lose time over them. It reads its setting when NumPy is imported, which is after this.
"""

import os

THREADS_VARIABLE = "OPENBLAS_NUM_THREADS"
os.environ.setdefault(THREADS_VARIABLE, "1")
