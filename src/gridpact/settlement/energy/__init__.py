"""Energy: what meters and cleared trades say, and what of them is traded, shared, retailed and lost."""
