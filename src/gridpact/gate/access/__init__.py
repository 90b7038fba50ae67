"""Who a user is, and what is whose."""
