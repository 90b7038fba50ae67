"""Files of any kind as sheets of cells: texts in many encodings and separators, and workbooks."""
