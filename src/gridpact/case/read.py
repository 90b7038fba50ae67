"""read_case: a case folder to a Case, with everything that is wrong with it found in one pass."""

from pathlib import Path

from gridpact.arrays import Int
from gridpact.case.case import Case
from gridpact.case.check import check_network
from gridpact.case.files import CASE_FILE, CaseFiles
from gridpact.case.horizon import Horizon
from gridpact.case.opener import TableOpener
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.problems import Problems
from gridpact.case.profiles import Profiles
from gridpact.case.reader import TableReader
from gridpact.case.schema import ORDERS, PARTICIPANTS, PROFILES, TRADES
from gridpact.case.settings import Settings, read_settings
from gridpact.case.tables import (
    Index,
    read_orders,
    read_participants,
    read_profiles,
    read_trades,
)
from gridpact.case.trades import Trades
from gridpact.errors import Problem
from gridpact.fields.arguments import path_of

PROFILE_VALUES_MAX = 100_000_000


def read_case(folder: str | Path) -> Case:
    """The case in a folder, checked.

    Args:
        folder: holds case.toml, participants, profiles, and trades or orders, each as CSV or Parquet.

    Returns:
        The case. What was read otherwise than a reader may think stands in its `warnings`.

    Raises:
        InvalidCase: with every problem found, in the order of files and lines.
        InvalidUsage: `folder` is no path.
    """
    problems = Problems()
    files = CaseFiles(path_of("read_case", folder), problems)
    if not files.is_folder:
        raise problems.refusal()
    content = files.read(CASE_FILE)
    settings = None if content is None else read_settings(content, files.folder, problems)
    opener, unchecked = TableOpener(files, problems), list[str]()
    tables = _read_tables(opener, settings, unchecked)
    horizon = settings.horizon if settings else None
    network = settings.network if settings else None
    if network is not None and network.file is not None:
        files.read(str(network.file.relative_to(files.folder)))
    if len(problems) or settings is None or horizon is None or network is None or tables is None:
        raise problems.refusal(unchecked)
    participants, profiles, trades, orders = tables
    return Case(
        name=settings.name,
        currency=settings.currency,
        horizon=horizon,
        network=network,
        limits=settings.limits,
        formulation=settings.formulation,
        allocation=settings.allocation,
        robustness=settings.robustness,
        seconds_max=settings.seconds_max,
        price_rule=settings.price_rule,
        participants=participants,
        profiles=profiles,
        trades=trades,
        orders=orders,
        first_open=settings.first_open,
        table_format=opener.table_format,
        inputs_sha256=files.sha256(network.builtin),
        warnings=tuple(opener.warnings),
    )


def _read_tables(
    opener: TableOpener, settings: Settings | None, unchecked: list[str]
) -> tuple[Participants, Profiles, Trades, Orders] | None:
    """The tables of a case; `None` where a required one could not be read, which is then a problem.

    What could not be checked goes into `unchecked`.
    """
    horizon = settings.horizon if settings else None
    opener.need(PARTICIPANTS)
    opener.need(PROFILES)
    opener.need(TRADES, ORDERS)
    participants, index, where = None, None, "participants.csv"
    if (reader := opener.table(PARTICIPANTS)) is not None:
        participants, where = read_participants(reader), reader.table.file
        is_whole = PARTICIPANTS.name not in opener.incomplete and "participant" in reader.table.columns
        index = _index(participants) if is_whole else None
    if not check_network(reader, participants, settings, opener.problems):
        unchecked.append("buses, because the network could not be read")
    if horizon is None:
        unchecked.append("times, because the horizon could not be read")
    if index is None:
        unchecked.append("names in other tables, because those of the participants could not be read")
    profiles = None
    if (profile_reader := opener.table(PROFILES)) is not None:
        fits = _profiles_fit(horizon, index, opener.problems)
        profiles, warnings = read_profiles(profile_reader, horizon if fits else None, index, where)
        opener.warnings.extend(warnings)
    trade_reader, order_reader = opener.table(TRADES), opener.table(ORDERS)
    trades = Trades.none() if trade_reader is None else read_trades(trade_reader, horizon, index, where)
    orders = Orders.none() if order_reader is None else read_orders(order_reader, horizon, index, where)
    if settings is not None and horizon is not None:
        for table_reader, start in ((trade_reader, trades.start), (order_reader, orders.start)):
            if table_reader is not None:
                _refuse_closed(table_reader, start, horizon, settings.first_open)
    return None if participants is None or profiles is None else (participants, profiles, trades, orders)


def _refuse_closed(reader: TableReader, start: Int, horizon: Horizon, first_open: int) -> None:
    """Takes in the rows that start, (N,), in a closed period, −1 where that is not known."""
    opens = horizon.instant(first_open).isoformat(timespec="minutes")
    at_the_end = first_open == horizon.periods
    remedy = "no period is open" if at_the_end else f"the first open period starts at {opens}"
    reader.refuse("start", (start >= 0) & (start < first_open), "starts in a closed period", remedy)


def _index(participants: Participants) -> Index:
    """Index of each participant; `None` where a name cannot be used, so that it is not reported again."""
    names = dict.fromkeys(participants.ids)
    return None if "" in names else {name: position for position, name in enumerate(names)}


def _profiles_fit(horizon: Horizon | None, index: Index, problems: Problems) -> bool:
    """Whether the profiles of a case are of a size that can be held."""
    if horizon is None or index is None or horizon.periods * len(index) <= PROFILE_VALUES_MAX:
        return True
    what = f"times {len(index):,} participants are more than {PROFILE_VALUES_MAX:,} profile values"
    problems.add(
        Problem(
            file=CASE_FILE,
            field="horizon.periods",
            value=str(horizon.periods),
            what=what,
            remedy="split the horizon into several cases",
        )
    )
    return False
