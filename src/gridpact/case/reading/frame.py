"""Frame: what the rows of tables refer to."""

from collections.abc import Mapping
from dataclasses import dataclass

from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The participants and periods of a case, as far as they could be read.

    Attributes:
        horizon: T periods; `None` where they are not known.
        participants: those that could be read; `None` where there is no table of them.
        index: index of every participant, P of them; `None` where not all of them are known.
        file: name of the file of the participants.
    """

    horizon: Horizon | None
    participants: Participants | None
    index: Mapping[str, int] | None
    file: str

    @property
    def shape(self) -> tuple[int, int] | None:
        """(T, P), where both are known."""
        return None if self.horizon is None or self.index is None else (self.horizon.periods, len(self.index))
