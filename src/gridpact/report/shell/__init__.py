"""The shell of every page, and how texts and numbers stand in it."""
