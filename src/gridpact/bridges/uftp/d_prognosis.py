"""The schedule as D-Prognoses: power that the participants behind a congestion point take, day by day.

UFTP 3 (Shapeshifter), D-Prognosis and Power: watts, whole, positive towards the prosumer (consumption); every
ISP of the day has one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from gridpact.bridges.schedule.net_schedule import NetSchedule
from gridpact.bridges.standards.congestion_points import UftpTerms
from gridpact.bridges.uftp.isp_days import days_between, isps_of_day, midnight
from gridpact.case.horizon import RESOLUTION_MINUTES

W_PER_KW = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPrognosis:
    """What a D-Prognosis says.

    Attributes:
        congestion_point: its entity address.
        day: the day, in the time zone of the market.
        power_w: taken in each ISP, (I,).
    """

    congestion_point: str
    day: date
    power_w: tuple[int, ...]


def partial_days(schedule: NetSchedule, timezone: str) -> list[date]:
    """The days of which the schedule has some ISPs, but not all."""
    first, last = schedule.horizon.instant(0), schedule.horizon.instant(schedule.horizon.periods)
    step = schedule.horizon.step
    found = []
    for day in days_between(first, last, timezone):
        start = midnight(day, timezone)
        if start < first or start + isps_of_day(day, timezone, step) * step > last:
            found.append(day)
    return found


def day_prognoses(schedule: NetSchedule, terms: UftpTerms) -> Iterator[DayPrognosis]:
    """The prognosis of each congestion point and each day, all of which the schedule has whole."""
    horizon = schedule.horizon
    for point, members in terms.members.items():
        columns = [schedule.participants.index(name) for name in members]
        power = power_w(schedule.net_kw[:, columns])
        for day in days_between(horizon.instant(0), horizon.instant(horizon.periods), terms.timezone):
            first = (midnight(day, terms.timezone) - horizon.instant(0).astimezone(UTC)) // horizon.step
            count = isps_of_day(day, terms.timezone, horizon.step)
            yield DayPrognosis(congestion_point=point, day=day, power_w=tuple(power[first : first + count]))


def power_w(net_kw: np.ndarray) -> list[int]:
    """What several participants take together, in whole watts, half to even.

    Args:
        net_kw: net power of each, positive into the network, (T, M).
    """
    return [
        round(-sum((Decimal(repr(kw)) for kw in period), Decimal(0)) * W_PER_KW) for period in net_kw.tolist()
    ]


def d_prognosis(
    prognosis: DayPrognosis, schedule: NetSchedule, terms: UftpTerms, *, revision: int, created: datetime
) -> Any:
    """The message of the library.

    Its ID is the same for the same revision of the same prognosis, so that sending it twice is as once.
    """
    from shapeshifter_uftp.uftp import DPrognosis, DPrognosisISP
    from xsdata.models.datatype import XmlDate, XmlDuration

    day = prognosis.day
    facts = (terms.aggregator, terms.dso, prognosis.congestion_point, day.isoformat())
    return DPrognosis(
        isps=_isps(prognosis.power_w, DPrognosisISP),
        revision=revision,
        isp_duration=XmlDuration(f"PT{RESOLUTION_MINUTES[schedule.horizon.resolution]}M"),
        time_zone=terms.timezone,
        period=XmlDate(day.year, day.month, day.day),
        congestion_point=prognosis.congestion_point,
        sender_domain=terms.aggregator,
        recipient_domain=terms.dso,
        time_stamp=created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        message_id=_mark(*facts, str(revision), created.isoformat(), *map(str, prognosis.power_w)),
        conversation_id=_mark(*facts),
    )


def _isps(power: Sequence[int], kind: Any) -> list[Any]:
    """An ISP for each power, numbered from 1."""
    return [kind(power=each, start=number) for number, each in enumerate(power, start=1)]


def _mark(*facts: str) -> str:
    """A UUID that is the same for the same facts."""
    return str(uuid5(NAMESPACE_URL, "\0".join(facts)))
