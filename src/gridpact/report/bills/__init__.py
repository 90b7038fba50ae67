"""The pages of bills, in the languages that they are written in, and as PDF."""
