"""Solvers as gridpact makes them: silent, so that stdout belongs to the result, and with one thread."""
