"""Clearing: how much of each trade the network can carry, all of them at once."""
