"""read_case: a case folder to a Case, with everything that is wrong with it found in one pass."""

from pathlib import Path

from gridpact.case.case import Case, TableFormat
from gridpact.case.check import check_network, column_problems
from gridpact.case.files import CASE_FILE, CaseFiles
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.problems import Problems
from gridpact.case.profiles import Profiles
from gridpact.case.reader import TableReader
from gridpact.case.schema import ORDERS, PARTICIPANTS, PROFILES, TRADES, Schema
from gridpact.case.settings import Settings, read_settings
from gridpact.case.table import parse_csv, parse_parquet
from gridpact.case.tables import (
    Index,
    read_orders,
    read_participants,
    read_profiles,
    read_trades,
)
from gridpact.case.trades import Trades
from gridpact.errors import Problem

PROFILE_VALUES_MAX = 100_000_000


def read_case(folder: str | Path) -> Case:
    """The case in a folder, checked.

    Args:
        folder: holds case.toml, participants, profiles, and trades or orders, each as CSV or Parquet.

    Returns:
        The case. What was read otherwise than a reader may think stands in its `warnings`.

    Raises:
        InvalidCase: with every problem found, in the order of files and lines.
    """
    problems = Problems()
    files = CaseFiles(Path(folder), problems)
    if not files.is_folder:
        raise problems.refusal()
    content = files.read(CASE_FILE)
    settings = None if content is None else read_settings(content, files.folder, problems)
    reading = _Reading(files, problems)
    tables = _read_tables(reading, settings)
    horizon = settings.horizon if settings else None
    network = settings.network if settings else None
    if network is not None and network.file is not None:
        files.read(str(network.file.relative_to(files.folder)))
    if len(problems) or settings is None or horizon is None or network is None or tables is None:
        raise problems.refusal(reading.unchecked)
    participants, profiles, trades, orders = tables
    return Case(
        name=settings.name,
        currency=settings.currency,
        horizon=horizon,
        network=network,
        limits=settings.limits,
        formulation=settings.formulation,
        allocation=settings.allocation,
        price_rule=settings.price_rule,
        participants=participants,
        profiles=profiles,
        trades=trades,
        orders=orders,
        table_format=reading.table_format,
        inputs_sha256=files.sha256(network.builtin),
        warnings=tuple(reading.warnings),
    )


class _Reading:
    """Opens the tables of a case folder."""

    def __init__(self, files: CaseFiles, problems: Problems) -> None:
        self.files = files
        self.problems = problems
        self.warnings: list[str] = []
        self.incomplete: set[str] = set()
        self.unchecked: list[str] = []
        self.table_format = TableFormat.CSV

    def table(self, schema: Schema) -> TableReader | None:
        """A reader of a table; `None` where there is no such file, or it cannot be read."""
        name = self.files.table_name(schema.name)
        content = self.files.read(name) if name else None
        if name is None or content is None:
            return None
        is_parquet = name.endswith(TableFormat.PARQUET)
        if is_parquet:
            self.table_format = TableFormat.PARQUET
        table, problems = parse_parquet(content, name) if is_parquet else parse_csv(content, name)
        self.problems.extend(problems)
        if problems:
            self.incomplete.add(schema.name)
        if table is None:
            return None
        problems, warnings = column_problems(table, schema)
        self.problems.extend(problems)
        self.warnings.extend(warnings)
        return TableReader(table, schema, self.problems)

    def need(self, *schemas: Schema) -> None:
        """Takes in that none of these tables is there, where that is so."""
        if not any(self.files.has_table(schema.name) for schema in schemas):
            self.files.missing_table([schema.name for schema in schemas])


def _read_tables(
    reading: _Reading, settings: Settings | None
) -> tuple[Participants, Profiles, Trades, Orders] | None:
    """The tables of a case; `None` where a required one could not be read, which is then a problem."""
    horizon = settings.horizon if settings else None
    reading.need(PARTICIPANTS)
    reading.need(PROFILES)
    reading.need(TRADES, ORDERS)
    participants, index, where = None, None, "participants.csv"
    if (reader := reading.table(PARTICIPANTS)) is not None:
        participants, where = read_participants(reader), reader.table.file
        is_whole = PARTICIPANTS.name not in reading.incomplete and "participant" in reader.table.columns
        index = _index(participants) if is_whole else None
    if not check_network(reader, participants, settings, reading.problems):
        reading.unchecked.append("buses, because the network could not be read")
    if horizon is None:
        reading.unchecked.append("times, because the horizon could not be read")
    if index is None:
        reading.unchecked.append("names in other tables, because those of the participants could not be read")
    profiles = None
    if (profile_reader := reading.table(PROFILES)) is not None:
        fits = _profiles_fit(horizon, index, reading.problems)
        profiles, warnings = read_profiles(profile_reader, horizon if fits else None, index, where)
        reading.warnings.extend(warnings)
    trade_reader, order_reader = reading.table(TRADES), reading.table(ORDERS)
    trades = Trades.none() if trade_reader is None else read_trades(trade_reader, horizon, index, where)
    orders = Orders.none() if order_reader is None else read_orders(order_reader, horizon, index, where)
    return None if participants is None or profiles is None else (participants, profiles, trades, orders)


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
