"""Commands that read results: two side by side, one explained."""
