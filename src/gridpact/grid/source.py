"""NetworkSource: the name of a network, before it is compiled."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gridpact.errors import Problem
from gridpact.fields.case_part import CasePart, unchecked
from gridpact.fields.refusals import Refusals
from gridpact.fields.said import a
from gridpact.grid.network import Network
from gridpact.grid.network_model import OF_THREE_PHASES, NetworkModel, Neutral

NEUTRAL_FIELD = "network.neutral"

OPENDSS_SUFFIX = ".dss"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSource(CasePart):
    """Where the network comes from: exactly one of a built-in's name, a file and a compiled network.

    Attributes:
        builtin: a name that `gridpact network` lists.
        file: with pandapower's or power-grid-model's JSON, or the master file of an OpenDSS folder, which
            ends in `.dss`; text is taken for a path.
        model: how it is modelled, `balanced` or `three-phase`.
        compiled: a network that is compiled already, which says itself how it is modelled.
        neutral: what the neutral of lines that are given by four conductors is, `return` or `earthed`.

    Raises:
        InvalidCase: with everything that is wrong with it.
    """

    builtin: str = ""
    file: Path | None = None
    model: NetworkModel = NetworkModel.BALANCED
    neutral: Neutral = Neutral.RETURN
    compiled: Network | None = None

    def __post_init__(self) -> None:
        refusals, file = Refusals("network"), self.file
        if not isinstance(self.builtin, str):
            remedy = f"it is {a(self.builtin)}; write a name, as in 'pandapower/cigre_lv'"
            refusals.add("builtin", "is not text", remedy, self.builtin)
        if isinstance(file, str) and file:
            file = Path(file)
        if file is not None and not isinstance(file, Path):
            refusals.add("file", "is not a path", f"it is {a(file)}; write text or a Path", file)
        if self.compiled is not None and not isinstance(self.compiled, Network):
            remedy = f"it is {a(self.compiled)}; give what gridpact.compile_network makes"
            refusals.add("compiled", "is no compiled network", remedy)
        if not len(refusals):
            given = [name for name in ("builtin", "file", "compiled") if getattr(self, name)]
            if len(given) != 1:
                what = f"has both {given[0]} and {given[1]}" if given else "needs one of builtin and file"
                remedy = "keep one" if given else "give one"
                refusals.add("", what, f"{remedy}, as in builtin='pandapower/cigre_lv'")
        words = {
            name: _word(refusals, name, kind, getattr(self, name))
            for name, kind in (("model", NetworkModel), ("neutral", Neutral))
        }
        if words["model"] is NetworkModel.BALANCED and words["neutral"] is Neutral.EARTHED:
            refusals.add("neutral", *OF_THREE_PHASES, str(self.neutral))
        refusals.finish()
        if self.compiled is not None:
            is_three_phase = self.compiled.is_three_phase
            words["model"] = NetworkModel.THREE_PHASE if is_three_phase else NetworkModel.BALANCED
        self._set(file=file, **words)

    @classmethod
    def none(cls) -> "NetworkSource":
        """No network: a case without one can be settled, and nothing else."""
        return unchecked(cls)

    @property
    def is_given(self) -> bool:
        """Whether there is a network at all."""
        return bool(self.builtin) or self.file is not None or self.compiled is not None

    @property
    def is_three_phase(self) -> bool:
        """Whether it is modelled with three phases."""
        return self.model is NetworkModel.THREE_PHASE

    @property
    def is_opendss(self) -> bool:
        """Whether it is the master file of an OpenDSS folder."""
        return self.file is not None and is_opendss(self.file)

    @property
    def name(self) -> str:
        """The built-in's name, the file's, or the compiled network's; empty where there is no network."""
        if self.compiled is not None:
            return self.compiled.name
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


def unused_neutral(source: NetworkSource) -> list[Problem]:
    """What is wrong where a network of no lines by four conductors is to have an earthed neutral."""
    if source.neutral is not Neutral.EARTHED:
        return []
    return [
        Problem(
            file="case.toml",
            field=NEUTRAL_FIELD,
            value=source.neutral.value,
            what=f"is about lines that are given by four conductors, and {source.name} has none",
            remedy="leave it out: r0 and x0 of a line say themselves what its neutral is",
        )
    ]


def is_opendss(file: Path) -> bool:
    """Whether a network file is the master file of an OpenDSS folder, which its name alone says."""
    return file.suffix.lower() == OPENDSS_SUFFIX


def _word(refusals: Refusals, name: str, kind: type[StrEnum], given: object) -> StrEnum | None:
    """The given word of a kind; `None` where it is none."""
    try:
        return kind(given)  # type: ignore[arg-type]
    except ValueError:
        known = " or ".join(repr(word.value) for word in kind)
        refusals.add(name, "is not known", f"write {known}", given)
        return None
