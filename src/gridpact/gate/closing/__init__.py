"""From a session that closes to what is published of it."""
