"""Another opinion on a clearing: the same programme over voltages and variables together, by Ipopt.

The package itself does not use it: what it clears cannot depend on whether Ipopt is there.
"""
