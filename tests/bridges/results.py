"""Results that bridges read, made by hand."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from gridpact.bridges.standards.energy_code import check_character
from gridpact.case.horizon import Horizon

SENDER, RECEIVER, DOMAIN = (
    stem + check_character(stem) for stem in ("10XGRIDPACT----", "10XELM-DSO-----", "10YELM-STREET--")
)
ESMP = f"""[esmp]
sender = "{SENDER}"
sender_role = "A08"
receiver = "{RECEIVER}"
receiver_role = "A50"
domain = "{DOMAIN}"
"""


def write_result(
    folder: Path, horizon: Horizon, net_kw: Mapping[str, Sequence[float]], *, status: str = "cleared"
) -> Path:
    """Writes the summary and the schedule of a result: net power of each participant, in the order given."""
    folder.mkdir(parents=True, exist_ok=True)
    summary = {
        "name": "Elm Street",
        "status": status,
        "formulation": "ac",
        "allocation": "max-volume",
        "start": horizon.labels()[0],
        "resolution": horizon.resolution,
        "periods": horizon.periods,
        "remaining_violations": [],
        "version": "0",
        "inputs_sha256": "0" * 64,
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    rows = [
        f"{label},{name},{net[period]!r}"
        for period, label in enumerate(horizon.labels())
        for name, net in net_kw.items()
    ]
    (folder / "schedule.csv").write_text("\n".join(["time,participant,net_injection_kw", *rows, ""]))
    return folder
