"""Values, places and limits of results in words."""
