"""Reading the tables of a folder: files to columns, and columns to arrays with every value checked."""
