"""What has to work with the newest libraries too: the command line, and one of each kind of work."""
