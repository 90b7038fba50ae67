"""What trades proposed and what was cut of them, in the table of cleared trades of a result."""

from typing import Any

import numpy as np

from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.sessions.cleared import refuse_other_energy, refuse_repeated_trades
from gridpact.comparison.traded_energy import TradedEnergy


def read_trading(
    reader: TableReader,
    horizon: Horizon,
    participants: tuple[str, ...],
    schedule_file: str,
    summary: dict[str, Any],
    problems: Problems,
) -> TradedEnergy | None:
    """What trades proposed and what was cut; `None` where rows cannot be used."""
    before = len(problems)
    index = {name: position for position, name in enumerate(participants)}
    trade, period = reader.names("trade").of_row, reader.period("time", horizon)
    refuse_repeated_trades(reader, np.where(period >= 0, trade, -1), period)
    seller, buyer = (reader.lookup(name, index, schedule_file) for name in ("seller", "buyer"))
    proposed_kw, cleared_kw = reader.number("proposed_kw"), reader.number("cleared_kw")
    if len(problems) > before:
        return None
    refuse_other_energy(reader, horizon.hours_per_period, summary, problems)
    return TradedEnergy.of_rows(
        period=period,
        seller=seller,
        buyer=buyer,
        proposed_kw=proposed_kw,
        cleared_kw=cleared_kw,
        hours_per_period=horizon.hours_per_period,
        periods=horizon.periods,
        participants=len(participants),
    )
