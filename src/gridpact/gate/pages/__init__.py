"""Pages for people: what the API does, by forms, and what it answers, in their language."""
