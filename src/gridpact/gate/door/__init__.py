"""Submissions: their form, their meaning, and how they are taken in."""
