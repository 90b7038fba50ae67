"""Clarabel without a word on stdout."""

import clarabel


def silent_settings(tolerance: float) -> clarabel.DefaultSettings:
    """Settings of Clarabel with its output off, one thread, and a tolerance of gaps and feasibility."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    return settings
