"""What a settlement comes to: for each participant, account and retailer, and entry by entry."""
