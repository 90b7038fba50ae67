"""A client of a gate: typed, without libraries beside Python's own; signing takes those of `gridpact[gate]`.

```python
from gridpact.gate.client import GateClient

with GateClient("http://127.0.0.1:8000", key) as gate:
    receipt = gate.hand_in_order("monday", {"order": "o-1", "participant": "h07", …})
```
"""

from gridpact.gate.client.gate_client import GateClient
from gridpact.gate.client.gate_events import HeardEvent, is_from_gate
from gridpact.gate.client.gate_receipt import GateReceipt
from gridpact.gate.client.http_connection import GateRefused, GateUnreachable

__all__ = ["GateClient", "GateReceipt", "GateRefused", "GateUnreachable", "HeardEvent", "is_from_gate"]
