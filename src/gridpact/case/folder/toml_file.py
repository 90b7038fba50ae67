"""TomlFile: checked values out of a TOML file, each problem with the line of its key."""

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from gridpact.case.reading.problems import Problems, shown, suggestion
from gridpact.errors import Problem

_QUOTED_OR_BARE = r""""([^"]*)"|'([^']*)'|([^\s."'=#]+)"""
_HEAD = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]")
_ENTRY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[^\s"'=#])+)\s*=""")


class TomlFile:
    """Takes checked values out of a parsed TOML file.

    A section is named as its header is, `retailers.north` one in another; the top of the file is "".

    Args:
        file: its name.
        values: what it says.
        lines: the line of each section, as (section, ""), and of each key, as (section, key).
        problems: takes in what is wrong.
    """

    def __init__(
        self, file: str, values: Mapping[str, Any], lines: Mapping[tuple[str, str], int], problems: Problems
    ) -> None:
        self.file = file
        self.values = values
        self._lines = lines
        self._problems = problems

    def __len__(self) -> int:
        """How many problems there are so far, of this file and all others."""
        return len(self._problems)

    def line(self, section: str, key: str) -> int:
        """The line of a key, of its section where the key is absent, 0 where neither is found."""
        return self._lines.get((section, key)) or self._lines.get((section, ""), 0)

    def refuse(self, section: str, key: str, what: str, remedy: str = "", value: object = "") -> None:
        """Takes in a problem at a key, or at its section where the key is absent."""
        problem = Problem(
            file=self.file,
            line=self.line(section, key.partition("[")[0]),
            field=shown(".".join(part for part in (section, key) if part)),
            value=shown(value),
            what=what,
            remedy=remedy,
        )
        self._problems.add(problem)

    def refuse_missing(self, section: str, key: str, example: str) -> None:
        """Takes in that a required key is absent, with an example of its value."""
        place = f" to [{section}]" if section else " above the sections"
        self.refuse(section, key, "is missing", f"add {key} = {example}{place}")

    def refuse_unknown_sections(self, sections: Mapping[str, tuple[str, ...]]) -> None:
        """Takes in every key and section at the top that is not declared, with the keys at the top as ""."""
        tables = [name for name in sections if name]
        for name, value in self.values.items():
            if name in sections[""]:
                continue
            if name not in sections or not name:
                near = suggestion(name, (*tables, *sections[""]))
                self.refuse(name, "", "is not known", near or f"the sections are {', '.join(tables)}")
            elif not isinstance(value, dict):
                self.refuse(name, "", "is not a section", f"write [{name}] on a line of its own")

    def refuse_unknown_keys(self, section: str, known: tuple[str, ...]) -> None:
        """Takes in every key of a section that is not declared."""
        for key in (key for key in self._table(section) if key not in known):
            remedy = suggestion(key, known) or f"known are {', '.join(known)}"
            self.refuse(section, key, "is not known", remedy)

    def get(self, section: str, key: str) -> Any:
        """The value of a key, unchecked; `None` where it is absent."""
        return self._table(section).get(key)

    def text(self, section: str, key: str, *, example: str = "") -> str | None:
        """The value of a key that is printable text; it is required where there is an example of it."""
        value = self.get(section, key)
        if value is None:
            if example:
                self.refuse_missing(section, key, example)
            return None
        if not isinstance(value, str):
            self.refuse(section, key, "is not text", "write it in quotes", value)
        elif not value or value != value.strip() or not value.isprintable():
            what = "is empty, has white space around it or a character that cannot be printed"
            self.refuse(section, key, what, "write plain text", value)
        else:
            return value
        return None

    def choice(self, section: str, key: str, offered: tuple[str, ...]) -> str:
        """The value of a key that is one of several, the first where it is absent or cannot be used."""
        value = self.text(section, key)
        if value is None or value in offered:
            return value or offered[0]
        options = " or ".join(f"'{option}'" for option in offered)
        remedy = suggestion(value, offered) or f"write {options}"
        self.refuse(section, key, f"is not a known {key}", remedy, value)
        return offered[0]

    def refusals(self, section: str, key: str, value: object) -> Callable[[str, str], None]:
        """A function of what and remedy that takes in a problem with a value."""
        return lambda what, remedy: self.refuse(section, key, what, remedy, value)

    def _table(self, section: str) -> Mapping[str, Any]:
        """The keys and values of a section; none where it is absent, or not a section."""
        outer, dot, inner = section.partition(".")
        table: Any = self.values.get(outer, {}) if section else self.values
        if dot and isinstance(table, dict):
            table = table.get(inner, {})
        return table if isinstance(table, dict) else {}


def parse_toml(
    content: bytes,
    file: str,
    problems: Problems,
    parse_float: Callable[[str], Any] = float,
    *,
    numbers: Mapping[str, str] | None = None,
) -> TomlFile | None:
    """What a TOML file says; `None`, with a problem, where it is not TOML.

    Args:
        content: of the file.
        file: its name.
        problems: takes in what is wrong.
        parse_float: makes numbers of those with a decimal point.
        numbers: the keys that take a number, with an example of each.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what, remedy = "is not UTF-8 text", "save the file as UTF-8"
        problems.add(Problem(file=file, line=line, what=what, remedy=remedy))
        return None
    try:
        values = tomllib.loads(text, parse_float=parse_float)
    except (ValueError, ArithmeticError, RecursionError) as error:
        at_line = re.search(r"\(at line (\d+), column \d+\)", str(error))
        at_end = "end of document" in str(error)
        line = int(at_line[1]) if at_line else len(text.splitlines()) if at_end else 0
        reason = re.sub(r" \(at .*\)$", "", str(error))
        remedy = _value_remedy(text.split("\n")[line - 1], numbers or {}) if line else ""
        problems.add(Problem(file=file, line=line, what=f"is not TOML: {reason}", remedy=remedy))
        return None
    return TomlFile(file, values, _key_lines(text), problems)


def _value_remedy(line: str, numbers: Mapping[str, str]) -> str:
    """The remedy for a line whose value looks like text without quotes; empty for any other."""
    entry = re.match(r"""\s*([\w.-]+)\s*=\s*([^\s"'\[{#][^"'#]*)""", line)
    if entry is None or not re.search(r"[A-Za-z/:]", entry[2]):
        return ""
    if (example := numbers.get(entry[1].rpartition(".")[2])) is not None:
        return f"write a number, as in {entry[1]} = {example}"
    return f'write text in quotes, as in {entry[1]} = "{shown(entry[2].strip())}"'


def _key_lines(text: str) -> dict[tuple[str, str], int]:
    """The first line of each section, as (section, ""), and of each key that a line starts with."""
    lines: dict[tuple[str, str], int] = {}
    section: tuple[str, ...] = ()
    for line, content in enumerate(text.split("\n"), start=1):
        if head := _HEAD.match(content):
            path = section = _parts(head[1])
        elif entry := _ENTRY.match(content):
            path = (*section, *_parts(entry[1]))
        else:
            continue
        for depth in range(1, len(path) + 1):
            lines.setdefault((".".join(path[:depth]), ""), line)
            lines.setdefault((".".join(path[: depth - 1]), path[depth - 1]), line)
    return lines


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a dotted name, each without its quotes."""
    return tuple("".join(part) for part in re.findall(_QUOTED_OR_BARE, name))
