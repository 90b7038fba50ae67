"""Runs migrations on the connection that `schema_version` gives."""

from alembic import context

from gridpact.gate.store.gate_tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
