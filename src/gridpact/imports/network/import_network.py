"""Import of a network: tables of buses, lines and transformers to a network file of pandapower."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gridpact.case.reading.problems import Problems, suggestion
from gridpact.errors import InvalidCase, InvalidUsage, Problem
from gridpact.extras import NETWORKS
from gridpact.grid.compile import compile_source
from gridpact.grid.listing import listing
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.imports.network.network_columns import (
    BUSES,
    LINES,
    NETWORK_TABLES,
    TRANSFORMERS,
    NetworkTableSchema,
)
from gridpact.imports.network.network_table import NetworkTable, Value, bus_places
from gridpact.imports.sheets.sheet import Sheet, cell_words
from gridpact.imports.sheets.sheet_files import file_sheets
from gridpact.results.output_folder import refused_by_the_system

SUFFIXES = (".csv", ".xlsx", ".txt", ".tsv")
_ELEMENT = re.compile(r"\b(bus|line|trafo) (\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedNetwork:
    """A network file that was made.

    Attributes:
        file: it.
        facts: what it consists of, as `gridpact network` lists it.
        sources: files or sheets that it was made of.
        notices: what of them was left out, and what the network's buses lack.
    """

    file: Path
    facts: dict[str, Any]
    sources: tuple[str, ...]
    notices: tuple[str, ...]


def import_network(path: Path, out: Path) -> ImportedNetwork:
    """Makes a network file of tables.

    Args:
        path: a folder with buses, lines and transformers, each a CSV file or a workbook, or one workbook
            with a sheet of each name.
        out: the file to make; an earlier one that pandapower wrote is replaced.

    Returns:
        What was made.

    Raises:
        InvalidCase: with everything that is wrong with the tables, or with the network that they make.
        InvalidUsage: the file cannot be written, or is something else.
    """
    NETWORKS.need("a network is made of tables by pandapower, which is not installed", "pandapower")
    _check_out(out)
    problems = Problems()
    tables = _tables(path, problems)
    net = _net(tables, problems) if BUSES.name in tables else None
    if len(problems) or net is None:
        raise problems.refusal()
    from pandapower import to_json

    with refused_by_the_system(out):
        target = Path(os.path.realpath(out))
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".network-", dir=target.parent))
        try:
            made = aside / target.name
            to_json(net, str(made))
            network = _compiled(made, tables)
            made.replace(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    notices = [notice for table in tables.values() for notice in table.notices]
    return ImportedNetwork(
        file=out,
        facts={**listing(network), "name": out.name},
        sources=tuple(table.sheet.file for table in tables.values()),
        notices=(*notices, *_islanded(network)),
    )


def _check_out(out: Path) -> None:
    """Makes sure that a network file may be written."""
    if out.suffix.lower() != ".json":
        raise InvalidUsage(f"{out} is no network file by its name", "name it network.json")
    with refused_by_the_system(out):
        if out.exists() and not _is_of_pandapower(out):
            raise InvalidUsage(
                f"{out} is there, and is no network of pandapower", "name another, or remove it"
            )


def _is_of_pandapower(path: Path) -> bool:
    """Whether a file is a network that pandapower wrote."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("_class") == "pandapowerNet"


def _tables(path: Path, problems: Problems) -> dict[str, NetworkTable]:
    """The tables of a folder or workbook, by their names; those that are missing are problems."""
    sheets = _sheets_of_folder(path, problems) if path.is_dir() else _sheets_of_file(path, problems)
    tables = {}
    for schema in NETWORK_TABLES:
        if schema.name in sheets:
            tables[schema.name] = NetworkTable(sheets[schema.name], schema, problems)
        elif schema is BUSES and not len(problems):
            near = suggestion(schema.name, sheets)
            what = f"has no table {schema.name}"
            problems.add(Problem(file=str(path), what=what, remedy=near or f"add {schema.name}.csv"))
    if tables and not len(problems) and len(tables) == 1:
        what = f"has neither {LINES.name} nor {TRANSFORMERS.name}"
        problems.add(Problem(file=str(path), what=what, remedy="add what joins the buses"))
    return tables


