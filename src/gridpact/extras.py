"""The extras of the package: what is installed beside the core only where it is asked for.

This is the one place that says what is in which, and how a missing one is refused.
"""

from dataclasses import dataclass
from importlib.util import find_spec

from gridpact.errors import InvalidUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """An extra of the package.

    Attributes:
        name: as pip takes it.
        modules: that it brings.
    """

    name: str
    modules: tuple[str, ...]

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install 'gridpact[{self.name}]'"

    @property
    def remedy(self) -> str:
        """What to do where it is missing."""
        return f"install it by {self.command}"

    def is_installed(self, *modules: str) -> bool:
        """Whether some of its modules are there; without a name, all of them."""
        return all(map(_is_there, modules or self.modules))

    def need(self, what: str, *modules: str) -> None:
        """Refuses to go on without some of its modules; without a name, all of them.

        Args:
            what: what needs it, as in "--xlsx needs XlsxWriter, which is not installed".
            modules: of the extra.

        Raises:
            InvalidUsage: one of them is not installed.
        """
        if not self.is_installed(*modules):
            raise InvalidUsage(what, self.remedy)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # something keeps it from being found
        return False


NETWORKS = Extra(name="networks", modules=("pandapower", "simbench"))
GATE = Extra(
    name="gate",
    modules=(
        "alembic",
        "argon2",
        "fastapi",
        "granian",
        "jinja2",
        "nacl",
        "prometheus_client",
        "psycopg",
        "python_multipart",
        "sqlalchemy",
    ),
)
OIDC = Extra(name="oidc", modules=("authlib", "httpx2", "joserfc"))
OPENDSS = Extra(name="opendss", modules=("dss",))
PDF = Extra(name="pdf", modules=("weasyprint",))
UFTP = Extra(name="uftp", modules=("shapeshifter_uftp",))
XLSX = Extra(name="xlsx", modules=("python_calamine", "xlsxwriter"))
CLUSTER = Extra(name="cluster", modules=("dask", "distributed"))
EXTRAS = (NETWORKS, GATE, OIDC, OPENDSS, PDF, UFTP, XLSX, CLUSTER)
