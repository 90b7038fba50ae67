"""A network from plain tables of its buses, lines and transformers."""
