"""Clearing over caps alone: what would clear if the network carried all."""
