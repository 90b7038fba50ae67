"""Reading results for a comparison: their tables, and whether two of them are of one case."""
