"""A case: what one clearing is given, read from a folder, checked and written."""

from gridpact.case.case import Allocation, Case, Formulation, PriceRule, TableFormat
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.read import read_case
from gridpact.case.trades import Trades
from gridpact.case.write import write_case

__all__ = [
    "Allocation",
    "Case",
    "Formulation",
    "Horizon",
    "Orders",
    "Participants",
    "PriceRule",
    "Profiles",
    "TableFormat",
    "Trades",
    "read_case",
    "write_case",
]
