"""`[openadr]` of standards.toml: the server (VTN), how to log in, and its names of the participants."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from gridpact.bridges.standards.names_of_participants import codes_of_participants
from gridpact.case.folder.toml_file import TomlFile

OPENADR = "openadr"
RESOURCES, FEED_IN = "resources", "feed_in_resources"
OPENADR_KEYS = (
    "vtn",
    "version",
    "program",
    "client_id",
    "client_secret_file",
    "token_url",
    "scope",
    RESOURCES,
    FEED_IN,
)
NAME_LENGTH_MAX = 128  # of a resourceName and a programName
EXAMPLE_URL = '"https://vtn.example.com/openadr3/3.0.1"'


class OpenadrVersion(StrEnum):
    """The version of OpenADR that the server speaks: in 3.1 targets are plain names."""

    V3_0 = "3.0"
    V3_1 = "3.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class VtnTerms:
    """What publishing and reading at a server need.

    Attributes:
        vtn: URL that the paths of the API are appended to.
        version: of OpenADR that it speaks.
        program: name of the programme that the events are of.
        client_id: of the business logic; empty where the server asks for no login.
        client_secret_file: path of the file that holds the secret, relative to that of standards.toml.
        token_url: where tokens are given.
        scope: that is asked for with the token; empty for none.
        resources: name of the resource of each participant that has not its own.
        feed_in_resources: name of the resource that reports what a participant fed in.
    """

    vtn: str
    version: OpenadrVersion
    program: str
    client_id: str
    client_secret_file: str
    token_url: str
    scope: str
    resources: Mapping[str, str]
    feed_in_resources: Mapping[str, str]

    def resource_of(self, participant: str) -> str:
        """The name of a participant's resource at the server."""
        return self.resources.get(participant, participant)


def read_vtn_terms(file: TomlFile, participants: tuple[str, ...] | None) -> VtnTerms:
    """What `[openadr]` says; what is wrong with it goes into the problems of the file.

    Args:
        file: standards.toml.
        participants: that are known; `None` where that is not known.
    """
    file.refuse_unknown_keys(OPENADR, OPENADR_KEYS)
    vtn = _url(file, "vtn", EXAMPLE_URL)
    client_id, secret = (file.text(OPENADR, key) or "" for key in ("client_id", "client_secret_file"))
    if bool(client_id) != bool(secret):
        key = "client_secret_file" if client_id else "client_id"
        file.refuse_missing(OPENADR, key, '"vtn.secret"' if client_id else '"gridpact"')
    terms = VtnTerms(
        vtn=vtn,
        version=OpenadrVersion(file.choice(OPENADR, "version", tuple(OpenadrVersion))),
        program=file.text(OPENADR, "program") or "operating-envelopes",
        client_id=client_id,
        client_secret_file=secret,
        token_url=_url(file, "token_url", "") or f"{vtn}/auth/token",
        scope=file.text(OPENADR, "scope") or "",
        resources=_resources(file, RESOURCES, participants),
        feed_in_resources=_resources(file, FEED_IN, participants),
    )
    _refuse_shared(file, terms, participants or ())
    return terms


def _resources(file: TomlFile, key: str, participants: tuple[str, ...] | None) -> Mapping[str, str]:
    """The resources that a section names."""
    return codes_of_participants(file, OPENADR, key, participants, fault=_name_fault)


def _refuse_shared(file: TomlFile, terms: VtnTerms, participants: tuple[str, ...]) -> None:
    """Takes in every resource that two participants, or two directions, would share."""
    owner = {terms.resource_of(name): name for name in participants if name not in terms.resources}
    for name, resource in terms.resources.items():
        if owner.get(resource, name) != name:
            what = f"is the name of the participant '{owner[resource]}', whose resource has it too"
            file.refuse(f"{OPENADR}.{RESOURCES}", name, what, "give each its own", resource)
    taken = {**owner, **{resource: name for name, resource in terms.resources.items()}}
    for name, resource in terms.feed_in_resources.items():
        if resource in taken:
            what = f"is the resource that reports what '{taken[resource]}' takes"
            file.refuse(f"{OPENADR}.{FEED_IN}", name, what, "name the one that reports feed-in", resource)


def _url(file: TomlFile, key: str, example: str) -> str:
    """A URL without a slash at its end; empty where it cannot be used, which is a problem."""
    text = file.text(OPENADR, key, example=example)
    if text is None:
        return ""
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or parts.query or parts.fragment or parts.username is not None:
        file.refuse(OPENADR, key, "is not the URL of a server", f"write {example or EXAMPLE_URL}", text)
        return ""
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        what = "would send secrets and limits in the open"
        file.refuse(OPENADR, key, what, "write https://; http:// is for a server on this machine", text)
    return text.rstrip("/")


def _is_this_machine(host: str) -> bool:
    """Whether a host is the machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _name_fault(name: str) -> tuple[str, str] | None:
    """What is wrong with the name of a resource."""
    if len(name) > NAME_LENGTH_MAX:
        return f"has more than {NAME_LENGTH_MAX} characters", "give the resourceName that the server has"
    return None
