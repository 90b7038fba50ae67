"""The network as an oracle: injections give its state, what is monitored, and how both change."""
