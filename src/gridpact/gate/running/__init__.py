"""The folder of a gate, and the processes that serve it."""
