"""Reading what settlement takes: tariffs, sharing, meters, and earlier results."""
