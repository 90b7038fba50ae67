"""OpenADR 3: envelopes as events of a server (VTN), and what its resources report."""
