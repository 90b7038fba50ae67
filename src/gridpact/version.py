"""The version of gridpact."""

__version__ = "0.1.0"
