"""Tables that are only appended to: how a migration has the database refuse all else."""

from collections.abc import Iterable

from alembic import op

_WORDS = "rows of this table are never changed or deleted"


def only_grows(tables: Iterable[str]) -> None:
    """Makes the database refuse to change or delete rows of tables, as those of the first release."""
    for table in tables:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f'CREATE TRIGGER "{table}_only_grows" BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f'CREATE TRIGGER "{table}_no_{change.lower()}" BEFORE {change} ON "{table}" '
                f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
            )
