"""read_case: a case folder to a Case, with everything that is wrong with it found in one pass."""

from dataclasses import dataclass
from pathlib import Path

from gridpact.case.case import Case, TableFormat
from gridpact.case.folder.case_files import CASE_FILE, CaseFiles
from gridpact.case.folder.check import read_network
from gridpact.case.folder.opener import TableOpener
from gridpact.case.folder.part_tables import (
    Index,
    above_connection,
    read_orders,
    read_participants,
    read_profiles,
    read_trades,
    refuse_closed,
)
from gridpact.case.folder.settings import Settings, read_settings
from gridpact.case.horizon import Horizon
from gridpact.case.mechanism_traits import TRADES_FAULT, terms_fault, traits_of
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.reading.bus_names import BusNames
from gridpact.case.reading.frame import Frame
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import ORDERS, PARTICIPANTS, PARTICIPANTS_WITHOUT_NETWORK, PROFILES, TRADES
from gridpact.case.terms import NONE, Terms
from gridpact.case.trades import Trades
from gridpact.errors import InvalidCase, Problem
from gridpact.fields.arguments import path_of
from gridpact.grid.network import Network
from gridpact.grid.network_file import read_names

PROFILE_VALUES_MAX = 100_000_000


@dataclass(slots=True, kw_only=True)
class CaseReading:
    """What one pass over a case folder gives, whether it is a case or not.

    Attributes:
        case: `None` where there are problems.
        frame: participants and periods, as far as they could be read.
        participants: their table, for checks that other files ask for.
        problems: everything that is wrong.
        unchecked: what could not be checked because of them, and why.
    """

    case: Case | None
    frame: Frame
    participants: TableReader | None
    problems: Problems
    unchecked: list[str]

    def refusal(self) -> InvalidCase:
        """The exception that carries all problems."""
        return self.problems.refusal(self.unchecked)


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
    reading = read_case_folder(folder)
    if reading.case is None:
        raise reading.refusal()
    return reading.case


def read_case_folder(folder: str | Path, *, needs_network: bool = True) -> CaseReading:
    """The case in a folder with everything that is wrong with it, for those who go on to other files of it.

    Args:
        folder: of the case.
        needs_network: whether it is wrong without a section [network]. Where it is not, such a case needs no
            buses, profiles and trades either.

    Raises:
        InvalidCase: there is no such folder.
    """
    problems = Problems()
    files = CaseFiles(path_of("read_case", folder), problems)
    if not files.is_folder:
        raise problems.refusal()
    content = files.read(CASE_FILE)
    settings = (
        None
        if content is None
        else read_settings(content, files.folder, problems, needs_network=needs_network)
    )
    tables = _read_tables(TableOpener(files, problems), settings)
    network = settings.network if settings else None
    if network is not None and network.file is not None:
        _remember(files, network.file)
    return CaseReading(
        case=None if len(problems) or settings is None else _case(settings, tables, files),
        frame=tables.frame,
        participants=tables.participants,
        problems=problems,
        unchecked=tables.unchecked,
    )


def _remember(files: CaseFiles, network_file: Path) -> None:
    """Takes a network file, and the files that it reads, into the digest of the case."""
    folder = network_file.parent.relative_to(files.folder)
    for name in read_names(network_file):
        files.read((folder / name).as_posix())


@dataclass(slots=True, kw_only=True)
class _Tables:
    """The tables of a case, `None` where one could not be read, and how they were read."""

    opener: TableOpener
    frame: Frame
    participants: TableReader | None
    profiles: Profiles | None
    trades: Trades
    orders: Orders
    unchecked: list[str]


def _case(settings: Settings, tables: _Tables, files: CaseFiles) -> Case | None:
    """The case, of parts without problems; `None` where one of them is missing."""
    horizon, network, participants = settings.horizon, settings.network, tables.frame.participants
    if horizon is None or network is None or participants is None or tables.profiles is None:
        return None
    return Case(
        name=settings.name,
        currency=settings.currency,
        horizon=horizon,
        network=network,
        limits=settings.limits,
        formulation=settings.formulation,
        allocation=settings.allocation,
        robustness=settings.robustness,
        feed_in=settings.feed_in,
        curtailment=settings.curtailment,
        work_max=settings.work_max,
        seconds_max=settings.seconds_max,
        price_rule=settings.price_rule,
        mechanism=settings.mechanism,
        mechanism_settings=settings.mechanism_settings,
        participants=participants,
        profiles=tables.profiles,
        trades=tables.trades,
        orders=tables.orders,
        first_open=settings.first_open,
        table_format=tables.opener.table_format,
        inputs_sha256=files.sha256(network.builtin),
        warnings=tuple(tables.opener.warnings),
    )


