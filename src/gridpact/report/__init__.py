"""The report and other results as self-contained pages of pictures, each in a file of its own."""
