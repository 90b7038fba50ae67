"""What cells say: numbers with their units, and times."""
