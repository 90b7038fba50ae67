"""Bridges to the standards that network operators and aggregators speak: ESMP, OpenADR 3, UFTP."""

from gridpact.bridges.esmp.export_esmp import EsmpExport, export_esmp
from gridpact.bridges.esmp.schedule_document import Issue
from gridpact.bridges.openadr.import_reports import ImportedReports, import_reports
from gridpact.bridges.openadr.publish_envelopes import Published, publish_envelopes
from gridpact.bridges.openadr.reported_energy import Reported
from gridpact.bridges.openadr.vtn_connection import VtnFailed
from gridpact.bridges.uftp.export_uftp import UftpExport, export_uftp, write_uftp
from gridpact.bridges.uftp.flex_orders import FlexibilityOrders, import_flex_orders

__all__ = [
    "EsmpExport",
    "FlexibilityOrders",
    "ImportedReports",
    "Issue",
    "Published",
    "Reported",
    "UftpExport",
    "VtnFailed",
    "export_esmp",
    "export_uftp",
    "import_flex_orders",
    "import_reports",
    "publish_envelopes",
    "write_uftp",
]
