"""The search for the worst corners of a box of net powers, and how far a box can grow."""
