"""The commands of `gridpact export`."""
