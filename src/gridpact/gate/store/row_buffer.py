"""RowBuffer: rows of tables that only grow, inserted together, many at a time."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import psycopg
from sqlalchemy import Connection, Table
from sqlalchemy.exc import OperationalError

from gridpact.gate.store.database import SQLITE

COPY_ROWS_MIN = 20  # below which one statement a row costs less than beginning a COPY
ROWS_A_STATEMENT = (256, 32, 4, 1)  # few sizes, so that SQLite knows the statements that it has compiled


class RowBuffer:
    """Rows that wait to be inserted, in the order of their tables.

    Args:
        tables: in the order in which rows of one may point to rows of another.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self._rows: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in tables}

    def add(self, table: Table, row: tuple[Any, ...]) -> None:
        """Takes a row, its values in the order of the table's columns."""
        self._rows[table].append(row)

    def flush(self, connection: Connection) -> None:
        """Inserts what waits."""
        for table, rows in self._rows.items():
            if rows:
                self._rows[table] = []
                _insert(connection, table, rows)


def _insert(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Inserts rows in few statements, by COPY where there are many and the database has it."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    is_sqlite = connection.dialect.name == SQLITE
    if not is_sqlite and len(rows) >= COPY_ROWS_MIN:
        _copy(connection, f'COPY "{table.name}" ({columns}) FROM STDIN', rows)
        return
    into = f'INSERT INTO "{table.name}" ({columns}) VALUES '
    places = f"({', '.join(['?' if is_sqlite else '%s'] * len(table.columns))})"
    if not is_sqlite:
        connection.exec_driver_sql(into + places, rows)
        return
    first = 0
    for size in ROWS_A_STATEMENT:  # One step of SQLite each, beside which other threads go on.
        statement = into + ", ".join([places] * size)
        while len(rows) - first >= size:
            values = tuple(chain.from_iterable(rows[first : first + size]))
            connection.exec_driver_sql(statement, values)
            first += size


def _copy(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """Inserts rows by PostgreSQL's COPY.

    Raises:
        OperationalError: the database did not take them.
    """
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise OperationalError(statement, None, error) from error
