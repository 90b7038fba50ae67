"""Proven upper bounds on the volume, by a convex relaxation of the network."""
