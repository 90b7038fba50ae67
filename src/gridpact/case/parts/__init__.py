"""What the parts of a case check of themselves and of each other, wherever they come from."""
