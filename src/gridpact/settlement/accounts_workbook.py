"""The accounts of a settlement as an Excel workbook, made by XlsxWriter, which is an extra."""

from datetime import datetime
from io import BytesIO

from gridpact.errors import InvalidUsage
from gridpact.extras import XLSX
from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.amounts.whole import MICRO
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.statements.monthly_accounts import MonthlySums

SHEET = "accounts"
COLUMNS = ("account", "month", "kind", "energy_kwh", "paid", "received")
WIDTHS = (28, 10, 16, 16, 18, 18)
ROWS_MAX = 1_048_576  # of a sheet, its head among them
_WRITTEN = datetime(2000, 1, 1)  # the same result makes the same bytes


def check_workbook() -> None:
    """Nothing where a workbook can be made.

    Raises:
        InvalidUsage: XlsxWriter is not installed.
    """
    XLSX.need("--xlsx needs XlsxWriter, which is not installed", "xlsxwriter")


def accounts_workbook(settled: SettledCase) -> bytes:
    """The workbook: one sheet, a row for each account, local month and kind that has entries.

    Names are written as text, whatever they begin with, so that none of them is a formula or an address.

    Raises:
        InvalidUsage: XlsxWriter is not installed, or there are more rows than a sheet has.
    """
    check_workbook()
    from xlsxwriter import Workbook

    sums = MonthlySums(settled.energy.horizon)
    settled.write_entries(sums.add)
    accounts = sums.accounts()
    if len(accounts.account) >= ROWS_MAX:
        what = f"the workbook would have {len(accounts.account):,} rows, and a sheet has {ROWS_MAX:,}"
        raise InvalidUsage(what, "settle fewer months at once, or read the ledger")
    octets = BytesIO()
    book = Workbook(octets, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": settled.case.name, "created": _WRITTEN})
    sheet = book.add_worksheet(SHEET)
    bold, energy, money = (
        book.add_format(each)
        for each in ({"bold": True}, {"num_format": "#,##0.000"}, {"num_format": "#,##0.000000"})
    )
    for place, (column, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, column, bold)
    kinds = [kind.label for kind in EntryKind]
    for row, (account, month, kind, wh, paid, received) in enumerate(
        zip(
            accounts.account.tolist(),
            accounts.month.tolist(),
            accounts.kind.tolist(),
            accounts.energy_wh.tolist(),
            accounts.paid_micro.tolist(),
            accounts.received_micro.tolist(),
            strict=True,
        ),
        start=1,
    ):
        for place, text in enumerate((accounts.accounts[account], accounts.months[month], kinds[kind])):
            sheet.write_string(row, place, text)
        sheet.write_number(row, 3, wh / WH_PER_KWH, energy)
        sheet.write_number(row, 4, paid / MICRO, money)
        sheet.write_number(row, 5, received / MICRO, money)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(accounts.account), len(COLUMNS) - 1)
    book.close()
    return octets.getvalue()
