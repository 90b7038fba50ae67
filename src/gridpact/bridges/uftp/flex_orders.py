"""Orders of a session from FlexOrders: what a DSO has bought of an aggregator is traded among its neighbours.

UFTP 3 (Shapeshifter), FlexOrder: for each ISP the change of what the participants behind a congestion point
take, in watts, positive for more. More is bought, and less is sold. `ActivationFactor` is the part of it that
is ordered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.bridges.standards.congestion_points import UFTP, UftpTerms
from gridpact.bridges.standards.standards_file import read_standards
from gridpact.bridges.uftp.isp_days import isps_of_day, midnight
from gridpact.bridges.uftp.uftp_messages import (
    PUBLIC_KEY_BYTES,
    UnusableMessage,
    need_uftp,
    read_flex_order,
    read_key,
)
from gridpact.case.horizon import PERIODS_MAX, RESOLUTION_MINUTES, Horizon
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.errors import InvalidUsage, Problem

W_PER_KW = Decimal(1000)
NAME_LENGTH_MAX = 64  # of an order's name
SIDES = ("buy", "sell")
ASK_AGAIN = "ask the DSO for the order again"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibilityOrder:
    """An order of a session that an ISP element of a FlexOrder asks for.

    Attributes:
        name: reference of the FlexOrder and number of its first ISP.
        participant: who hands it in.
        side: `buy` or `sell`.
        start, end: window, in UTC.
        power_kw: over the window.
        price_per_kwh: limit price.
    """

    name: str
    participant: str
    side: str
    start: datetime
    end: datetime
    power_kw: Decimal
    price_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibilityOrders:
    """The orders of several FlexOrders.

    Attributes:
        orders: in the order of the messages and their ISPs.
        step: length of an ISP.
        messages: how many there are.
        paid: what the DSO pays for each FlexOrder: reference, price and currency.
    """

    orders: tuple[FlexibilityOrder, ...]
    step: timedelta
    messages: int
    paid: tuple[tuple[str, str, str], ...]

    def columns(self) -> dict[str, Any]:
        """The columns of a table of orders."""
        first = min(order.start for order in self.orders)
        periods = (max(order.end for order in self.orders) - first) // self.step
        resolution = next(
            k for k, count in RESOLUTION_MINUTES.items() if timedelta(minutes=count) == self.step
        )
        horizon = Horizon(
            start=first, timezone="UTC", resolution=resolution, periods=min(periods + 1, PERIODS_MAX)
        )
        starts, ends = (
            np.array([(getattr(order, border) - first) // self.step for order in self.orders], dtype=np.int64)
            for border in ("start", "end")
        )
        return {
            "order": _coded([order.name for order in self.orders]),
            "participant": _coded([order.participant for order in self.orders]),
            "side": _coded([order.side for order in self.orders]),
            "start": Instants(horizon=horizon, period=starts),
            "end": Instants(horizon=horizon, period=ends),
            "power_kw": np.array([float(order.power_kw) for order in self.orders]),
            "price_per_kwh": np.array([order.price_per_kwh for order in self.orders]),
        }


def import_flex_orders(
    files: Sequence[Path], standards: Path, *, dso_key: Path | None = None
) -> FlexibilityOrders:
    """The orders that FlexOrders ask for.

    Args:
        files: of the messages, signed or not.
        standards: the file with `[uftp]`.
        dso_key: file with the public key of the DSO; with it every message has to be signed.

    Raises:
        InvalidCase: messages or standards cannot be used, with every problem of all.
        InvalidUsage: the library is not installed, the key is none, or nothing is ordered.
    """
    need_uftp()
    key = read_key(dso_key, PUBLIC_KEY_BYTES) if dso_key is not None else None
    problems = Problems()
    said = read_standards(standards, UFTP, None, problems)
    terms = said.uftp if said is not None else None
    messages = [(str(path), _message(path, key, problems)) for path in files]
    if terms is None or len(problems):
        raise problems.refusal()
    orders: list[FlexibilityOrder] = []
    seen: dict[str, str] = {}
    steps: set[timedelta] = set()
    for file, message in messages:
        _Reading(file, message, terms, problems).into(orders, seen, steps)
    if len(steps) > 1:
        what = "are of ISPs of different lengths"
        problems.add(Problem(file="FlexOrders", what=what, remedy="import those of one length at a time"))
    if len(problems):
        raise problems.refusal()
    if not orders:
        raise InvalidUsage("the FlexOrders order no change of power", ASK_AGAIN)
    paid = tuple((each.order_reference, str(each.price), each.currency) for _, each in messages)
    return FlexibilityOrders(orders=tuple(orders), step=steps.pop(), messages=len(messages), paid=paid)


def _message(path: Path, key: str | None, problems: Problems) -> Any:
    """The FlexOrder in a file; `None`, with a problem, where there is none."""
    try:
        return read_flex_order(path.read_bytes(), key)
    except OSError as error:
        what = (
            "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        )
        problems.add(Problem(file=str(path), what=what, remedy="name the files of the messages"))
    except UnusableMessage as error:
        problems.add(Problem(file=str(path), what=str(error), remedy=error.remedy))
    return None


class _Reading:
    """Takes the orders out of a message, with everything that is wrong with it."""

    def __init__(self, file: str, message: Any, terms: UftpTerms, problems: Problems) -> None:
        self.file, self.message, self.terms, self.problems = file, message, terms, problems

    def refuse(self, field: str, value: object, what: str, remedy: str = ASK_AGAIN) -> None:
        """Takes in a problem with an attribute of the message."""
        problem = Problem(file=self.file, field=field, value=shown(value), what=what, remedy=remedy)
        self.problems.add(problem)

    def into(self, orders: list[FlexibilityOrder], seen: dict[str, str], steps: set[timedelta]) -> None:
        """Adds the orders of the message, its marks and the length of its ISPs."""
        message, terms = self.message, self.terms
        before = len(self.problems)
        for field, value, due in (
            ("SenderDomain", message.sender_domain, terms.dso),
            ("RecipientDomain", message.recipient_domain, terms.aggregator),
            ("TimeZone", message.time_zone, terms.timezone),
        ):
            if value != due:
                self.refuse(field, value, f"is not that of [{UFTP}], {due}", "give messages of this market")
        for field, value in (("MessageID", message.message_id), ("OrderReference", message.order_reference)):
            if (other := seen.get(f"{field} {value}")) is not None:
                self.refuse(field, value, f"is that of {other} too", "give each order once")
            seen[f"{field} {value}"] = self.file
        participant = self._participant()
        step = self._step()
        self._check_name()
        if len(self.problems) == before and step is not None:
            steps.add(step)
            orders += self._orders(participant, step)

    def _participant(self) -> str:
        """Who hands in the orders; empty where that is not known."""
        point = self.message.congestion_point
        if point not in self.terms.members:
            self.refuse(
                "CongestionPoint", point, "is not a congestion point of [uftp.congestion_points]", "add it"
            )
        elif point not in self.terms.orders:
            remedy = f'add "{point}" = "…" to [uftp.orders]'
            self.refuse("CongestionPoint", point, "has nobody who hands in orders for it", remedy)
        return self.terms.orders.get(point, "")

    def _step(self) -> timedelta | None:
        """The length of an ISP; `None` where it is none that a case has."""
        duration = self.message.isp_duration
        step = timedelta(
            days=duration.days or 0,
            hours=duration.hours or 0,
            minutes=duration.minutes or 0,
            seconds=duration.seconds or 0,
        )
        if step in {timedelta(minutes=count) for count in RESOLUTION_MINUTES.values()}:
            return step
        remedy = f"only {', '.join(f'PT{count}M' for count in RESOLUTION_MINUTES.values())} can be traded"
        self.refuse("ISP-Duration", duration, "is no length of a period", remedy)
        return None

    def _check_name(self) -> None:
        """Takes in that orders cannot be named after the order's reference."""
        name = self.message.order_reference
        if not name.strip() or not name.isprintable() or len(name) > NAME_LENGTH_MAX - len("/9999"):
            what = "is empty, too long, or has a character that cannot be printed"
            self.refuse(
                "OrderReference", name, what, "ask the DSO for a plain reference of 1 to 59 characters"
            )

    def _orders(self, participant: str, step: timedelta) -> list[FlexibilityOrder]:
        """An order for each ISP element whose power changes."""
        message, terms = self.message, self.terms
        day = date(message.period.year, message.period.month, message.period.day)
        count, origin = isps_of_day(day, terms.timezone, step), midnight(day, terms.timezone)
        taken: set[int] = set()
        found = []
        for isp in message.isps:
            numbers = range(isp.start, isp.start + isp.duration)
            where = f"ISP {isp.start}"
            if isp.duration < 1 or isp.start < 1 or isp.start + isp.duration - 1 > count:
                self.refuse(where, isp.duration, f"is not among the {count} ISPs of {day.isoformat()}")
                continue
            if taken.intersection(numbers):
                self.refuse(where, isp.duration, "is given more than once")
            taken.update(numbers)
            if not isp.power:
                continue
            side = SIDES[0] if isp.power > 0 else SIDES[1]
            price = terms.buy_price_per_kwh if isp.power > 0 else terms.sell_price_per_kwh
            if price is None:
                remedy = f"add {side}_price_per_kwh = 0.20 to [{UFTP}]"
                self.refuse(where, isp.power, f"asks to {side}, and [{UFTP}] has no price for that", remedy)
                continue
            order = FlexibilityOrder(
                name=f"{message.order_reference}/{isp.start}",
                participant=participant,
                side=side,
                start=origin + (isp.start - 1) * step,
                end=origin + (isp.start - 1 + isp.duration) * step,
                power_kw=abs(isp.power) * message.activation_factor / W_PER_KW,
                price_per_kwh=price,
            )
            found.append(order)
        return found


def _coded(texts: list[str]) -> Coded:
    """Texts as a column."""
    return Coded(labels=texts, codes=np.arange(len(texts), dtype=np.int64))
