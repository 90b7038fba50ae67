"""Verification: the same power flow by power-grid-model, on a network converted separately."""
