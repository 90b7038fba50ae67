"""The schedule as a `Schedule_MarketDocument`.

IEC 62325-451-2, as ENTSO-E publishes it: `iec62325-451-2-schedule_v5_2.xsd`. A time series has one direction:
business type A01 (production) with the area as `in_Domain`, A04 (consumption) with it as `out_Domain`;
quantities are not negative. Times are UTC to the minute, a period has its resolution as in `PT15M`, and a
point for each of its positions (curve type A01).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from xml.etree import ElementTree

from gridpact.arrays import Float
from gridpact.bridges.schedule.net_schedule import NetSchedule
from gridpact.bridges.standards.esmp_terms import ENERGY_CODES, EsmpTerms, PowerUnit
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.results.decimals import DECIMALS

NAMESPACE = "urn:iec62325.351:tc57wg16:451-2:scheduledocument:5:2"
ROOT = "Schedule_MarketDocument"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
PRODUCTION, CONSUMPTION = "A01", "A04"
OF_A_METERING_POINT, SEQUENTIAL = "A02", "A01"
MARK_CHARACTERS = 32
PLACES = {PowerUnit.KWT: 0, PowerUnit.MAW: 3}  # by which a kW is shifted
SERIES_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Which issue of a document it is.

    Attributes:
        revision: 1 to 999, one more each time that the schedule of the same periods is sent again.
        created: when it was made.
    """

    revision: int
    created: datetime


def schedule_document(schedule: NetSchedule, terms: EsmpTerms, issue: Issue) -> str:
    """The document as XML: production and consumption of each participant, at its metering point."""
    root = ElementTree.Element(ROOT, {"xmlns": NAMESPACE})
    _add(root, "mRID", document_mark(schedule, terms))
    _add(root, "revisionNumber", issue.revision)
    _add(root, "type", terms.document_type)
    _add(root, "process.processType", terms.process_type)
    _add(root, "process.classificationType", terms.classification_type)
    for party, code, role in (
        ("sender", terms.sender, terms.sender_role),
        ("receiver", terms.receiver, terms.receiver_role),
    ):
        _add(root, f"{party}_MarketParticipant.mRID", code, ENERGY_CODES)
        _add(root, f"{party}_MarketParticipant.marketRole.type", role)
    _add(root, "createdDateTime", issue.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _interval(root, "schedule_Time_Period.timeInterval", schedule.horizon)
    _add(root, "domain.mRID", terms.domain, ENERGY_CODES)
    for place, name in enumerate(schedule.participants):
        net = schedule.net_kw[:, place]
        for business, kw in ((PRODUCTION, net), (CONSUMPTION, -net)):
            _series(root, schedule.horizon, terms, terms.points[name], business, kw)
    ElementTree.indent(root)
    return HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def document_mark(schedule: NetSchedule, terms: EsmpTerms) -> str:
    """The mRID: the same for every revision of the schedule of the same periods between the same parties."""
    horizon = schedule.horizon
    facts = (
        schedule.name,
        terms.sender,
        terms.receiver,
        terms.domain,
        *(horizon.instant(period).astimezone(UTC).isoformat() for period in (0, horizon.periods)),
    )
    return sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:MARK_CHARACTERS].upper()


def quantity(kw: float, unit: PowerUnit) -> str:
    """A power in a unit, exact to the decimals of the results; 0 where it is negative."""
    value = round(Decimal(repr(max(float(kw), 0.0))), DECIMALS).scaleb(-PLACES[unit])
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _series(
    root: ElementTree.Element, horizon: Horizon, terms: EsmpTerms, point: str, business: str, kw: Float
) -> None:
    """Adds the time series of a direction of a metering point; `kw` has the shape (T,)."""
    series = ElementTree.SubElement(root, "TimeSeries")
    produces = business == PRODUCTION
    mark = (
        sha256(f"{point}\0{business}".encode("utf-8", "surrogatepass")).hexdigest()[:MARK_CHARACTERS].upper()
    )
    _add(series, "mRID", mark)
    _add(series, "version", SERIES_VERSION)
    _add(series, "businessType", business)
    _add(series, "product", terms.product)
    _add(series, "objectAggregation", OF_A_METERING_POINT)
    _add(series, "in_Domain.mRID" if produces else "out_Domain.mRID", terms.domain, ENERGY_CODES)
    _add(series, "marketEvaluationPoint.mRID", point, terms.point_scheme)
    _add(series, "measurement_Unit.name", terms.unit)
    _add(series, "curveType", SEQUENTIAL)
    period = ElementTree.SubElement(series, "Period")
    _interval(period, "timeInterval", horizon)
    _add(period, "resolution", f"PT{RESOLUTION_MINUTES[horizon.resolution]}M")
    for position, value in enumerate(kw.tolist(), start=1):
        at = ElementTree.SubElement(period, "Point")
        _add(at, "position", position)
        _add(at, "quantity", quantity(value, terms.unit))


def _interval(parent: ElementTree.Element, name: str, horizon: Horizon) -> None:
    """Adds the interval of the whole horizon, in UTC to the minute."""
    interval = ElementTree.SubElement(parent, name)
    for border, period in (("start", 0), ("end", horizon.periods)):
        _add(interval, border, horizon.instant(period).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"))


def _add(parent: ElementTree.Element, name: str, value: object, scheme: str = "") -> None:
    """Adds an element with a text, and the scheme that it is coded in."""
    element = ElementTree.SubElement(parent, name, {"codingScheme": scheme} if scheme else {})
    element.text = str(value)
