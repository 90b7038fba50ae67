"""The version of the tables in a database, and the way to that of this program."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gridpact.errors import InvalidUsage
from gridpact.gate.store.database import Database

SCRIPTS = "gridpact.gate.store:migrations"


def migrate(database: Database) -> None:
    """Brings the tables to the version of this program.

    Raises:
        InvalidUsage: they are of a version that this program does not know.
    """
    with database.writing() as connection:
        _refuse_unknown(connection)
        command.upgrade(_config(connection), "head")


def is_current(database: Database) -> bool:
    """Whether the tables are of the version of this program."""
    with database.reading() as connection:
        return _found(connection) == ScriptDirectory.from_config(_config(connection)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    return config


def _found(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config(connection)).walk_revisions()}
    found = _found(connection)
    if found is not None and found not in known:
        raise InvalidUsage(
            f"the database has tables of version {found}, which this version of gridpact does not know",
            "serve it by the version of gridpact that it was migrated to",
        )
