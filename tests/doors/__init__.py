"""What comes in and goes out: files that a case names, names in tables and pages."""
