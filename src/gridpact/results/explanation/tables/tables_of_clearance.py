"""The tables that explanations need, of a clearance at hand: the same as in the folder of its result."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gridpact.case.schema import Kind, Schema
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.clearance_tables import (
    Columns,
    cleared_columns,
    commitments_columns,
    curtailed_columns,
    limits_columns,
    orders_columns,
    schedule_columns,
)
from gridpact.results.explanation.tables.explanation_tables import (
    limit_loads_columns,
    places_columns,
    reasons_columns,
    terms_columns,
)
from gridpact.results.explanation.tables.matching_table import matching_columns
from gridpact.results.explanation.tables.result_tables import (
    MATCHING,
    NEEDED,
    OPTIONAL,
    PLACES,
    REASONS,
    SENSITIVITIES,
    TERMS,
    ResultTables,
    Rows,
)


def tables_of(clearance: ClearanceArrays, summary: Mapping[str, Any]) -> ResultTables:
    """What an explanation needs of a clearance with its summary."""
    horizon = clearance.case.horizon
    made: dict[str, Columns] = {
        "cleared": cleared_columns(clearance),
        "schedule": schedule_columns(clearance),
        "limits": limits_columns(clearance),
        "curtailed": curtailed_columns(clearance),
        **explanation_columns(clearance),
    }
    if clearance.committed:
        made["commitments"] = commitments_columns(clearance)
    if clearance.cleared_orders is not None:
        made["orders"] = orders_columns(clearance)
    schemas = {schema.name: schema for schema in (*NEEDED, *OPTIONAL)}
    return ResultTables(
        summary=summary,
        starts=tuple(horizon.instant(period) for period in range(horizon.periods)),
        step=horizon.step,
        tables={name: _plain(columns, schemas[name]) for name, columns in made.items()},
    )


def explanation_columns(clearance: ClearanceArrays) -> dict[str, Columns]:
    """The tables of a result that are there for explanations, as far as there is anything in them."""
    made = {PLACES: places_columns(clearance)}
    is_cut = bool(np.any(clearance.solution.limited_by != LimitedBy.NOTHING))
    found = {
        REASONS: reasons_columns(clearance) if is_cut else None,
        SENSITIVITIES: limit_loads_columns(clearance) if is_cut or _is_curtailed(clearance) else None,
        TERMS: terms_columns(clearance),
        MATCHING: matching_columns(clearance),
    }
    return {**made, **{name: columns for name, columns in found.items() if columns is not None}}


def _is_curtailed(clearance: ClearanceArrays) -> bool:
    """Whether any feed-in is."""
    return bool(np.any(clearance.fed_in.limited_by != LimitedBy.NOTHING))


def _plain(columns: Columns, schema: Schema) -> Rows:
    """The columns of a schema as texts, numbers and periods."""
    length = next(len(values.codes) for values in columns.values() if isinstance(values, Coded))
    plain: dict[str, Any] = {}
    for column in schema.columns:
        values = columns.get(column.name)
        if isinstance(values, Instants):
            plain["period"] = values.period
        elif isinstance(values, Coded):
            plain[column.name] = values.texts()
        elif values is not None:
            plain[column.name] = np.asarray(values, dtype=np.float64)
        else:
            is_text = column.kind is Kind.ID
            plain[column.name] = np.full(length, "" if is_text else np.nan, object if is_text else float)
    return plain
