"""Whether a network can be: values in another unit, voltages that do not go together, supplies that fight."""
