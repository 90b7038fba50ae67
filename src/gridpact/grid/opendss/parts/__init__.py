"""The elements of a circuit as records of power-grid-model."""
