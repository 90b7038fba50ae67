"""What whoever runs a gate sees of it: its log, its metrics, whether it is ready."""
