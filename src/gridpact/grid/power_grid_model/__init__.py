"""power-grid-model input: checked and compiled."""
