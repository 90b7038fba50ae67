"""What pictures are made of: axes, traces, stacks, colours and the tree of a network."""
