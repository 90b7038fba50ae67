"""A case: what one clearing is given, read from a folder, checked and written."""

from gridpact.case.case import (
    Allocation,
    Case,
    Curtailment,
    FeedIn,
    Formulation,
    PriceRule,
    Robustness,
    TableFormat,
)
from gridpact.case.folder.case_reader import read_case
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.sessions.commitments import read_commitments, with_commitments
from gridpact.case.terms import Terms
from gridpact.case.trades import Trades
from gridpact.case.writing.case_writer import write_case

__all__ = [
    "Allocation",
    "Case",
    "Curtailment",
    "FeedIn",
    "Formulation",
    "Horizon",
    "Orders",
    "Participants",
    "PriceRule",
    "Profiles",
    "Robustness",
    "TableFormat",
    "Terms",
    "Trades",
    "read_case",
    "read_commitments",
    "with_commitments",
    "write_case",
]
