"""The open gate: a service that takes submissions of many independent users until a session closes.

It is an append-only, signed log with a door and a clock. What a session sealed becomes a case folder, which
is cleared as every other one; nothing of checking and clearing is written here a second time.
"""
