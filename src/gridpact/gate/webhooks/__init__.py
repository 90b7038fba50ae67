"""Webhooks: events sent to programs that cannot hold a connection."""
