"""The terms of bills from `[bill]` of tariffs.toml."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from unicodedata import category

from gridpact.case.folder.toml_file import TomlFile
from gridpact.case.reading.problems import suggestion
from gridpact.settlement.amounts.whole import MICRO
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.statements.statements import LINES
from gridpact.settlement.tariffs.bill_terms import BillTerms, ChargeStep, Includes, Language, StandingCharge

BILL = "bill"
BILL_KEYS = (
    "vat_percent",
    "fixed",
    "due_days",
    "issuer",
    "addresses",
    "number_prefix",
    "language",
    "includes",
    "issued",
)
FIXED_KEYS = ("name", "per", "amount")
FIXED_EXAMPLE = '{name = "Membership", per = "month", amount = 2.50}'
VAT_KINDS = tuple(
    dict.fromkeys(line.kind.label for line in LINES if line.is_paid and line.kind is not EntryKind.ROUNDING)
)
DUE_DAYS_MAX = 366
AMOUNT_MAX = 1_000_000
PERCENT_MAX = 100
PERCENT_DECIMALS, AMOUNT_DECIMALS = 4, 6
EXPONENT_MIN = -60  # of a number that is looked at digit by digit
PREFIX_MAX = 40
ADDRESS_LINES_MAX = 12


def read_bill_terms(file: TomlFile, participants: Iterable[str] | None) -> BillTerms | None:
    """What `[bill]` says; `None` where there is no such section.

    Args:
        file: tariffs.toml, which takes in what is wrong.
        participants: that may have addresses; `None` where they are not known.
    """
    section = file.get("", BILL)
    if not isinstance(section, dict):
        return None
    file.refuse_unknown_keys(BILL, BILL_KEYS)
    return BillTerms(
        vat_percent=_vat_percent(file),
        fixed=_fixed(file),
        due_days=_due_days(file),
        issuer=_lines(file, BILL, "issuer", file.get(BILL, "issuer")),
        addresses=_addresses(file, participants),
        number_prefix=_prefix(file),
        language=Language(file.choice(BILL, "language", tuple(Language))),
        includes=Includes(file.choice(BILL, "includes", tuple(Includes))),
        issued=_issued(file),
    )


def _vat_percent(file: TomlFile) -> Mapping[str, Decimal]:
    """The rate of each kind: one number for all, or a table."""
    value = file.get(BILL, "vat_percent")
    if value is None:
        return {}
    if not isinstance(value, dict):
        percent = _percent(file, BILL, "vat_percent", value)
        return dict.fromkeys(VAT_KINDS, percent)
    section, found = f"{BILL}.vat_percent", {}
    for kind, each in value.items():
        if kind not in VAT_KINDS:
            known = f"the kinds that are paid are {', '.join(VAT_KINDS)}"
            file.refuse(section, kind, "is not a kind with VAT", suggestion(kind, VAT_KINDS) or known)
        else:
            found[kind] = _percent(file, section, kind, each)
    return found


def _percent(file: TomlFile, section: str, key: str, value: object) -> Decimal:
    """A rate; 0 where it cannot be used, which is a problem."""
    number = _number(file, section, key, value, "20", PERCENT_DECIMALS)
    if number is None:
        return Decimal(0)
    if not 0 <= number <= PERCENT_MAX:
        file.refuse(section, key, "is out of range", "write percent from 0 to 100", value)
        return Decimal(0)
    return number.normalize() + 0


def _number(
    file: TomlFile, section: str, key: str, value: object, example: str, decimals: int
) -> Decimal | None:
    """A finite decimal number; `None` where it is none, which is a problem."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        file.refuse(section, key, "is not a number", f"write it without quotes, as in {example}", value)
        return None
    number = Decimal(value)
    if not number.is_finite():
        file.refuse(section, key, "is not a finite number", f"write a number, as in {example}", value)
        return None
    if abs(number) <= AMOUNT_MAX and _has_more_decimals(number, decimals):
        remedy = f"write {round(number, decimals):f}, if that is what it is"
        file.refuse(section, key, f"has more than {decimals} decimals", remedy, value)
        return None
    return number


def _has_more_decimals(number: Decimal, decimals: int) -> bool:
    """Whether a number is not whole in units of so many decimals."""
    exponent = number.as_tuple().exponent
    if not number or not isinstance(exponent, int):
        return False
    return exponent < EXPONENT_MIN or (Fraction(number) * 10**decimals).denominator > 1


def _fixed(file: TomlFile) -> tuple[StandingCharge, ...]:
    """The standing charges that can be used."""
    value = file.get(BILL, "fixed")
    if value is None:
        return ()
    if not isinstance(value, list):
        file.refuse(BILL, "fixed", "is not a list", f"write it as in fixed = [{FIXED_EXAMPLE}]", value)
        return ()
    charges = [_charge(file, f"fixed[{place}]", each) for place, each in enumerate(value, start=1)]
    return tuple(charge for charge in charges if charge)


