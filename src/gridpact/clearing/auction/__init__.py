"""The network auction: orders cleared on the network itself, each participant at a price of its own."""
