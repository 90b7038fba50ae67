"""The site, its tutorials and its notebooks."""
