"""Events: their entries of the log found at once, the sessions whose opening it has, and webhooks."""

import sqlalchemy as sa
from alembic import op

from gridpact.gate.store.migrations.only_grows import only_grows

revision = "0002_events"
down_revision = "0001"
OF_EVENTS = (
    "kind IN ('opened','seal','published','session-cancelled','trade','confirmation','rejection',"
    "'settled','webhook-disabled')"
)


def upgrade() -> None:
    """Makes the change."""
    op.create_index(
        "log_of_events",
        "log",
        ["sequence"],
        sqlite_where=sa.text(OF_EVENTS),
        postgresql_where=sa.text(OF_EVENTS),
    )
    op.create_table(
        "opening",
        sa.Column("session", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sequence"], ["log.sequence"]),
        sa.PrimaryKeyConstraint("session"),
    )
    op.create_table(
        "webhook",
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("webhook", sa.String(length=200), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user", "webhook"),
    )
    only_grows(("opening",))
