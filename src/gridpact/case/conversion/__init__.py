"""Conversion: a case folder to one that is read faster."""
