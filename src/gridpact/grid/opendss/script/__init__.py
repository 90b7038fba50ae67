"""The script of an OpenDSS folder: which files it is, what they say, and what of it is admitted."""
