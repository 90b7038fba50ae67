"""The first case of a newcomer: a street of six homes, in files that are there to be changed."""
