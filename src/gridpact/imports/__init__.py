"""What people have, as gridpact takes it: exports of meter portals, tables of a network, and a first case."""
