"""The folder of a fleet: its files, its locks and what a run needs there."""
