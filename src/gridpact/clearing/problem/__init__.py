"""The clearing problem: what may clear, what limits it, and what a solution of it is."""
