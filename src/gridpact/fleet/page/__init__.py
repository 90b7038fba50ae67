"""A fleet as a page, in words and on stderr."""
