"""The workers of a fleet, and what they are handed."""