def _sheets_of_folder(folder: Path, problems: Problems) -> dict[str, Sheet]:
    """The first sheet of each file of a folder that is called like a table."""
    sheets: dict[str, Sheet] = {}
    for path in sorted(folder.iterdir()):
        name = path.stem.lower()
        if path.suffix.lower() not in SUFFIXES or name not in {schema.name for schema in NETWORK_TABLES}:
            continue
        found = file_sheets(path)
        if isinstance(found, Problem):
            problems.add(found)
        elif name in sheets:
            what = f"stands beside {sheets[name].file}, and only one of them can be the table"
            problems.add(Problem(file=str(path), what=what, remedy="remove one of them"))
        else:
            sheets[name] = found[0]
    return sheets


def _sheets_of_file(path: Path, problems: Problems) -> dict[str, Sheet]:
    """The sheets of a workbook, by their names."""
    found = file_sheets(path)
    if isinstance(found, Problem):
        problems.add(found)
        return {}
    if not found[0].is_workbook:
        what = "is one table, and a network needs several"
        problems.add(Problem(file=str(path), what=what, remedy="name the folder that holds them"))
        return {}
    return {cell_words(sheet.name): sheet for sheet in found}


def _net(tables: Mapping[str, NetworkTable], problems: Problems) -> Any:
    """The network that tables make; not whole where they have problems."""
    import pandapower

    net = pandapower.create_empty_network()
    index = _add_buses(net, tables[BUSES.name])
    where = tables[BUSES.name].sheet.file
    for schema, ends, add in (
        (LINES, ("from_bus", "to_bus"), _add_line),
        (TRANSFORMERS, ("hv_bus", "lv_bus"), _add_transformer),
    ):
        table = tables.get(schema.name)
        if table is None:
            continue
        buses = [bus_places(table, name, index, where) for name in ends]
        values = {column.name: table.values(column.name) for column in schema.columns}
        known = net.std_types[schema.element]
        is_sound = _refuse_types(table, schema, values, known)
        for k, row in enumerate(table.rows):
            first, second = (places[k] for places in buses)
            if first is not None and first == second:
                table.refuse(row, ends[1], f"is its {ends[0]} too", "name two buses")
            elif first is not None and second is not None and is_sound and not len(problems):
                add(net, first, second, {name: column[k] for name, column in values.items()})
    return net


def _add_buses(net: Any, table: NetworkTable) -> dict[str, int]:
    """Adds the buses and supplies, and gives the index of each by its name."""
    import pandapower

    index: dict[str, int] = {}
    values = {column.name: table.values(column.name) for column in BUSES.columns}
    for k, row in enumerate(table.rows):
        name, voltage_kv = values["name"][k], values["vn_kv"][k]
        if name in index:
            table.refuse(row, "name", "is there more than once", "give each bus its own name")
            continue
        if name is None:
            continue
        index[str(name)] = pandapower.create_bus(net, voltage_kv or 1.0, name=str(name))
        if values["supply"][k]:
            pandapower.create_ext_grid(net, index[str(name)], vm_pu=values["vm_pu"][k] or 1.0)
    if not any(values["supply"]):
        first = next(iter(index), "")
        remedy = f"write true in the column supply of the bus above the transformer, such as {first!r}"
        table.refuse_missing(table.rows[0] if table.rows else 0, ("a bus with a supply",), remedy)
    return index


def _refuse_types(
    table: NetworkTable,
    schema: NetworkTableSchema,
    values: Mapping[str, Sequence[Value]],
    known: Mapping[str, Any],
) -> bool:
    """Whether each element has a known standard type or parameters of its own; problems where not."""
    is_sound = True
    for k, row in enumerate(table.rows):
        said = values["std_type"][k]
        given = [name for name in schema.own if table.has(name) and table.cell(row, name) not in (None, "")]
        lacking = [name for name in schema.needed if name not in given]
        if said is not None and given:
            what = f"stands beside {', '.join(given)}"
            table.refuse(row, "std_type", what, "keep the standard type, or the parameters")
        elif said is not None and said not in known:
            near = suggestion(str(said), known)
            table.refuse(row, "std_type", "is no standard type of pandapower", near or _few(known))
        elif said is None and lacking:
            table.refuse_missing(row, lacking, "or name a standard type in the column std_type")
        else:
            continue
        is_sound = False
    return is_sound


