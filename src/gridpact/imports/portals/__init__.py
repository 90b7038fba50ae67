"""Where the readings stand in a sheet: one file per format of a portal, and one for any other table."""
