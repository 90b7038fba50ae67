"""People: how they log in, who is invited, and what they hand over."""
