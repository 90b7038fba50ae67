"""Where a gate is served: the path of its API, and the variable by which its processes find its folder."""

BASE = "/api/v1"
FOLDER_VARIABLE = "GRIDPACT_GATE_FOLDER"
