"""MeterOwners: the participants of a case by their meters, and the periods that it settles."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gridpact.case.folder.case_files import CASE_FILE, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.folder.part_tables import read_meter_names
from gridpact.case.folder.settings import read_settings
from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems
from gridpact.case.schema import PARTICIPANTS
from gridpact.errors import Problem

_FIELDS = ("", "participant", "meter")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterOwners:
    """Whose meters are whose.

    Attributes:
        horizon: periods of the case.
        participants: of the case, in its order.
        of_meter: participant by meter; one without a meter of its own goes by its name.
    """

    horizon: Horizon
    participants: tuple[str, ...]
    of_meter: Mapping[str, str]


def read_owners(folder: Path, problems: Problems) -> MeterOwners | None:
    """The participants and periods of a case, of which nothing else has to be there yet.

    Args:
        folder: of the case, with case.toml and participants.
        problems: takes in what is wrong with them.

    Returns:
        What they are; `None` where they cannot be read. Two who go by one meter are a problem.
    """
    files = CaseFiles(folder, problems)
    if not files.is_folder:
        return None
    found = Problems()
    content = files.read(CASE_FILE)
    settings = None if content is None else read_settings(content, files.folder, found)
    horizon = settings.horizon if settings else None
    if horizon is None:
        about_it = [
            problem
            for problem in found.in_order()
            if settings is None or problem.field.startswith("horizon") or problem.value == "horizon"
        ]
        problems.extend(about_it or found.in_order())
    participants, meters = _participants(files, problems)
    if horizon is None or participants is None:
        return None
    of_meter: dict[str, str] = {}
    for participant, said in zip(participants, meters, strict=True):
        for meter in said.split() or [participant]:
            other = of_meter.setdefault(meter, participant)
            if other != participant:
                what = f"is a meter of {other!r}, and {participant!r} would go by it too"
                remedy = "name the meter of each in the column meter"
                problems.add(
                    Problem(file=PARTICIPANTS.name, field="meter", value=meter, what=what, remedy=remedy)
                )
    return MeterOwners(horizon=horizon, participants=participants, of_meter=of_meter)


def _participants(files: CaseFiles, problems: Problems) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The participants of a case and their meters, which may be several with a space between."""
    found = Problems()
    opener = TableOpener(files, found)
    opener.need(PARTICIPANTS)
    reader = opener.table(PARTICIPANTS)
    names = reader.unique_names("participant") if reader is not None else ()
    meters = read_meter_names(reader) if reader is not None else ()
    of_these = [problem for problem in found.in_order() if problem.field in _FIELDS]
    problems.extend(of_these)
    return (None, ()) if of_these or not names else (names, meters)
