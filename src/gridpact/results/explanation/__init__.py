"""Explanations: why trades and participants get what they get, and what would have to change."""
