"""Statement: one command of a script of OpenDSS, with the file and line that it stands in."""

from dataclasses import dataclass, field

from gridpact.errors import Problem

VALUE_SHOWN_MAX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A parameter of a command: `name=value`, or a value alone, whose name is then empty.

    `opening` and `closing` are the marks around the value as it was written, of which it holds none.
    """

    name: str
    text: str
    opening: str = ""
    closing: str = ""

    def __str__(self) -> str:
        quoted = f"{self.opening}{self.text}{self.closing}"
        return f"{self.name}={quoted}" if self.name else quoted

    @property
    def shown(self) -> str:
        """The value for people."""
        return self.text[:VALUE_SHOWN_MAX]


@dataclass(slots=True, kw_only=True)
class Statement:
    """One command with the lines that continue it.

    Attributes:
        file: name of the file, relative to the folder of the master file.
        line: that it begins in, counted from 1.
        verb: the command in lower case, as in "new".
        kind: class of the object that it is about in lower case, as in "line", or empty.
        name: that object's name in lower case, or empty.
        values: its parameters, those of the lines that continue it last.
    """

    file: str
    line: int
    verb: str
    kind: str = ""
    name: str = ""
    values: list[Value] = field(default_factory=list)

    @property
    def element(self) -> str:
        """The object as people write it, such as "Line.l1"; the command where there is none."""
        kind = CLASS_WORDS.get(self.kind, self.kind.capitalize())
        return f"{kind}.{self.name}" if self.kind else self.verb

    @property
    def is_disabled(self) -> bool:
        """Whether it says `enabled=no`, in any of the ways to write it."""
        said = [value.text.lower() for value in self.values if value.name.lower() == "enabled"]
        return bool(said) and said[-1][:1] in ("n", "f")

    def given(self, start: str) -> str:
        """The last value of the parameters whose name begins so; empty where there is none."""
        return next((each.text for each in reversed(self.values) if each.name.lower().startswith(start)), "")

    def problem(self, what: str, *, remedy: str, field: str = "", value: str = "") -> Problem:
        """Something wrong with it, placed in its file.

        Args:
            what: reads on from the element, field and value.
            remedy: what would be right.
            field: the parameter that is wrong; empty where it is the whole command.
            value: its value.
        """
        place = f"{self.element} {field}".strip()
        return Problem(file=self.file, line=self.line, field=place, value=value, what=what, remedy=remedy)

    def __str__(self) -> str:
        head = [self.verb, f'"{self.kind}.{self.name}"'] if self.kind else [self.verb]
        return " ".join([*head, *map(str, self.values)])


CLASS_WORDS = {
    "cndata": "CNData",
    "linecode": "LineCode",
    "linegeometry": "LineGeometry",
    "linespacing": "LineSpacing",
    "loadshape": "LoadShape",
    "pvsystem": "PVSystem",
    "regcontrol": "RegControl",
    "capcontrol": "CapControl",
    "swtcontrol": "SwtControl",
    "tsdata": "TSData",
    "wiredata": "WireData",
    "xfmrcode": "XfmrCode",
    "energymeter": "EnergyMeter",
}
