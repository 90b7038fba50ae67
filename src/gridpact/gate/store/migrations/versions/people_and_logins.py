"""People who log in: passwords, invitations, logins, identities; and mandates that users hand over."""

import sqlalchemy as sa
from alembic import op

revision = "0004_people"
down_revision = "0003_settlements"
_NAME, _DIGEST = sa.String(length=200), sa.String(length=64)


def upgrade() -> None:
    """Makes the change."""
    op.add_column("mandate", sa.Column("given_by", _NAME, nullable=True))
    op.create_table(
        "password",
        sa.Column("user", _NAME, nullable=False),
        sa.Column("argon2", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_table(
        "invitation",
        sa.Column("sha256", _DIGEST, nullable=False),
        sa.Column("user", _NAME, nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "login",
        sa.Column("sha256", _DIGEST, nullable=False),
        sa.Column("user", _NAME, nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user", _NAME, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    op.create_table(
        "sign_on",
        sa.Column("sha256", _DIGEST, nullable=False),
        sa.Column("nonce", _NAME, nullable=False),
        sa.Column("verifier", _NAME, nullable=False),
        sa.Column("invitation", _NAME, nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    for table in ("invitation", "login", "identity"):
        op.create_index(f"ix_{table}_user", table, ["user"])
