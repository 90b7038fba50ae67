"""What a user is shown of sessions and results."""
