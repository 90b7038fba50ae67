"""Loaded by the workers of a fleet's own cluster: Ctrl-C is for the process that started them.

That one ends them, in good order where it can, and otherwise by its own end.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
