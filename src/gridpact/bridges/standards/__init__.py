"""standards.toml: who the parties are, and by which codes others know the participants."""
