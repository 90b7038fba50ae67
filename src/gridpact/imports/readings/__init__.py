"""From cells to readings: whose they are, at which instant, and what all of them come to."""
