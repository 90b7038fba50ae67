"""OpenDSS folders: their script read and checked here, evaluated by OpenDSS, and made into a network."""
