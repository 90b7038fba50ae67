"""Thirty ways to damage the example case, each with the file and line that must be named for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A named damage: what it does to the folder of `tests.example`, and where it must be reported.

    `line` is `None` where the problem is not one of a line.
    """

    name: str
    inflict: Callable[[Path], None]
    file: str
    line: int | None


def _replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{old!r} is not in {file}")
        path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")

    return inflict


def _content(file: str, content: bytes) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        (folder / file).write_bytes(content)

    return inflict


def _remove(*files: str) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        for file in files:
            (folder / file).unlink()

    return inflict


def _append(file: str, line: str) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        path = folder / file
        path.write_bytes(path.read_bytes() + line.encode() + b"\n")

    return inflict


def _second_table(folder: Path) -> None:
    (folder / "trades.parquet").write_bytes(b"PAR1")


def _parquet_that_is_none(folder: Path) -> None:
    (folder / "trades.csv").unlink()
    (folder / "trades.parquet").write_bytes(b"trade,seller,buyer\n")


def _not_utf8(folder: Path) -> None:
    path = folder / "participants.csv"
    path.write_bytes(path.read_bytes().replace(b"h2,5,elastic,export", b"h\xfc2,5,elastic,export"))


DAMAGES = (
    Damage(name="case_toml_missing", inflict=_remove("case.toml"), file="case.toml", line=None),
    Damage(
        name="toml_syntax",
        inflict=_replace("case.toml", "periods = 4", "periods = "),
        file="case.toml",
        line=8,
    ),
    Damage(
        name="unknown_key",
        inflict=_replace("case.toml", "voltage_min_pu", "voltage_minimum_pu"),
        file="case.toml",
        line=14,
    ),
    Damage(
        name="unknown_timezone",
        inflict=_replace("case.toml", "Europe/Berlin", "Europe/Belrin"),
        file="case.toml",
        line=6,
    ),
    Damage(
        name="horizon_start_skipped_by_the_clocks",
        inflict=_replace("case.toml", "2024-06-21T00:00", "2024-03-31T02:30"),
        file="case.toml",
        line=5,
    ),
    Damage(
        name="no_periods",
        inflict=_replace("case.toml", "periods = 4", "periods = 0"),
        file="case.toml",
        line=8,
    ),
    Damage(
        name="limits_crossed",
        inflict=_replace("case.toml", "voltage_min_pu = 0.95", "voltage_min_pu = 1.95"),
        file="case.toml",
        line=14,
    ),
    Damage(
        name="formulation_unknown",
        inflict=_replace("case.toml", '"dc"', '"acdc"'),
        file="case.toml",
        line=18,
    ),
    Damage(
        name="unknown_network",
        inflict=_replace("case.toml", "kerber_landnetz_freileitung_2", "kerber_landnetz_freileitung_9"),
        file="case.toml",
        line=11,
    ),
    Damage(
        name="network_file_missing",
        inflict=_replace("case.toml", 'builtin = "pandapower/', 'file = "'),
        file="case.toml",
        line=11,
    ),
    Damage(
        name="participants_missing", inflict=_remove("participants.csv"), file="participants.csv", line=None
    ),
    Damage(name="profiles_empty", inflict=_content("profiles.csv", b""), file="profiles.csv", line=None),
    Damage(
        name="no_trades_and_no_orders",
        inflict=_remove("trades.csv", "orders.csv"),
        file="trades.csv",
        line=None,
    ),
    Damage(name="two_tables_of_trades", inflict=_second_table, file="trades.csv", line=None),
    Damage(name="parquet_that_is_none", inflict=_parquet_that_is_none, file="trades.parquet", line=None),
    Damage(name="not_utf8", inflict=_not_utf8, file="participants.csv", line=3),
    Damage(
        name="column_missing",
        inflict=_replace("trades.csv", "power_kw", "power"),
        file="trades.csv",
        line=1,
    ),
    Damage(
        name="column_twice", inflict=_replace("trades.csv", "submitted", "buyer"), file="trades.csv", line=1
    ),
    Damage(
        name="row_with_too_many_values",
        inflict=_replace("profiles.csv", "2024-06-21T00:15+02:00,h1,", "2024-06-21T00:15+02:00,h1,1,"),
        file="profiles.csv",
        line=5,
    ),
    Damage(name="quote_not_closed", inflict=_replace("orders.csv", "o2", '"o2'), file="orders.csv", line=3),
    Damage(
        name="participant_twice",
        inflict=_append("participants.csv", "h1,4,,,,,"),
        file="participants.csv",
        line=5,
    ),
    Damage(
        name="unknown_bus",
        inflict=_replace("participants.csv", "h3,7", "h3,70"),
        file="participants.csv",
        line=4,
    ),
    Damage(
        name="power_factor_zero",
        inflict=_replace("participants.csv", "0.95", "0.0"),
        file="participants.csv",
        line=2,
    ),
    Damage(
        name="profile_negative",
        inflict=_replace("profiles.csv", "h3,0.3", "h3,-0.3"),
        file="profiles.csv",
        line=4,
    ),
    Damage(
        name="profile_in_watts",
        inflict=_replace("profiles.csv", "h2,0.2", "h2,5200"),
        file="profiles.csv",
        line=3,
    ),
    Damage(
        name="profile_twice",
        inflict=_append("profiles.csv", "2024-06-21T00:30,h2,1,1"),
        file="profiles.csv",
        line=14,
    ),
    Damage(
        name="time_off_the_grid",
        inflict=_replace("trades.csv", "2024-06-21T00:15", "2024-06-21T00:10"),
        file="trades.csv",
        line=3,
    ),
    Damage(
        name="unknown_seller", inflict=_replace("trades.csv", "t2,h1", "t2,h11"), file="trades.csv", line=3
    ),
    Damage(
        name="seller_is_buyer", inflict=_replace("trades.csv", "h2,h3", "h3,h3"), file="trades.csv", line=4
    ),
    Damage(name="side_unknown", inflict=_replace("orders.csv", "sell", "ask"), file="orders.csv", line=2),
)
