"""The settlement of a folder that a gate has made, by the settlement of every case."""

from dataclasses import dataclass
from pathlib import Path

from gridpact.gate.settlement.settlement_case import CASE, CLEARANCES, PREVIOUS
from gridpact.report.bills.bill_page import bill_pages
from gridpact.report.bills.bill_pdf import with_pdf
from gridpact.settlement.settle_case import settle
from gridpact.settlement.settlement_writer import write_settlement

RESULT = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledFolder:
    """What became of a folder.

    Attributes:
        files: of the result, by their names.
        participants: of the case.
        retailers: that have supplied them.
        version: of the settlement, 1 for one that corrects none.
        inputs_sha256: digest of all that it follows from.
    """

    files: dict[str, bytes]
    participants: tuple[str, ...]
    retailers: tuple[str, ...]
    version: int
    inputs_sha256: str


def settle_folder(folder: Path) -> SettledFolder:
    """Settles the case of a folder into `folder/result`, with a bill for everybody.

    That is `gridpact settle case --clearance clearances --bills --no-report`, with `--previous previous`
    where one is corrected.

    Raises:
        InvalidCase: with every problem found.
        GridpactError: it cannot be settled for another reason.
    """
    clearances, previous = folder / CLEARANCES, folder / PREVIOUS
    settled = settle(
        folder / CASE,
        [clearances] if clearances.exists() else [],
        previous=previous if previous.exists() else None,
        bills=True,
    )
    target = write_settlement(settled, folder / RESULT, bills=with_pdf(bill_pages(settled), None))
    paths = sorted(path for path in target.rglob("*") if path.is_file())
    return SettledFolder(
        files={path.relative_to(target).as_posix(): path.read_bytes() for path in paths},
        participants=settled.case.participants.ids,
        retailers=tuple(each.name for each in settled.energy.tariffs.retailers),
        version=settled.energy.version,
        inputs_sha256=settled.inputs_sha256,
    )
