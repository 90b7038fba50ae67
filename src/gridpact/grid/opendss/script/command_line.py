"""A line of a script of OpenDSS as words: parameters with their values, without comments."""

import re

from gridpact.grid.opendss.script.statement import Value

CLOSING = {'"': '"', "'": "'", "(": ")", "[": "]", "{": "}"}
BLANK = re.compile(r"[\s,]*")
BARE = re.compile(r"(?:(?!//)[^\s,=!])*")
EQUALS = re.compile(r"\s*=\s*")


class NotRead(Exception):
    """A line that cannot be split, and why."""

    def __init__(self, what: str, value: str, remedy: str) -> None:
        self.what, self.value, self.remedy = what, value, remedy
        super().__init__(what)


def words(line: str) -> list[Value]:
    """The parameters in a line.

    Raises:
        NotRead: a bracket or quotation mark is not closed, or a value is missing.
    """
    found: list[Value] = []
    place = _skipped(line, 0)
    while place < len(line) and not _is_comment(line, place):
        word, place = _word(line, place)
        equals = EQUALS.match(line, place)
        if equals and not word.opening:
            name, place = word.text, equals.end()
            if place >= len(line) or _is_comment(line, place) or line[place] == ",":
                word = Value(name=name, text="")
            else:
                word, place = _word(line, place)
                word = Value(name=name, text=word.text, opening=word.opening, closing=word.closing)
        elif equals:
            raise NotRead("is no name of a parameter", word.text, "write the name without marks around it")
        found.append(word)
        place = _skipped(line, place)
    return found


def _word(line: str, place: int) -> tuple[Value, int]:
    """The value that begins at a place, and where it ends."""
    opening = line[place]
    if opening in CLOSING:
        closing = CLOSING[opening]
        end = line.find(closing, place + 1)
        if end < 0:
            what, remedy = "is not closed in its line", f"close it by {closing}, and continue lines by ~"
            raise NotRead(what, line[place : place + 40], remedy)
        return Value(name="", text=line[place + 1 : end], opening=opening, closing=closing), end + 1
    bare = BARE.match(line, place)
    end = bare.end() if bare else place
    if end == place:
        raise NotRead("stands where a parameter is due", line[place], "write it as in length=0.1")
    return Value(name="", text=line[place:end]), end


def _skipped(line: str, place: int) -> int:
    blank = BLANK.match(line, place)
    return blank.end() if blank else place


def _is_comment(line: str, place: int) -> bool:
    return line[place] == "!" or line.startswith("//", place)
