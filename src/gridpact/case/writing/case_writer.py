"""write_case: a Case to a case folder that reads back as the same case."""

import json
import math
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.case import Case, TableFormat, need_case
from gridpact.case.folder.case_files import CASE_FILE
from gridpact.case.reading.arrow_arrays import arrow_numbers, arrow_texts, taken
from gridpact.case.schema import ORDERS, PARTICIPANTS, PROFILES, SCHEMAS, SELLER_PRICE, TRADES
from gridpact.case.terms import NONE, Terms
from gridpact.case.times import FOREVER, from_microseconds, microseconds
from gridpact.case.trades import Trades
from gridpact.case.writing.table_file import Coded, write_table
from gridpact.errors import InvalidUsage
from gridpact.fields.arguments import chosen, path_of
from gridpact.grid.limits import THREE_PHASE_LIMITS
from gridpact.grid.network_file import read_names
from gridpact.grid.network_model import Neutral
from gridpact.plug_ins import DOUBLE_AUCTION


def write_case(case: Case, folder: str | Path, table_format: TableFormat | str | None = None) -> None:
    """Writes a case folder; reading it gives the case back, each number exactly.

    Every setting is written, but for `currency` and `open_from` where the case has none. A network file is
    copied into the folder with the files that it reads. Profiles are written whole, without a row missing.
    Commitments are not part of a case folder: they come from the result that made them firm.

    Args:
        case: the case.
        folder: is made where it does not exist, and holds no case yet.
        table_format: of the tables; the case's own where it is not given.

    Raises:
        InvalidUsage: the folder holds a case already, or an argument is not what it has to be.
    """
    need_case("write_case", case)
    folder = path_of("write_case", folder)
    table_format = case.table_format if table_format is None else chosen(TableFormat, "format", table_format)
    folder.mkdir(parents=True, exist_ok=True)
    names = [CASE_FILE, *(f"{schema.name}.{suffix}" for schema in SCHEMAS for suffix in TableFormat)]
    if taken := [name for name in names if (folder / name).exists()]:
        raise InvalidUsage(f"{folder} holds {taken[0]} already", "give a folder without a case")
    if case.network.compiled is not None:
        raise InvalidUsage(
            f"the network '{case.network.name}' is in memory, and no file that a case folder can hold",
            "save it, as by pandapower.to_json, and give the case NetworkSource(file=...)",
        )
    if case.network.file is not None:
        _copy_network(case.network.file, folder)
    (folder / CASE_FILE).write_text(_settings(case), encoding="utf-8", newline="\n")
    times = _times(case, table_format)
    write_table(_participants(case, table_format), folder, PARTICIPANTS.name, table_format)
    write_table(_profiles(case, times), folder, PROFILES.name, table_format)
    if len(case.trades) or not len(case.orders):
        write_trades(case, case.trades, folder, table_format)
    if len(case.orders):
        write_table(_orders(case, times, table_format), folder, ORDERS.name, table_format)


def _copy_network(file: Path, folder: Path) -> None:
    """Copies a network file, and the files that it reads, to where the case looks for them."""
    for name in read_names(file):
        if (file.parent / name).resolve() != (folder / name).resolve():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.parent / name, folder / name)


def write_trades(case: Case, trades: Trades, folder: Path, table_format: TableFormat | None = None) -> None:
    """Writes the trades table of a case folder, such as of trades that were matched from its orders.

    Args:
        case: that the trades belong to.
        trades: N of them.
        folder: exists.
        table_format: of the table; the case's own where it is not given.
    """
    table_format = table_format or case.table_format
    columns = _trades(case, trades, _times(case, table_format), table_format)
    write_table(columns, folder, TRADES.name, table_format)


