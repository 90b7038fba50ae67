"""Reading a script of OpenDSS: its files in order, as what OpenDSS is given and what is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gridpact.errors import Problem
from gridpact.grid.opendss.script import admitted
from gridpact.grid.opendss.script.command_line import NotRead, words
from gridpact.grid.opendss.script.script_files import NotTaken, ScriptFiles
from gridpact.grid.opendss.script.statement import VALUE_SHOWN_MAX, Statement, Value

CONTINUED = re.compile(r"^~\s*")
VERB = re.compile(r"^[?~]|^[^\s,=]+")
NAMED_FILE = re.compile(r"(?:^|[\s,(\[{])\w*file\s*=", re.IGNORECASE)
PLAIN_NAME = re.compile(r"^[^\s.\"'()\[\]{}=,!]+$")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
FILE_REMEDY = "write the numbers themselves; only loads' profiles may stand in files, which are not read"


@dataclass(slots=True, kw_only=True)
class Script:
    """What the files of an OpenDSS folder say.

    Attributes:
        statements: what OpenDSS is given, in order.
        problems: what is refused.
        is_whole: whether all files were read and each element understood, so that what OpenDSS says of the
            rest makes sense.
        notices: what is left out, for people.
        contents: the files, by their path from the folder of the master file.
        sha256: digest of the names and contents of the files.
    """

    statements: list[Statement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    is_whole: bool = True
    notices: tuple[str, ...] = ()
    contents: dict[str, bytes] = field(default_factory=dict)
    sha256: str = ""


def read_script(master: Path) -> Script:
    """The script that begins with a master file, which exists.

    Nothing is raised: what is wrong stands in its problems.
    """
    return _Reader(master).script()


class _Reader:
    """Goes over the files of a script, the line that is read at its place."""

    def __init__(self, master: Path) -> None:
        self._master = master
        self._files = ScriptFiles(master)
        self._script = Script()
        self._ignored: dict[str, int] = {}
        self._refused: dict[tuple[str, str], Statement] = {}
        self._last: Statement | None = None

    def script(self) -> Script:
        """The statements of the master file and of all that it reads in."""
        script = self._script
        self._read(self._master.name, "", Statement(file=self._master.name, line=0, verb=""))
        for statement in self._refused.values():
            if not statement.is_disabled:
                what, remedy = admitted.REFUSED_CLASSES.get(statement.kind, admitted.UNKNOWN_CLASS)
                self._refuse(statement, what, remedy)
        if script.is_whole and not any(each.kind == "circuit" for each in script.statements):
            what, remedy = "holds no circuit", "give the master file, which says New Circuit"
            script.problems.append(Problem(file=self._master.name, what=what, remedy=remedy))
            script.is_whole = False
        if self._ignored:
            counts = ", ".join(f"{count} {name}" for name, count in sorted(self._ignored.items()))
            script.notices = (f"not part of the network, and left out: {counts}",)
        script.contents, script.sha256 = self._files.contents, self._files.sha256
        return script

    def _read(self, name: str, beside: str, by: Statement) -> None:
        try:
            path, text = self._files.read(name, beside)
        except NotTaken as fault:
            self._refuse(by, fault.what, fault.remedy, value=name, breaks=True)
            return
        for number, line in _lines(text):
            self._line(path, number, line)

    def _line(self, file: str, number: int, line: str) -> None:
        """Takes in a line of a file."""
        found = VERB.match(line)
        if found is None:
            return
        verb = found[0].lower()
        verb = admitted.ALIASES.get(verb, verb)
        statement = Statement(file=file, line=number, verb=verb)
        if UNPRINTABLE.search(line):
            self._refuse(statement, "holds a character that is no text", "write plain text", breaks=True)
            return
        if verb in admitted.IGNORED_VERBS:
            self._ignore(f"'{verb}'" if verb.isalpha() else "query")
            return
        if verb in admitted.REFUSED_VERBS or not self._is_read(verb):
            fault = admitted.REFUSED_VERBS.get(verb, admitted.UNKNOWN_VERB)
            self._refuse(Statement(file=file, line=number, verb=found[0][:VALUE_SHOWN_MAX]), *fault)
            return
        try:
            values = words(line[found.end() :])
        except NotRead as fault:
            self._refuse(statement, fault.what, fault.remedy, value=fault.value, breaks=True)
            return
        self._command(statement, values)

    def _is_read(self, verb: str) -> bool:
        return verb in (
            admitted.OBJECT_VERBS
            | admitted.CONTINUING
            | admitted.READING
            | admitted.CLEARING
            | admitted.ENGINE_VERBS
            | {"set"}
        )

    def _command(self, statement: Statement, values: list[Value]) -> None:
        """Takes in a statement by its verb."""
        verb = statement.verb
        if verb in admitted.CONTINUING:
            self._continue(statement, values)
            return
        self._last = None
        if verb in admitted.READING:
            # OpenDSS takes the rest of the line, in which names may hold blanks only between marks.
            self._read(values[0].text if values else "", statement.file, statement)
        elif verb in admitted.CLEARING:
            self._script.statements.clear()
            self._refused.clear()
        elif verb == "set":
            self._set(statement, values)
        elif verb in admitted.ENGINE_VERBS:
            statement.values = values
            if self._values_are_plain(statement, values):
                self._script.statements.append(statement)
        else:
            self._object(statement, values)

    def _continue(self, statement: Statement, values: list[Value]) -> None:
        if self._last is None:
            what, remedy = "continues no element", "write it below New or Edit, with no other command between"
            self._refuse(statement, what, remedy, breaks=True)
            return
        place = replace(statement, kind=self._last.kind, name=self._last.name)
        if self._last.kind in admitted.ADMITTED_CLASSES and not self._values_are_plain(place, values):
            return
        self._last.values += values

    def _object(self, statement: Statement, values: list[Value]) -> None:
        """Takes in a statement that makes an element, or refuses it."""
        first = values[0] if values else Value(name="", text="")
        named = first.name.lower() in ("", "object", "element", "class")
        kind, dot, name = first.text.partition(".")
        if not named or not dot or not PLAIN_NAME.match(kind) or not name or '"' in name:
            what, remedy = "names no element", "write class and name, as in New Line.l1"
            self._refuse(statement, what, remedy, value=str(first)[:VALUE_SHOWN_MAX], breaks=True)
            return
        statement.kind, statement.name, statement.values = kind.lower(), name.lower(), values[1:]
        self._last = statement
        if statement.kind in admitted.IGNORED_CLASSES:
            self._leave_out(statement)
        elif statement.kind in admitted.ADMITTED_CLASSES:
            if self._values_are_plain(statement, statement.values):
                self._script.statements.append(statement)
        else:
            self._switch(statement)

    def _switch(self, statement: Statement) -> None:
        """Remembers an element that is refused in the end, unless it is switched off by then."""
        if statement.verb in ("enable", "disable"):
            word = "yes" if statement.verb == "enable" else "no"
            statement.values = [Value(name="enabled", text=word)]
        known = self._refused.setdefault((statement.kind, statement.name), statement)
        if known is not statement:
            known.values += statement.values
            self._last = known

    def _leave_out(self, statement: Statement) -> None:
        if statement.verb != "new":
            return
        self._ignore(statement.element.partition(".")[0])
        content = admitted.NAMED_CLASSES.get(statement.kind)
        if content:
            self._script.statements.append(replace(statement, values=words(content)))

    def _set(self, statement: Statement, values: list[Value]) -> None:
        for value in values:
            name = value.name.lower()
            if name in admitted.ADMITTED_OPTIONS:
                if self._values_are_plain(statement, [value]):
                    given = replace(value, name=admitted.ADMITTED_OPTIONS[name])
                    self._script.statements.append(replace(statement, values=[given]))
            elif name in admitted.IGNORED_OPTIONS:
                self._ignore(f"'set {name}'")
            else:
                what, remedy = admitted.UNKNOWN_OPTION
                self._refuse(statement, what, remedy, field=value.name, value=value.shown)

    def _values_are_plain(self, statement: Statement, values: list[Value]) -> bool:
        """Whether no value reads a file or a variable; each that does is a problem."""
        plain = True
        for value in values:
            is_file = value.name.lower().endswith("file") or NAMED_FILE.search(value.text)
            if not is_file and not value.text.startswith("@"):
                continue
            plain = False
            fault = ("reads a file", FILE_REMEDY) if is_file else admitted.REFUSED_VERBS["var"]
            self._refuse(statement, *fault, field=value.name, value=value.shown, breaks=True)
        return plain

    def _ignore(self, name: str) -> None:
        self._ignored[name] = self._ignored.get(name, 0) + 1

    def _refuse(
        self,
        statement: Statement,
        what: str,
        remedy: str,
        *,
        field: str = "",
        value: str = "",
        breaks: bool = False,
    ) -> None:
        self._script.problems.append(
            statement.problem(what, remedy=remedy, field=field, value=value[:VALUE_SHOWN_MAX])
        )
        self._script.is_whole &= not breaks


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without comments of several lines; a leading ~ stands alone."""
    inside = False
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if inside or line.startswith("/*"):
            inside = "*/" not in line
            continue
        if line and line[0] != "!" and not line.startswith("//"):
            yield number, CONTINUED.sub("~ ", line)
