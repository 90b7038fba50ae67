"""Power flow: states of a compiled network, its reduction, and how they answer to small changes."""
