"""Operating envelopes as CSIP-AUS controls: IEEE 2030.5 `DERControl` with the Australian extensions.

IEEE 2030.5-2018, `DERControlList`, `Event`, `ActivePower` (a 16-bit `value` times 10 to the `multiplier`, in
watts), and CSIP-AUS 1.3 (SA HB 218): `opModImpLimW` and `opModExpLimW` are the most that is imported and
exported at the connection point, not negative, in the name space https://csipaus.org/ns/v1.3. Times are
seconds since 1970 in UTC.
"""

from hashlib import sha256
from math import floor
from xml.etree import ElementTree

from gridpact.envelopes.envelope_arrays import EnvelopeArrays

SEP, CSIP_AUS = "urn:ieee:std:2030.5:ns", "https://csipaus.org/ns/v1.3"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
VALUE_MAX = 32767  # of an Int16
W_PER_KW, ROUNDING_W = 1000.0, 1e-6
SCHEDULED = 0
MARK_CHARACTERS, NO_ENTERPRISE = 24, "00000000"  # of an mRID, which ends in the number of who made it


def csip_aus_controls(envelopes: EnvelopeArrays, participant: int) -> str:
    """The list of controls of a participant, one for each period, as XML."""
    horizon, name = envelopes.case.horizon, envelopes.case.participants.ids[participant]
    created = int(horizon.start.timestamp())
    seconds = int(horizon.step.total_seconds())
    controls = ElementTree.Element(
        "DERControlList",
        {
            "xmlns": SEP,
            "xmlns:csipaus": CSIP_AUS,
            "all": str(horizon.periods),
            "results": str(horizon.periods),
        },
    )
    for period in range(horizon.periods):
        control = ElementTree.SubElement(controls, "DERControl")
        _add(control, "mRID", mark(envelopes, participant, period))
        _add(control, "description", f"envelope {period + 1}")
        _add(control, "creationTime", created)
        status = ElementTree.SubElement(control, "EventStatus")
        _add(status, "currentStatus", SCHEDULED)
        _add(status, "dateTime", created)
        _add(status, "potentiallySuperseded", "false")
        interval = ElementTree.SubElement(control, "interval")
        _add(interval, "duration", seconds)
        _add(interval, "start", created + period * seconds)
        base = ElementTree.SubElement(control, "DERControlBase")
        _power(base, "csipaus:opModImpLimW", float(envelopes.import_max_kw[period, participant]))
        _power(base, "csipaus:opModExpLimW", float(envelopes.export_max_kw[period, participant]))
    controls.insert(0, ElementTree.Comment(f" operating envelope of {_in_comment(name)} "))
    ElementTree.indent(controls)
    return HEAD + ElementTree.tostring(controls, encoding="unicode") + "\n"


def active_power(kw: float) -> tuple[int, int]:
    """A power as value and multiplier, in watts, rounded down to what these can say."""
    watts, multiplier = floor(kw * W_PER_KW + ROUNDING_W), 0
    while watts > VALUE_MAX:
        watts, multiplier = watts // 10, multiplier + 1
    return watts, multiplier


def mark(envelopes: EnvelopeArrays, participant: int, period: int) -> str:
    """The mRID of a control: the same for the same envelope, another for any other."""
    facts = (
        envelopes.case.inputs_sha256,
        envelopes.case.name,
        envelopes.rule,
        envelopes.case.participants.ids[participant],
        envelopes.case.horizon.instant(period).isoformat(),
        f"{envelopes.import_max_kw[period, participant]!r}",
        f"{envelopes.export_max_kw[period, participant]!r}",
    )
    digest = sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:MARK_CHARACTERS].upper() + NO_ENTERPRISE


def _power(base: ElementTree.Element, name: str, kw: float) -> None:
    """Adds a power."""
    power = ElementTree.SubElement(base, name)
    value, multiplier = active_power(kw)
    _add(power, "multiplier", multiplier)
    _add(power, "value", value)


def _add(parent: ElementTree.Element, name: str, value: object) -> None:
    """Adds an element with a text."""
    ElementTree.SubElement(parent, name).text = str(value)


def _in_comment(name: str) -> str:
    """A name as it can stand in a comment, which two hyphens would end."""
    return "".join(letter if letter.isprintable() and letter != "-" else "‐" for letter in name)