def _charge(file: TomlFile, key: str, value: object) -> StandingCharge | None:
    """A standing charge; `None` where it cannot be used, which is a problem."""
    if not isinstance(value, dict):
        file.refuse(BILL, key, "is not a standing charge", f"write it as in {FIXED_EXAMPLE}", value)
        return None
    before = len(file)
    for name in (name for name in value if name not in FIXED_KEYS):
        remedy = suggestion(name, FIXED_KEYS) or f"known are {', '.join(FIXED_KEYS)}"
        file.refuse(BILL, f"{key}.{name}", "is not known", remedy)
    for name in (name for name in FIXED_KEYS if name not in value):
        file.refuse(BILL, f"{key}.{name}", "is missing", f"write it as in {FIXED_EXAMPLE}")
    name = _lines(file, BILL, f"{key}.name", value.get("name"))
    if len(name) > 1:
        file.refuse(BILL, f"{key}.name", "has more than one line", "write it on one")
    per = _step(file, f"{key}.per", value["per"]) if "per" in value else ChargeStep.MONTH
    amount = _amount(file, f"{key}.amount", value["amount"]) if "amount" in value else 0
    if len(file) > before:
        return None
    return StandingCharge(name=name[0], per=per, amount_micro=amount)


def _step(file: TomlFile, key: str, value: object) -> ChargeStep:
    """What a charge is for; the first where it cannot be used, which is a problem."""
    if isinstance(value, str) and value in tuple(ChargeStep):
        return ChargeStep(value)
    near = suggestion(value, tuple(ChargeStep)) if isinstance(value, str) else ""
    options = " or ".join(f'"{each}"' for each in ChargeStep)
    file.refuse(BILL, key, "is not a choice", near or f"write {options}", value)
    return ChargeStep.MONTH


def _amount(file: TomlFile, key: str, value: object) -> int:
    """An amount of money in micro-currency; 0 where it cannot be used, which is a problem."""
    number = _number(file, BILL, key, value, "2.50", AMOUNT_DECIMALS)
    if number is None:
        return 0
    if not 0 <= number <= AMOUNT_MAX:
        file.refuse(BILL, key, "is out of range", f"write 0 to {AMOUNT_MAX:,}, before VAT", value)
        return 0
    return int(number * MICRO)


def _due_days(file: TomlFile) -> int | None:
    """How many days after its issue a bill is due."""
    value = file.get(BILL, "due_days")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        file.refuse(BILL, "due_days", "is not a whole number", "write days without quotes, as in 14", value)
    elif not 0 <= value <= DUE_DAYS_MAX:
        file.refuse(BILL, "due_days", "is out of range", f"write 0 to {DUE_DAYS_MAX}", value)
    else:
        return value
    return None


def _addresses(file: TomlFile, participants: Iterable[str] | None) -> Mapping[str, tuple[str, ...]]:
    """The addresses of participants, line by line."""
    value = file.get(BILL, "addresses")
    if value is None:
        return {}
    if not isinstance(value, dict):
        remedy = f'write [{BILL}.addresses] and below it, as in h1 = "Anna Silva, Rua Nova 1"'
        file.refuse(BILL, "addresses", "is not a table of participants", remedy, value)
        return {}
    section, known = f"{BILL}.addresses", None if participants is None else set(participants)
    for name in (name for name in value if known is not None and name not in known):
        remedy = suggestion(name, known or ()) or "name a participant, in quotes where it is not plain"
        file.refuse(section, name, "is not in participants", remedy)
    return {name: _lines(file, section, name, each) for name, each in value.items()}


def _lines(file: TomlFile, section: str, key: str, value: object) -> tuple[str, ...]:
    """The lines of a text, none of them empty at either end; none where it cannot be used."""
    if value is None:
        return ()
    if not isinstance(value, str):
        file.refuse(section, key, "is not text", "write it in quotes", value)
        return ()
    lines = tuple(line.strip() for line in value.strip().split("\n"))
    if not value.strip():
        file.refuse(section, key, "is empty", "write text, or leave the key out", value)
    elif any(category(sign) in ("Cc", "Cs", "Cn", "Zl", "Zp") for line in lines for sign in line):
        file.refuse(section, key, "has a character that cannot be printed", "write it without", value)
    elif len(lines) > ADDRESS_LINES_MAX:
        file.refuse(section, key, f"has {len(lines)} lines", f"write at most {ADDRESS_LINES_MAX}")
    else:
        return lines
    return ()


def _prefix(file: TomlFile) -> str | None:
    """What the numbers of bills begin with."""
    value = file.get(BILL, "number_prefix")
    if value is None:
        return None
    if not isinstance(value, str):
        file.refuse(BILL, "number_prefix", "is not text", 'write it in quotes, as in "2026-10-"', value)
    elif not value.isprintable() or value != value.strip():
        what = "has white space around it or a character that cannot be printed"
        file.refuse(BILL, "number_prefix", what, "write plain text", value)
    elif len(value) > PREFIX_MAX:
        file.refuse(BILL, "number_prefix", f"is longer than {PREFIX_MAX} characters", "write less", value)
    else:
        return value
    return None


def _issued(file: TomlFile) -> date | None:
    """The date of issue."""
    value = file.get(BILL, "issued")
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    file.refuse(BILL, "issued", "is not a date", 'write it as in "2026-11-02"', value)
    return None
