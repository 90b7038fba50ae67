"""Recognition: which format files are of."""

from collections.abc import Sequence
from dataclasses import dataclass

from gridpact.errors import Problem
from gridpact.imports.portals.datadis import DATADIS
from gridpact.imports.portals.e_redes import E_REDES
from gridpact.imports.portals.eda import EDA
from gridpact.imports.portals.enedis import ENEDIS
from gridpact.imports.portals.fluvius import FLUVIUS
from gridpact.imports.portals.layout import Layout, MeterFormat
from gridpact.imports.portals.netz_noe import NETZ_NOE
from gridpact.imports.sheets.sheet import Sheet, cell_text

PORTALS = (E_REDES, DATADIS, ENEDIS, NETZ_NOE, EDA, FLUVIUS)
AUTO = "auto"
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A file that is of a format, with where its readings stand.

    Attributes:
        format: that it is of.
        tables: each sheet with a layout in it.
        left_out: sheets that hold no readings of it.
        problems: what it lacks.
    """

    format: MeterFormat
    tables: tuple[tuple[Sheet, Layout], ...]
    left_out: tuple[Sheet, ...]
    problems: tuple[Problem, ...]


def recognise(sheets: Sequence[Sheet], formats: Sequence[MeterFormat]) -> Recognised | Problem:
    """The first of some formats that a file is of, or the problem that it is of none.

    Args:
        sheets: of the file, at least one.
        formats: that it may be of.
    """
    for candidate in formats:
        found = [(sheet, candidate.find(sheet)) for sheet in sheets]
        if all(finding is None for _, finding in found):
            continue
        of_it = [(sheet, finding) for sheet, finding in found if finding is not None]
        # What a sheet lacks is a problem where no other has it.
        used = [(sheet, finding) for sheet, finding in of_it if finding.layouts] or of_it
        taken = [sheet for sheet, finding in used if finding.layouts]
        return Recognised(
            format=candidate,
            tables=tuple((sheet, layout) for sheet, finding in used for layout in finding.layouts),
            left_out=tuple(sheet for sheet in sheets if sheet not in taken),
            problems=tuple(problem for _, finding in used for problem in finding.problems),
        )
    return _unknown(sheets[0], formats)


def _unknown(sheet: Sheet, formats: Sequence[MeterFormat]) -> Problem:
    """The problem of a file that is of none of some formats, with how it begins."""
    rows = [[cell_text(cell) for cell in cells if cell_text(cell)] for cells in sheet.rows]
    begins = " / ".join("; ".join(cells[:4]) for cells in [cells for cells in rows if cells][:_SHOWN])
    if len(formats) == 1:
        (only,) = formats
        what = f"is no file of {only.name}, which has {only.wants}"
        remedy = f"it begins '{begins}'; try --as auto, or --as table with what its columns are"
    else:
        what = f"is not recognised as a file of {', '.join(each.name for each in formats)}"
        remedy = f"it begins '{begins}'; say what its columns are: --as table"
    return sheet.whole_problem(what, remedy)
