"""The gate with a commit for each request, to be measured beside the group commit."""

from starlette.types import ASGIApp

from gridpact.gate.running.application import from_environment as gate_from_environment
from gridpact.gate.store import writer


def from_environment() -> ASGIApp:
    """The application of a gate whose writer carries out each unit of work by itself."""
    writer.GROUP_MAX = 1
    return gate_from_environment()