def _few(known: Mapping[str, Any]) -> str:
    """Some of the standard types."""
    return f"such as {', '.join(map(repr, list(known)[:3]))}; or give it parameters of its own"


def _add_line(net: Any, first: int, second: int, values: dict[str, Value]) -> None:
    """Adds a line, whose length is above 0."""
    import pandapower

    common = {
        "name": values["name"],
        "parallel": int(values["parallel"] or 1),
        "in_service": bool(values["in_service"]),
    }
    length_km = values["length_km"]
    if values["std_type"] is not None:
        line = pandapower.create_line(net, first, second, length_km, values["std_type"], **common)
    else:
        own = {name: values[name] for name in LINES.own}
        line = pandapower.create_line_from_parameters(net, first, second, length_km, **own, **common)
    _set(net.line, line, values, ("r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km"))


def _add_transformer(net: Any, hv_bus: int, lv_bus: int, values: dict[str, Value]) -> None:
    """Adds a transformer."""
    import pandapower

    common = {
        "name": values["name"],
        "parallel": int(values["parallel"] or 1),
        "in_service": bool(values["in_service"]),
    }
    if values["tap_pos"] is not None:
        common["tap_pos"] = values["tap_pos"]
    if values["std_type"] is not None:
        trafo = pandapower.create_transformer(net, hv_bus, lv_bus, values["std_type"], **common)
    else:
        own = {name: values[name] for name in TRANSFORMERS.own if values[name] is not None}
        if values["tap_side"] is not None:
            common["tap_changer_type"] = "Ratio"
        trafo = pandapower.create_transformer_from_parameters(net, hv_bus, lv_bus, **own, **common)
    zero = ("vector_group", "vk0_percent", "vkr0_percent", "mag0_percent", "mag0_rx", "si0_hv_partial")
    _set(net.trafo, trafo, values, zero)


def _set(table: Any, row: int, values: Mapping[str, Value], names: Sequence[str]) -> None:
    """Writes the values that are given into a row of a table of pandapower."""
    for name in names:
        if values[name] is not None:
            table.loc[row, name] = values[name]


def _compiled(made: Path, tables: Mapping[str, NetworkTable]) -> Network:
    """The network of a file, whose problems are placed in the tables that it was made of."""
    try:
        return compile_source(NetworkSource(file=made))
    except InvalidCase as error:
        raise InvalidCase([_placed(problem, tables) for problem in error.problems]) from None


def _placed(problem: Problem, tables: Mapping[str, NetworkTable]) -> Problem:
    """A problem of an element, at its row; one of all of the network, at the buses."""
    also = tuple(_placed(each, tables) for each in problem.also)
    by_element = {schema.element: tables[schema.name] for schema in NETWORK_TABLES if schema.name in tables}
    found = _ELEMENT.search(f"{problem.field} {problem.what}")
    table = by_element.get(found[1]) if found else None
    if found is None or table is None or int(found[2]) >= len(table):
        return replace(problem, file=by_element["bus"].sheet.file, also=also)
    row = table.rows[int(found[2])]
    line = table.sheet.lines[row]
    return replace(problem, file=table.sheet.file, line=line, is_row=table.sheet.is_workbook, also=also)


def _islanded(network: Network) -> list[str]:
    """The notice that no supply reaches some buses."""
    names = [
        name or str(index)
        for index, name in zip(network.islanded_bus_ids.tolist(), network.islanded_bus_names, strict=True)
    ]
    if not names:
        return []
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
    return [f"no supply reaches {shown}: nobody can be connected there"]
