"""A result as D-Prognoses in a folder, signed where there is a key."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gridpact.bridges.schedule.net_schedule import NetSchedule, read_net_schedule
from gridpact.bridges.standards.congestion_points import UFTP, UftpTerms
from gridpact.bridges.standards.standards_file import read_standards
from gridpact.bridges.uftp.d_prognosis import DayPrognosis, d_prognosis, day_prognoses, partial_days
from gridpact.bridges.uftp.uftp_messages import (
    PRIVATE_KEY_BYTES,
    message_text,
    model_faults,
    need_uftp,
    read_key,
    signed_text,
)
from gridpact.case.reading.problems import Problems
from gridpact.errors import InvalidUsage, Problem
from gridpact.results.file_names import file_names
from gridpact.results.output_folder import ResultKind, output_folder

LIST_FILE, MESSAGES_FOLDER, SIGNED_FOLDER = "d_prognoses.json", "d_prognoses", "signed"
UFTP_RESULT = ResultKind(
    words="D-Prognoses",
    names=frozenset({LIST_FILE}),
    is_one=lambda folder: (folder / LIST_FILE).is_file(),
    folders={MESSAGES_FOLDER: (".xml",), SIGNED_FOLDER: (".xml",)},
)
W_PER_KW = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class UftpExport:
    """D-Prognoses of a schedule.

    Attributes:
        schedule: that they hold.
        terms: of the aggregator.
        prognoses: what they say, one for each congestion point and day.
        messages: of the library, one for each.
        signed: the signed messages as XML; none where there is no key.
        others: participants that are behind no congestion point.
    """

    schedule: NetSchedule
    terms: UftpTerms
    prognoses: tuple[DayPrognosis, ...]
    messages: tuple[Any, ...]
    signed: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def facts(self) -> list[dict[str, object]]:
        """What is in each message, with its energy in kWh, positive where it is taken."""
        hours = self.schedule.horizon.hours_per_period
        return [
            {
                "file": f"{name}.xml",
                "congestion_point": prognosis.congestion_point,
                "day": prognosis.day.isoformat(),
                "isps": len(prognosis.power_w),
                "participants": list(self.terms.members[prognosis.congestion_point]),
                "energy_kwh": round(sum(prognosis.power_w) / W_PER_KW * hours, 6),
                "message_id": message.message_id,
            }
            for name, prognosis, message in zip(self.names, self.prognoses, self.messages, strict=True)
        ]

    @property
    def names(self) -> Sequence[str]:
        """The name of the file of each message, without its suffix."""
        return file_names([f"{each.day.isoformat()}_{each.congestion_point}" for each in self.prognoses])


def export_uftp(
    result: Path, standards: Path, *, revision: int, created: datetime, key: Path | None = None
) -> UftpExport:
    """The D-Prognoses of a result.

    Args:
        result: folder of a clearing.
        standards: the file with `[uftp]`.
        revision: of the prognoses, from 1.
        created: when they were made.
        key: file with the private key that signs them.

    Raises:
        InvalidCase: the result or the standards cannot be used, with every problem of both.
        InvalidUsage: the library is not installed, there is no such revision, or the key is none.
    """
    need_uftp()
    if revision < 1:
        raise InvalidUsage(f"revision {revision} is none", "give a whole number from 1")
    private_key = read_key(key, PRIVATE_KEY_BYTES) if key is not None else None
    problems = Problems()
    schedule = read_net_schedule(result, problems)
    people = schedule.participants if schedule is not None else None
    said = read_standards(standards, UFTP, people, problems)
    terms = said.uftp if said is not None else None
    if schedule is None or terms is None or len(problems):
        raise problems.refusal()
    for day in partial_days(schedule, terms.timezone):
        what = f"do not have the whole of {day.isoformat()} in {terms.timezone}"
        remedy = "clear whole days: a D-Prognosis has every ISP of its day"
        problems.add(Problem(file=str(result / "summary.json"), field="periods", what=what, remedy=remedy))
    if len(problems):
        raise problems.refusal()
    prognoses = tuple(day_prognoses(schedule, terms))
    messages = tuple(
        d_prognosis(each, schedule, terms, revision=revision, created=created) for each in prognoses
    )
    for message in messages:
        if faults := list(model_faults(message)):
            raise InvalidUsage(f"the message is not as UFTP has it: {'; '.join(faults)}", "mend [uftp]")
    behind = {name for members in terms.members.values() for name in members}
    return UftpExport(
        schedule=schedule,
        terms=terms,
        prognoses=prognoses,
        messages=messages,
        signed=tuple(signed_text(each, private_key) for each in messages) if private_key else (),
        others=tuple(name for name in schedule.participants if name not in behind),
    )


def write_uftp(made: UftpExport, folder: Path, inputs: dict[str, Path | None]) -> None:
    """Writes D-Prognoses into a folder, replacing earlier ones there.

    Raises:
        InvalidUsage: the folder holds something else, or cannot be written to.
    """
    with output_folder(folder, UFTP_RESULT, inputs=inputs) as aside:
        (aside / LIST_FILE).write_text(
            json.dumps(made.facts, indent=2) + "\n", encoding="utf-8", newline="\n"
        )
        texts = {MESSAGES_FOLDER: [message_text(each) for each in made.messages], SIGNED_FOLDER: made.signed}
        for name, written in texts.items():
            if not written:
                continue
            (aside / name).mkdir()
            for stem, text in zip(made.names, written, strict=True):
                path = aside / name / f"{stem}.xml"
                path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
