"""Settlements: what is settled, by whom it is worked on, and what was published of it."""

import sqlalchemy as sa
from alembic import op

from gridpact.gate.store.migrations.only_grows import only_grows

revision = "0003_settlements"
down_revision = "0002_events"
NAME = sa.String(length=200)


def upgrade() -> None:
    """Makes the change."""
    op.create_table(
        "settlement",
        sa.Column("settlement", NAME, nullable=False),
        sa.Column("market", NAME, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sequence"], ["log.sequence"]),
        sa.PrimaryKeyConstraint("settlement"),
    )
    op.create_index(op.f("ix_settlement_market"), "settlement", ["market"], unique=False)
    op.create_table(
        "settling_job",
        sa.Column("settlement", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("worker", NAME, nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["settlement"], ["settlement.settlement"]),
        sa.PrimaryKeyConstraint("settlement"),
    )
    op.create_table(
        "settlement_publication",
        sa.Column("settlement", NAME, nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["settlement"], ["settlement.settlement"]),
        sa.PrimaryKeyConstraint("settlement"),
    )
    op.create_table(
        "settled_file",
        sa.Column("settlement", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["settlement"], ["settlement_publication.settlement"]),
        sa.PrimaryKeyConstraint("settlement", "name"),
    )
    only_grows(("settlement", "settlement_publication", "settled_file"))
