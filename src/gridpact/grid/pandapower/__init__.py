"""pandapower nets: checked, compiled, converted to power-grid-model, and written as its JSON."""
