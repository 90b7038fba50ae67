"""The ledger: double entries of settled energy, their booking and their correction."""
