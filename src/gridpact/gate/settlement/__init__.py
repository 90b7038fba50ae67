"""Settlement of what a gate has cleared: asked for, made by the settlement of every case, published once."""
