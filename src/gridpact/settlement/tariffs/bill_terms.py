"""BillTerms: how what a settlement comes to is put on bills."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Language(StrEnum):
    """What a bill is written in; the first is the default."""

    ENGLISH = "en"
    GERMAN = "de"
    SPANISH = "es"
    FRENCH = "fr"
    ITALIAN = "it"
    PORTUGUESE = "pt"


class Includes(StrEnum):
    """What a bill asks for: all (the default), or what the member's supplier does not bill itself."""

    ALL = "all"
    COMMUNITY = "community"


class ChargeStep(StrEnum):
    """What a standing charge is for."""

    MONTH = "month"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCharge:
    """What a member pays whatever it uses.

    Attributes:
        name: as the bill calls it.
        per: what it is for.
        amount_micro: of each, micro-currency, before VAT.
    """

    name: str
    per: ChargeStep
    amount_micro: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTerms:
    """What `[bill]` of tariffs.toml says; without it, the defaults.

    Attributes:
        vat_percent: of each kind of the ledger that is paid, by its word; a kind that is not there has none.
        fixed: the standing charges, in their order.
        due_days: from the date of issue to the day on which a bill is due; `None` where none is named.
        issuer: name and address of who bills, line by line.
        addresses: of participants, line by line.
        number_prefix: what the numbers of bills begin with; `None` for the first day of the billing period.
        language: of the bills.
        includes: what they ask for.
        issued: the date of issue; `None` for the day after the billing period.
    """

    vat_percent: Mapping[str, Decimal] = field(default_factory=dict)
    fixed: tuple[StandingCharge, ...] = ()
    due_days: int | None = None
    issuer: tuple[str, ...] = ()
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    number_prefix: str | None = None
    language: Language = Language.ENGLISH
    includes: Includes = Includes.ALL
    issued: date | None = None