def _settings(case: Case) -> str:
    """The text of case.toml."""
    horizon, limits = case.horizon, case.limits
    start = horizon.instant(0).isoformat(timespec="minutes")
    builtin = case.network.file is None
    lines = [f"name = {_quoted(case.name)}"]
    if case.currency:
        lines.append(f"currency = {_quoted(case.currency)}")
    lines += [
        "",
        "[horizon]",
        f"start = {_quoted(start)}",
        f"timezone = {_quoted(horizon.timezone)}",
        f"resolution = {_quoted(horizon.resolution)}",
        f"periods = {horizon.periods}",
        *_opening(case),
        "",
        "[network]",
        f"{'builtin' if builtin else 'file'} = {_quoted(case.network.name)}",
        *_model(case),
        "",
        "[limits]",
        *(
            f"{name} = {float(getattr(limits, name))!r}"
            for name in type(limits).__dataclass_fields__
            if case.network.is_three_phase or name not in THREE_PHASE_LIMITS
        ),
        "",
        "[clearing]",
        f"formulation = {_quoted(case.formulation)}",
        f"allocation = {_quoted(case.allocation)}",
        f"robust = {_quoted(case.robustness)}",
        f"feed_in = {_quoted(case.feed_in)}",
        f"curtailment = {_quoted(case.curtailment)}",
        f"work_limit = {case.work_max}",
        *([f"time_limit_s = {float(case.seconds_max)!r}"] if math.isfinite(case.seconds_max) else []),
        "",
        "[matching]",
        *_matching(case),
    ]
    return "\n".join(lines) + "\n"


def _matching(case: Case) -> list[str]:
    """The lines that say what makes trades of orders; a price rule is of the double auction alone."""
    if case.mechanism == DOUBLE_AUCTION:
        return [f"mechanism = {_quoted(case.mechanism)}", f"price_rule = {_quoted(case.price_rule)}"]
    settings = [f"{name} = {value!r}" for name, value in case.mechanism_settings.items()]
    return [f"mechanism = {_quoted(case.mechanism)}", *settings]


def _opening(case: Case) -> list[str]:
    """The line that says from when on trades are taken, where some periods are closed."""
    opens = case.horizon.instant(case.first_open).isoformat(timespec="minutes")
    return [f"open_from = {_quoted(opens)}"] if case.first_open else []


def _model(case: Case) -> list[str]:
    """The lines that say how a network of three phases is modelled."""
    source = case.network
    if not source.is_three_phase:
        return []
    is_earthed = source.neutral is Neutral.EARTHED
    return [
        f"model = {_quoted(source.model)}",
        *([f"neutral = {_quoted(source.neutral)}"] if is_earthed else []),
    ]


def _quoted(text: str) -> str:
    """A text as TOML has it."""
    return json.dumps(str(text), ensure_ascii=False)


def _times(case: Case, table_format: TableFormat) -> Any:
    """The start of every period and the end of the last, (T + 1,)."""
    import pyarrow as pa

    horizon = case.horizon
    if table_format is TableFormat.CSV:
        return arrow_texts(
            [*horizon.labels(), horizon.instant(horizon.periods).isoformat(timespec="minutes")]
        )
    step = horizon.step // timedelta(microseconds=1)
    starts = microseconds(horizon.start) + step * np.arange(horizon.periods + 1)
    return arrow_numbers(starts, kind=pa.timestamp("us", tz=horizon.timezone))


def _participants(case: Case, table_format: TableFormat) -> dict[str, Any]:
    """The columns of the table of participants."""
    participants = case.participants
    return {
        "participant": arrow_texts(participants.ids),
        "bus": participants.bus,
        **({"phases": arrow_texts(participants.phases)} if case.network.is_three_phase else {}),
        "demand": Coded(labels=("elastic", "firm"), codes=participants.firm.astype(np.int64)),
        "surplus": Coded(labels=("curtail", "export"), codes=participants.exports.astype(np.int64)),
        "load_power_factor": participants.load_power_factor,
        "generation_power_factor": participants.generation_power_factor,
        "retailer": arrow_texts(participants.retailer),
        **_connections(participants.connection_kw),
        **_membership(case, table_format),
        **({"meter": arrow_texts(participants.meter)} if any(participants.meter) else {}),
    }


