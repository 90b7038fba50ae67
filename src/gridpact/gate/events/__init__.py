"""Events: what happens at a gate, told to those whom it concerns, and none of it twice or never."""
