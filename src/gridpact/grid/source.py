"""NetworkSource: the name of a network, before it is compiled."""

from dataclasses import dataclass
from pathlib import Path

from gridpact.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSource:
    """Where the network comes from: exactly one of a built-in's name and a file."""

    builtin: str = ""
    file: Path | None = None

    @property
    def name(self) -> str:
        """The built-in's name, or the file's."""
        return self.builtin if self.file is None else self.file.name

    def problem(self, what: str, *, remedy: str = "", field: str = "", value: str = "") -> Problem:
        """Something wrong with this network, placed where the user can mend it.

        Args:
            what: reads on from the field and value, or from the network where those are empty.
            remedy: what would be right.
            field: part of the network that is wrong, such as "line 3 max_i_ka".
            value: its value.
        """
        if self.file is not None:
            return Problem(file=self.file.name, field=field, value=value, what=what, remedy=remedy)
        subject = " ".join(part for part in (field, repr(value) if value else "", what) if part)
        return Problem(
            file="case.toml", field="network.builtin", value=self.builtin, what=subject, remedy=remedy
        )
