"""`[esmp]` of standards.toml: the parties, codes and unit of a schedule document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gridpact.bridges.standards.energy_code import energy_code_fault
from gridpact.bridges.standards.names_of_participants import codes_of_participants
from gridpact.case.folder.toml_file import TomlFile

ESMP = "esmp"
POINTS = "points"
POINT_LENGTH_MAX = 35  # of MeasurementPointID_String
_CODE = re.compile(r"[A-Z][0-9]{2}")
_PRODUCT = re.compile(r"[0-9]{13}")
ENERGY_CODES = "A01"  # the coding scheme of energy identification codes
EXAMPLE_CODE = '"10XGRIDPACT----0"'


class PowerUnit(StrEnum):
    """Unit of measure in the code list: megawatts or kilowatts."""

    MAW = "MAW"
    KWT = "KWT"


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmpTerms:
    """What a schedule document says beside the schedule.

    Attributes:
        sender, receiver: energy identification codes of the parties.
        sender_role, receiver_role: their market roles, as in A08.
        domain: energy identification code of the area.
        document_type, process_type, classification_type: codes of the document.
        product: code of what is scheduled, 8716867000016 for active power.
        unit: of the quantities.
        point_scheme: coding scheme of the metering points.
        points: code of the metering point of each participant.
    """

    sender: str
    sender_role: str
    receiver: str
    receiver_role: str
    domain: str
    document_type: str
    process_type: str
    classification_type: str
    product: str
    unit: PowerUnit
    point_scheme: str
    points: Mapping[str, str]


CODED = {
    "document_type": "A01",
    "process_type": "A01",
    "classification_type": "A01",
    "point_scheme": "A10",
}
ROLES = ("sender_role", "receiver_role")
PARTIES = ("sender", "receiver", "domain")
ACTIVE_POWER = "8716867000016"
ESMP_KEYS = (*PARTIES, *ROLES, *CODED, "product", "unit", POINTS)


def read_esmp_terms(file: TomlFile, participants: tuple[str, ...] | None) -> EsmpTerms:
    """What `[esmp]` says; what is wrong with it goes into the problems of the file.

    Args:
        file: standards.toml.
        participants: of the schedule; `None` where they are not known.
    """
    file.refuse_unknown_keys(ESMP, ESMP_KEYS)
    return EsmpTerms(
        **{key: _energy_code(file, key) for key in PARTIES},
        **{key: _code(file, key, _CODE, "a letter and two digits, as in A08") for key in ROLES},
        **{
            key: _code(file, key, _CODE, "a letter and two digits, as in A01", default)
            for key, default in CODED.items()
        },
        product=_code(file, "product", _PRODUCT, "its 13 digits, as in 8716867000016", ACTIVE_POWER),
        unit=PowerUnit(file.choice(ESMP, "unit", tuple(PowerUnit))),
        points=codes_of_participants(file, ESMP, POINTS, participants, fault=_point_fault, needed=True),
    )


def _energy_code(file: TomlFile, key: str) -> str:
    """An energy identification code; empty where it cannot be used, which is a problem."""
    code = file.text(ESMP, key, example=EXAMPLE_CODE)
    if code is not None and (fault := energy_code_fault(code)):
        file.refuse(ESMP, key, *fault, code)
    return code or ""


def _code(file: TomlFile, key: str, form: re.Pattern[str], remedy: str, default: str = "") -> str:
    """A code of a list; empty where it cannot be used, which is a problem."""
    code = file.text(ESMP, key, example="" if default else '"A08"')
    if code is not None and not form.fullmatch(code):
        file.refuse(ESMP, key, "is not a code of the list", f"write {remedy}", code)
    return code or default


def _point_fault(code: str) -> tuple[str, str] | None:
    """What is wrong with the code of a metering point."""
    if len(code) > POINT_LENGTH_MAX:
        return f"has more than {POINT_LENGTH_MAX} characters", "give the code of the metering point"
    return None
