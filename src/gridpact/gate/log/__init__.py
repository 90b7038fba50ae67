"""The log: entries, their chain, receipts, seals and signatures, as pure functions."""
