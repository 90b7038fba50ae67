"""Fields: what people give to the dataclasses and functions of gridpact, converted or refused in words."""
