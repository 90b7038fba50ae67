"""`python -m benchmarks.ship_networks`: makes the built-in networks that come with the package anew.

They are what pandapower and SimBench make, compiled; the published feeders are the lines of one of them.
"""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import gridpact
from gridpact.grid.compile import compile_by_libraries
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.grid.pandapower.power_grid_model_json import power_grid_model_json
from gridpact.grid.shipped.shipped_networks import SHIPPED, file_name, shipped_archive
from gridpact.grid.source import NetworkSource

PACKAGE = Path(gridpact.__file__).parent
NETWORKS = PACKAGE / "grid" / "shipped" / "networks"
LINES = PACKAGE / "published" / "data" / "cigre_lv_lines.csv"
LINE_COLUMNS = ("from_bus", "to_bus", "r_ohm_per_km", "x_ohm_per_km")


def archive_of(name: str, model: NetworkModel) -> bytes:
    """The archive of a built-in, made by the libraries."""
    source = NetworkSource(builtin=name, model=model)
    json = power_grid_model_json(builtin_net(source)[0], source)
    return shipped_archive(compile_by_libraries(source), model, json)


def published_lines() -> str:
    """The lines of the CIGRE network as pandapower has them, as CSV."""
    net: Any = builtin_net(NetworkSource(builtin="pandapower/cigre_lv"))[0]
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(LINE_COLUMNS)
    rows.writerows(net.line[list(LINE_COLUMNS)].itertuples(index=False))
    return text.getvalue()


def main() -> None:
    """Writes all of them, and says how large they are."""
    for name, model in SHIPPED:
        content = archive_of(name, model)
        (NETWORKS / file_name(name, model)).write_bytes(content)
        print(f"{name}, {model}: {len(content):,} bytes")
    LINES.write_text(published_lines(), encoding="utf-8")


if __name__ == "__main__":
    main()
