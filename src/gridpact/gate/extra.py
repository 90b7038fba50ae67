"""The libraries of the gate, which are an extra."""

from importlib.util import find_spec

from gridpact.errors import InvalidUsage

LIBRARIES = (
    "alembic",
    "argon2",
    "cryptography",
    "fastapi",
    "granian",
    "jinja2",
    "prometheus_client",
    "psycopg",
    "python_multipart",
    "sqlalchemy",
)


def need_libraries() -> None:
    """Refuses to go on without the libraries of the gate.

    Raises:
        InvalidUsage: one of them is not installed.
    """
    if any(find_spec(name) is None for name in LIBRARIES):
        raise InvalidUsage(
            "the gate needs libraries that are not installed", "install them by pip install 'gridpact[gate]'"
        )