def _membership(case: Case, table_format: TableFormat) -> dict[str, Any]:
    """The columns of memberships that begin or end, in the timezone of the case."""
    import pyarrow as pa

    timezone = case.horizon.timezone
    columns: dict[str, Any] = {}
    for name, open_end in (("member_from", 0), ("member_until", FOREVER)):
        moments = getattr(case.participants, name)
        is_open = moments == open_end
        if is_open.all():
            continue
        if table_format is TableFormat.PARQUET:
            columns[name] = arrow_numbers(moments, is_open, pa.timestamp("us", tz=timezone))
            continue
        local = [from_microseconds(count).astimezone(ZoneInfo(timezone)) for count in moments.tolist()]
        texts = ["" if end else time.isoformat() for time, end in zip(local, is_open.tolist(), strict=True)]
        columns[name] = arrow_texts(texts)
    return columns


def _connections(connection_kw: Float) -> dict[str, Any]:
    """The column of connections, left out where none is known."""
    unknown = np.isnan(connection_kw)
    return {} if unknown.all() else {"connection_kw": arrow_numbers(connection_kw, unknown)}


def _profiles(case: Case, times: Any) -> dict[str, Any]:
    """The columns of the table of profiles, ordered by time, then as the participants are."""
    periods, count = case.profiles.load_kw.shape
    return {
        "time": taken(times, np.repeat(np.arange(periods), count)),
        "participant": Coded(labels=case.participants.ids, codes=np.tile(np.arange(count), periods)),
        "load_kw": case.profiles.load_kw.reshape(-1),
        "generation_kw": case.profiles.generation_kw.reshape(-1),
    }


def _trades(case: Case, trades: Trades, times: Any, table_format: TableFormat) -> dict[str, Any]:
    """The columns of a table of trades."""
    return {
        "trade": arrow_texts(trades.ids),
        "seller": Coded(labels=case.participants.ids, codes=trades.seller),
        "buyer": Coded(labels=case.participants.ids, codes=trades.buyer),
        "start": taken(times, trades.start),
        "end": taken(times, trades.end),
        "power_kw": trades.power_kw,
        "price_per_kwh": trades.price_per_kwh,
        **_seller_prices(trades),
        **_submitted(trades.submitted, table_format),
        **_terms(trades.terms),
    }


def _seller_prices(trades: Trades) -> dict[str, Any]:
    """The column of what sellers receive, where that is not what buyers pay."""
    received = trades.received_per_kwh
    return {} if np.array_equal(received, trades.price_per_kwh) else {SELLER_PRICE.name: received}


def _orders(case: Case, times: Any, table_format: TableFormat) -> dict[str, Any]:
    """The columns of the table of orders."""
    orders = case.orders
    return {
        "order": arrow_texts(orders.ids),
        "participant": Coded(labels=case.participants.ids, codes=orders.participant),
        "side": Coded(labels=("buy", "sell"), codes=orders.sells.astype(np.int64)),
        "start": taken(times, orders.start),
        "end": taken(times, orders.end),
        "power_kw": orders.power_kw,
        "price_per_kwh": orders.price_per_kwh,
        **_submitted(orders.submitted, table_format),
        **_terms(orders.terms),
    }


def _terms(terms: Terms) -> dict[str, Any]:
    """The columns of the terms that any row has."""
    columns: dict[str, Any] = {}
    if terms.min_fraction.any():
        columns["min_fraction"] = terms.min_fraction
    if terms.block.any():
        columns["block"] = terms.block
    if (terms.group != NONE).any():
        columns["group"] = Coded.of_names(terms.group_names, terms.group)
    if (terms.link != NONE).any():
        columns["link"] = Coded.of_names(terms.link_names, terms.link)
    return columns


def _submitted(submitted: Int, table_format: TableFormat) -> dict[str, Any]:
    """The column of submission times in UTC, left out where no row has one."""
    import pyarrow as pa

    if not submitted.any():
        return {}
    if table_format is TableFormat.PARQUET:
        return {"submitted": arrow_numbers(submitted, submitted == 0, pa.timestamp("us", tz="UTC"))}
    times = [from_microseconds(count).isoformat() if count else "" for count in submitted.tolist()]
    return {"submitted": arrow_texts(times)}
