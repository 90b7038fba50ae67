"""The folder of a case: its files, its settings, and the case that they come to."""
