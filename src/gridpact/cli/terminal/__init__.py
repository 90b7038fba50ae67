"""What all commands write: results on stdout, failures on stderr, and their exit codes."""
