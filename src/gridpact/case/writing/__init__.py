"""Writing a case, and tables of any kind."""
