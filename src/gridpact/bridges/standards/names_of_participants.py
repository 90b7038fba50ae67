"""A section of standards.toml that says by which code others know each participant."""

from collections.abc import Callable, Mapping

from gridpact.case.folder.toml_file import TomlFile
from gridpact.case.reading.problems import suggestion

MISSING_SHOWN = 5
NOBODY, NAME_ONE = "is not a participant", "name one that the tables have"


def codes_of_participants(
    file: TomlFile,
    section: str,
    key: str,
    participants: tuple[str, ...] | None,
    *,
    fault: Callable[[str], tuple[str, str] | None] = lambda code: None,
    needed: bool = False,
) -> Mapping[str, str]:
    """The code of each participant that the section `[SECTION.KEY]` names.

    Args:
        file: standards.toml, which takes in what is wrong.
        section: that the section is in.
        key: its name there.
        participants: that are known; `None` where that is not known.
        fault: what is wrong with a code, and what would be right.
        needed: whether every participant needs one.
    """
    inner = f"{section}.{key}"
    table = file.get(section, key)
    if table is not None and not isinstance(table, dict):
        file.refuse(section, key, "is not a section", f"write [{inner}] on a line of its own")
        return {}
    codes: dict[str, str] = {}
    owners: dict[str, str] = {}
    for name in table or {}:
        if participants is not None and name not in participants:
            file.refuse(inner, name, NOBODY, suggestion(name, participants) or NAME_ONE)
        code = file.text(inner, name)
        if code is None:
            continue
        if wrong := fault(code):
            file.refuse(inner, name, *wrong, code)
        elif code in owners:
            file.refuse(inner, name, f"is the code of '{owners[code]}' too", "give each its own", code)
        codes[name] = code
        owners.setdefault(code, name)
    missing = [name for name in participants or () if needed and name not in (table or {})]
    if missing:
        more = f" and {len(missing) - MISSING_SHOWN:,} others" if len(missing) > MISSING_SHOWN else ""
        what = f"has no code for {', '.join(missing[:MISSING_SHOWN])}{more}"
        file.refuse(section, key, what, f'add "{missing[0]}" = "…" to [{inner}], and so for each')
    return codes
