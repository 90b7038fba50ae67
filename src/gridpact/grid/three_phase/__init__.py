"""Three phases: a balanced network with what its zero sequence adds, as a network of three nodes a bus."""