def _read_tables(opener: TableOpener, settings: Settings | None) -> _Tables:
    """The tables of a case; a required one that could not be read is a problem."""
    horizon = settings.horizon if settings else None
    unchecked: list[str] = []
    has_network = settings is None or settings.network is None or settings.network.is_given
    opener.need(PARTICIPANTS)
    if has_network:
        opener.need(PROFILES)
        opener.need(TRADES, ORDERS)
    network = read_network(settings, opener.problems)
    if network is None and has_network:
        unchecked.append("buses, because the network could not be read")
    frame, participants = _read_frame(opener, settings, network)
    index, where = frame.index, frame.file
    if horizon is None:
        unchecked.append("times, because the horizon could not be read")
    elif warning := horizon.clock_warning():
        opener.warnings.append(f"{CASE_FILE}: {warning}")
    if index is None:
        unchecked.append("names in other tables, because those of the participants could not be read")
    profiles = None
    if (profile_reader := opener.table(PROFILES)) is not None:
        fits = _profiles_fit(horizon, index, opener.problems)
        profiles, warnings = read_profiles(profile_reader, horizon if fits else None, index, where)
        opener.warnings.extend(warnings)
        if fits and horizon is not None and index is not None and frame.participants is not None:
            opener.warnings.extend(above_connection(frame.participants, profiles, where))
    elif not has_network and frame.shape is not None and _profiles_fit(horizon, index, opener.problems):
        profiles = Profiles.none(*frame.shape)
    trade_reader, order_reader = opener.table(TRADES), opener.table(ORDERS)
    trades = Trades.none() if trade_reader is None else read_trades(trade_reader, horizon, index, where)
    orders = Orders.none() if order_reader is None else read_orders(order_reader, horizon, index, where)
    if settings is not None:
        _refuse_with_mechanism(settings, trade_reader, order_reader, orders.terms)
    if settings is not None and horizon is not None:
        for table_reader, start in ((trade_reader, trades.start), (order_reader, orders.start)):
            if table_reader is not None:
                refuse_closed(table_reader, start, horizon, settings.first_open)
    return _Tables(
        opener=opener,
        frame=frame,
        participants=participants,
        profiles=profiles,
        trades=trades,
        orders=orders,
        unchecked=unchecked,
    )


def _refuse_with_mechanism(
    settings: Settings, trades: TableReader | None, orders: TableReader | None, terms: Terms
) -> None:
    """Takes in what of the tables does not go with the mechanism."""
    traits = traits_of(settings.mechanism)
    if orders is not None and not traits.keeps_terms:
        for name, given in (
            ("block", terms.block),
            ("min_fraction", terms.min_fraction > 0.0),
            ("group", terms.group != NONE),
        ):
            orders.refuse(name, given, *terms_fault(settings.mechanism))
    if orders is not None and trades is not None and traits.is_on_network and len(trades.table):
        trades.refuse_table(*TRADES_FAULT)


def _read_frame(
    opener: TableOpener, settings: Settings | None, network: Network | None
) -> tuple[Frame, TableReader | None]:
    """The participants and periods that other tables refer to, and the table of the participants."""
    horizon = settings.horizon if settings else None
    source = settings.network if settings else None
    has_network = source is None or source.is_given
    reader = opener.table(PARTICIPANTS if has_network else PARTICIPANTS_WITHOUT_NETWORK)
    if reader is None:
        file = f"{PARTICIPANTS.name}.{TableFormat.CSV}"
        return Frame(horizon=horizon, participants=None, index=None, file=file), None
    buses = None if network is None else BusNames.of(network)
    has_phases = source is None or source.is_three_phase
    participants, warnings = read_participants(reader, buses, horizon, has_phases=has_phases)
    opener.warnings.extend(warnings)
    is_whole = PARTICIPANTS.name not in opener.incomplete and "participant" in reader.table.columns
    index = _index(participants) if is_whole else None
    return Frame(horizon=horizon, participants=participants, index=index, file=reader.table.file), reader


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
