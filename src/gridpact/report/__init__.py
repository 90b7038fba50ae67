"""The report and other results as self-contained pages of pictures."""

from gridpact.report.envelope_page import envelope_page
from gridpact.report.page import report_page
from gridpact.report.settlement_page import settlement_page
from gridpact.report.statement_page import statement_pages

__all__ = ["envelope_page", "report_page", "settlement_page", "statement_pages"]
