"""Tables of a case, out of columns of texts and forecasts as the gate has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.case.case import TableFormat
from gridpact.case.horizon import Horizon
from gridpact.case.schema import PROFILES, Kind, Schema
from gridpact.case.times import from_microseconds
from gridpact.case.writing.table_file import Coded, write_table
from gridpact.gate.closing.sealed_forecasts import Forecasts
from gridpact.gate.words.moments import read_moment

_TEXTS = (Kind.ID, Kind.CHOICE, Kind.BUS, Kind.FLAG, Kind.TIME, Kind.INSTANT)


def write_columns(
    folder: Path, schema: Schema, columns: Mapping[str, list[str | None]], horizon: Horizon | None = None
) -> None:
    """Writes columns of texts as a table of a case, numbers as numbers and times as local ones."""
    import pyarrow as pa

    kinds = {column.name: column.kind for column in schema.columns}
    typed: dict[str, Any] = {}
    for name, texts in columns.items():
        if kinds[name] is Kind.TIME and horizon is not None:
            texts = [_local(text, horizon) for text in texts]
        if kinds[name] in _TEXTS:
            typed[name] = pa.array(texts, pa.string())
        else:
            typed[name] = np.array([float(text) if text else np.nan for text in texts])
    write_table(typed, folder, schema.name, TableFormat.CSV)


def _local(text: str | None, horizon: Horizon) -> str:
    time = from_microseconds(read_moment(text) or 0)
    return time.astimezone(ZoneInfo(horizon.timezone)).isoformat(timespec="minutes")


def write_profiles(folder: Path, horizon: Horizon, forecasts: Forecasts) -> None:
    """Writes the forecasts of participants as the profiles of a case."""
    names = tuple(forecasts)
    load_kw, generation_kw = (
        np.stack([series[side] for series in forecasts.values()], axis=1).reshape(-1) for side in (0, 1)
    )
    columns = {
        "time": Coded(labels=horizon.labels(), codes=np.repeat(np.arange(horizon.periods), len(names))),
        "participant": Coded(labels=names, codes=np.tile(np.arange(len(names)), horizon.periods)),
        "load_kw": load_kw,
        "generation_kw": generation_kw,
    }
    write_table(columns, folder, PROFILES.name, TableFormat.CSV)
