"""Operating envelopes as OpenADR 3 events.

OpenADR 3.0.1, `openadr3.yaml` (`event`, `interval`, `valuesMap`, `eventPayloadDescriptor`), and its payload
types: `IMPORT_CAPACITY_LIMIT` and `EXPORT_CAPACITY_LIMIT` are the maximum import and export level of a site,
not negative, in the units that the payload's descriptor gives, here `KW`.
"""

import json
from datetime import UTC
from typing import Any

from gridpact.case.horizon import Horizon
from gridpact.envelopes.envelope_arrays import EnvelopeArrays

PROGRAM = "operating-envelopes"  # in place of the ID that a server gives its programme
IMPORT, EXPORT = "IMPORT_CAPACITY_LIMIT", "EXPORT_CAPACITY_LIMIT"
MINUTES_PER_HOUR = 60


def openadr_events(envelopes: EnvelopeArrays) -> list[dict[str, Any]]:
    """An event for each participant, as a resource of its name, with an interval for each period."""
    horizon = envelopes.case.horizon
    start = horizon.start.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return [
        {
            "objectType": "EVENT",
            "programID": PROGRAM,
            "eventName": f"operating envelope of {name}",
            "targets": [{"type": "RESOURCE_NAME", "values": [name]}],
            "payloadDescriptors": [
                {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": kind, "units": "KW"}
                for kind in (IMPORT, EXPORT)
            ],
            "intervalPeriod": {"start": start, "duration": duration(horizon)},
            "intervals": [
                {
                    "id": period,
                    "payloads": [
                        {"type": IMPORT, "values": [float(envelopes.import_max_kw[period, place])]},
                        {"type": EXPORT, "values": [float(envelopes.export_max_kw[period, place])]},
                    ],
                }
                for period in range(horizon.periods)
            ],
        }
        for place, name in enumerate(envelopes.case.participants.ids)
    ]


def openadr_text(envelopes: EnvelopeArrays) -> str:
    """The events as JSON, an event to a line."""
    lines = (json.dumps(event, ensure_ascii=False) for event in openadr_events(envelopes))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def duration(horizon: Horizon) -> str:
    """The length of a period as ISO 8601 has it: "PT15M", "PT1H"."""
    minutes = int(horizon.step.total_seconds()) // MINUTES_PER_HOUR
    return f"PT{minutes // MINUTES_PER_HOUR}H" if minutes % MINUTES_PER_HOUR == 0 else f"PT{minutes}M"
