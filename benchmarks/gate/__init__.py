"""Load and chaos on the open gate: what it takes, what it answers, what it never loses."""
