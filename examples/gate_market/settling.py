"""The end of a day: readings near the schedule, everybody's statements, and whether the ledger agrees."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from time import sleep

from agents import Coming
from market_day import MARKET, Market
from street import QUARTERS, instant

READINGS_OFF = 0.03
TARIFFS = """mode = "firm"

[network]
p2p_charge_per_kwh = 0.02
retail_charge_per_kwh = 0.05
tax_per_kwh = 0.01

[retailers.default]
supply_price_per_kwh = 0.21
feed_in_price_per_kwh = 0.05
imbalance_short_per_kwh = 0.22
imbalance_long_per_kwh = 0.04

[bill]
number_prefix = "S-"
"""


def settle(market: Market, last: Coming, chance: Random) -> str:
    """Hands in readings of the day and what things cost, has it settled, and says what came of it."""
    operator, name = market.operator, f"day-{last.start.date()}"
    operator.put_table(f"/markets/{MARKET}/tariffs", TARIFFS.encode(), "application/toml")
    operator.put_table(f"/markets/{MARKET}/meters", "\n".join(_readings(market, last, chance)).encode())
    operator.take_on_settlement(MARKET, name, instant(last.start, 0), instant(last.start, QUARTERS))
    while (state := operator.settlement(name)["state"]) not in ("published", "failed"):
        sleep(0.25)
    if state == "failed":
        return f"{name}: {operator.settlement(name)['problems']}"
    statements = operator.statements(name)
    gained = sum(row["gain_micro"] for row in statements) / 1e6
    booked = _booked(market, name)
    unequal = [row["participant"] for row in statements if row["total_micro"] != booked[row["participant"]]]
    added = f"not those of {', '.join(unequal)}" if unequal else "all"
    return f"{name}: {len(statements)} statements, {added} as in the ledger, {gained:.2f} EUR gained"


def _readings(market: Market, last: Coming, chance: Random) -> Iterator[str]:
    """`meters.csv`: what the last schedule has, a few percent more or less."""
    yield "time,participant,import_kwh,export_kwh"
    for row in market.operator.get(f"/sessions/{last.name}/results/schedule"):
        kwh = row["net_injection_kw"] / 4.0 * chance.uniform(1.0 - READINGS_OFF, 1.0 + READINGS_OFF)
        yield f"{row['time']},{row['participant']},{max(-kwh, 0.0):.3f},{max(kwh, 0.0):.3f}"


def _booked(market: Market, settlement: str) -> Counter[str]:
    """What each account pays by the ledger, less what it is paid, micro-euros."""
    booked: Counter[str] = Counter()
    for entry in market.operator.ledger(settlement):
        booked[entry["debit"]] += entry["amount_micro"]
        booked[entry["credit"]] -= entry["amount_micro"]
    return booked
