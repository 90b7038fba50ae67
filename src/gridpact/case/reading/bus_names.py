"""BusNames: what tables call the buses of a network, by index or by name."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from gridpact.arrays import Int
from gridpact.case.reading.problems import NAMES_SEARCHED_MAX
from gridpact.case.reading.values import is_number_text
from gridpact.case.times import Fault
from gridpact.fields.said import VALUE_SHOWN_MAX
from gridpact.grid.network import Network

RUNS_SHOWN_MAX = 8
INDEX_MAX = 2**53  # up to which a float holds every whole number
WRITE_INDEX = "write the index, as in 3"
UNKNOWN = "is not a bus of the network"
_USABLE, _OFF, _ISLANDED = "", "is out of service in the network", "is cut off in the network"
_REMEDY = {_OFF: "choose a bus in service", _ISLANDED: "the bus is not connected to a supply"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BusNames:
    """The buses of a network, those too that cannot be used, by what they are called.

    Attributes:
        network: that they are of.
        of_index: what is wrong with each bus, by its index; empty where nothing is.
        of_name: indices of the buses that have a name, ascending, by the name as `plain` writes it.
    """

    network: Network
    of_index: Mapping[int, str]
    of_name: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, network: Network) -> "BusNames":
        """The names in a network."""
        state: dict[int, str] = {}
        named: dict[str, list[int]] = {}
        for what, ids, names in (
            (_USABLE, network.bus_ids, network.bus_names),
            (_OFF, network.out_of_service_bus_ids, network.out_of_service_bus_names),
            (_ISLANDED, network.islanded_bus_ids, network.islanded_bus_names),
        ):
            state |= dict.fromkeys(ids.tolist(), what)
            for index, name in zip(ids.tolist(), names, strict=False):
                if plain(name):
                    named.setdefault(plain(name), []).append(index)
        return cls(
            network=network,
            of_index=state,
            of_name={name: tuple(sorted(indices)) for name, indices in named.items()},
        )

    def find(self, text: str) -> int | Fault:
        """Index of the bus that a text names, or why it names none: first as an index, then as a name."""
        index = _index(text)
        if index is None or index not in self.of_index:
            named = self.of_name.get(plain(text), ()) if text == text.strip() else ()
            if not named:
                return self._unknown(text)
            if len(named) > 1:
                remedy = f"write the index: {_listed(map(str, named))}"
                return Fault(what=f"is the name of {len(named)} buses", remedy=remedy)
            index = named[0]
        what = self.of_index[index]
        return Fault(what=what, remedy=_REMEDY[what]) if what else index

    def namesakes(self, texts: Iterable[str]) -> list[str]:
        """The texts that are taken for the index of one bus and are the name of another."""
        return [
            text
            for text in texts
            if (index := _index(text)) in self.of_index
            and any(other != index for other in self.of_name.get(plain(text), ()))
        ]

    def _unknown(self, text: str) -> Fault:
        """Why a text is no bus, and what to write."""
        if text != text.strip():
            return Fault(what="has white space around it", remedy="write it without")
        known = f"its buses are {_spans(self.network.bus_ids)}; see `gridpact network`"
        if not is_number_text(text):
            if near := self._near(text):
                return Fault(what=UNKNOWN, remedy=f"did you mean {near}?")
            return Fault(what=UNKNOWN, remedy=f"write its index or its name: {known}")
        value = float(text)
        if not np.isfinite(value):
            return Fault(what="is not a finite number", remedy=WRITE_INDEX)
        if _index(text) is None:
            return Fault(what="is not a whole number", remedy=WRITE_INDEX)
        if value < 0:
            return Fault(what="is negative", remedy="an index is 0 or more")
        return Fault(what=UNKNOWN, remedy=known)

    def _near(self, text: str) -> str:
        """The names nearest to a text, with the indices of their buses."""
        if len(self.of_name) > NAMES_SEARCHED_MAX:
            return ""
        near = get_close_matches(plain(text)[:VALUE_SHOWN_MAX], self.of_name, n=3, cutoff=0.6)
        return _listed(f"'{name}' (bus {_listed(map(str, self.of_name[name]))})" for name in near)


def plain(name: str) -> str:
    """A name without white space around it, its letters composed, and a whole number without decimals."""
    name = unicodedata.normalize("NFC", name).strip()
    whole, point, decimals = name.partition(".")
    return whole if point and whole.isdecimal() and decimals and not decimals.strip("0") else name


def _index(text: str) -> int | None:
    """The whole number that a text is; `None` for others."""
    if not is_number_text(text):
        return None
    value = float(text)
    return int(value) if abs(value) < INDEX_MAX and value == int(value) else None


def _listed(words: Iterable[str]) -> str:
    """Words as a list: "4, 5 or 6", the first ones of very many."""
    every = list(words)
    if len(every) > RUNS_SHOWN_MAX:
        return ", ".join([*every[:RUNS_SHOWN_MAX], "…"])
    return " or ".join(part for part in (", ".join(every[:-1]), *every[-1:]) if part)


def _spans(indices: Int) -> str:
    """Ascending indices as runs, "0 to 43, 47, 50 to 52", the first ones of very many."""
    if not len(indices):
        return "none"
    runs = np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1)
    words = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(words[:RUNS_SHOWN_MAX]) + (", …" if len(words) > RUNS_SHOWN_MAX else "")
