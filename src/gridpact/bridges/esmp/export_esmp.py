"""A result as a schedule document in a file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridpact.bridges.esmp.schedule_document import ROOT, Issue, schedule_document
from gridpact.bridges.schedule.net_schedule import NetSchedule, read_net_schedule
from gridpact.bridges.standards.esmp_terms import ESMP, EsmpTerms
from gridpact.bridges.standards.standards_file import read_standards
from gridpact.bridges.xml_file import check_xml_file
from gridpact.case.reading.problems import Problems
from gridpact.errors import InvalidUsage

REVISION_MAX = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmpExport:
    """A schedule document.

    Attributes:
        document: the XML.
        schedule: that it holds.
        terms: codes and parties.
        issue: which issue it is.
    """

    document: str
    schedule: NetSchedule
    terms: EsmpTerms
    issue: Issue

    @property
    def facts(self) -> dict[str, object]:
        """What is in it, for people and programs: energies in kWh."""
        hours = self.schedule.horizon.hours_per_period
        net = self.schedule.net_kw
        return {
            "schedule": self.schedule.name,
            "status": self.schedule.status,
            "periods": self.schedule.horizon.periods,
            "participants": len(self.schedule.participants),
            "unit": str(self.terms.unit),
            "revision": self.issue.revision,
            "production_kwh": round(float(np.maximum(net, 0.0).sum()) * hours, 6),
            "consumption_kwh": round(float(np.maximum(-net, 0.0).sum()) * hours, 6),
        }


def export_esmp(result: Path, standards: Path, issue: Issue) -> EsmpExport:
    """The schedule document of a result.

    Args:
        result: folder of a clearing.
        standards: the file with `[esmp]`.
        issue: which issue of the document it is.

    Raises:
        InvalidCase: the result or the standards cannot be used, with every problem of both.
        InvalidUsage: there is no such revision.
    """
    if not 1 <= issue.revision <= REVISION_MAX:
        raise InvalidUsage(
            f"revision {issue.revision} is none", f"give a whole number from 1 to {REVISION_MAX}"
        )
    problems = Problems()
    schedule = read_net_schedule(result, problems)
    people = schedule.participants if schedule is not None else None
    said = read_standards(standards, ESMP, people, problems)
    if schedule is None or said is None or said.esmp is None or len(problems):
        raise problems.refusal()
    document = schedule_document(schedule, said.esmp, issue)
    return EsmpExport(document=document, schedule=schedule, terms=said.esmp, issue=issue)


def check_esmp_file(out: Path, inputs: tuple[Path, ...]) -> None:
    """Makes sure that a schedule document may be written to a file.

    Raises:
        InvalidUsage: it is no XML file by its name, is an input, or holds anything but an earlier document.
    """
    check_xml_file(out, ROOT, inputs)
