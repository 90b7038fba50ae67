"""Built-in networks that come with the package, compiled: whatever else is installed, they are the same."""
