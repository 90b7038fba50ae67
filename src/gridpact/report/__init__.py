"""The report: one self-contained page of pictures."""

from gridpact.report.page import report_page

__all__ = ["report_page"]
