"""What network files say, made regular before it is checked and compiled."""
