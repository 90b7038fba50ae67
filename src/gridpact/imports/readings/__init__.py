"""From cells to readings: what a cell says, at which instant, and what all of them come to."""
