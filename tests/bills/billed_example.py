"""The settled example with members who share, terms of bills, and what pages say of amounts."""

from html.parser import HTMLParser
from pathlib import Path

from tests.settle_example import METERS, TARIFFS, write_settle_example

SHARED = '[sharing]\nkey = "proportional"\nprice_per_kwh = 0.1\n'
BILL = """\
[bill]
vat_percent = {supply = 20, network_charge = 20, tax = 20, p2p = 5.5, fixed = 10}
fixed = [{name = "Meter", per = "day", amount = 0.1234}, {name = "Member", per = "month", amount = 1234.56}]
due_days = 14
issuer = "Community of the North\\nMarket Square 1"
number_prefix = "N-"
"""
MORE = METERS.replace(",h2,0.002,0,", ",h2,0.302,0,")  # a reading of h2, where nothing is shared


def write_billed(folder: Path, bill: str = BILL, meters: str = METERS) -> tuple[Path, Path]:
    """Writes the case and its clearance into new folders inside one, and gives both."""
    folder.mkdir(parents=True, exist_ok=True)
    case, result = write_settle_example(folder)
    (case / "tariffs.toml").write_text(f"{TARIFFS}\n{SHARED}\n{bill}", encoding="utf-8")
    (case / "meters.csv").write_text(meters, encoding="utf-8")
    return case, result


class Amounts(HTMLParser):
    """The amounts that count on a page, as its attributes and its text say them, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.cents: list[tuple[str, int]] = []
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self._is_amount = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attributes)
        self._is_amount = "data-cents" in found
        if self._is_amount:
            self.cents.append((found["data-line"] or "", int(found["data-cents"] or "")))
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._is_amount:
            self.texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._is_amount = False

    def sum_of(self, *lines: str) -> int:
        return sum(cents for line, cents in self.cents if line in lines)

    def sum_of_kinds(self) -> int:
        return sum(cents for line, cents in self.cents if line not in ("net", "vat", "total"))
