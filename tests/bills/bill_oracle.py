"""Bills worked out again, entry by entry of the ledger, in decimal numbers, by nothing of the package."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from tests.settlements import Inputs, named_entries

EXACT = Context(prec=120)
CENT = Decimal("0.01")
FEW = 6  # prices of one source that each have a line


@dataclass
class HandBill:
    """What one participant pays: cents by line, VAT by rate, and what the supplier bills itself."""

    lines: list[tuple[str, int, Decimal | None]] = field(default_factory=list)
    information: int = 0
    exact: Decimal = Decimal(0)

    @property
    def net(self) -> int:
        return sum(cents for _, cents, _ in self.lines)

    @property
    def vat(self) -> dict[Decimal, int]:
        base: dict[Decimal, int] = defaultdict(int)
        for _, cents, rate in self.lines:
            if rate is not None:
                base[rate] += cents
        return {rate: in_cents(Decimal(cents) / 100 * rate / 100) for rate, cents in base.items()}


def in_cents(amount: Decimal) -> int:
    """An amount of the currency in whole cents, half to even."""
    return int(amount.quantize(CENT, ROUND_HALF_EVEN, EXACT) * 100)


def bills_by_hand(inputs: Inputs, ledger, terms, days: dict[str, tuple[date, date]]) -> dict[str, HandBill]:
    """The bill of each participant in `days`, from the entries of a ledger that was settled once."""
    with localcontext(EXACT):
        return {
            name: _bill(name, inputs, [e for e in named_entries(ledger) if name in e[2:4]], terms, span)
            for name, span in days.items()
        }


def _bill(name: str, inputs: Inputs, entries: list[tuple], terms, span: tuple[date, date]) -> HandBill:
    sums: dict[tuple, Decimal] = defaultdict(Decimal)
    for entry, price in _priced(name, inputs, entries):
        _period, kind, debit, _, _energy, micro, trade = entry
        is_paid = debit == name
        if kind in ("feed_in", "unused"):
            source = kind
        elif kind in ("network_charge", "tax"):
            source, price = price
            source = f"{kind} {source}"
        elif kind == "p2p":
            source = "trade" if trade else "shared"
        else:
            source = kind
        sums[kind, source, is_paid, price] += Decimal(micro if is_paid else -micro) / 10**6
    groups: dict[tuple, list[Decimal]] = defaultdict(list)
    for (kind, source, is_paid, _), amount in sums.items():
        groups[kind, source, is_paid].append(amount)
    found = HandBill()
    for (kind, source, is_paid), amounts in groups.items():
        is_of_supplier = source.endswith("retail") or kind in ("supply", "feed_in", "imbalance", "unused")
        together = amounts if len(amounts) <= FEW else [sum(amounts, Decimal(0))]
        if terms.includes == "community" and is_of_supplier:
            continue
        found.exact += sum(amounts, Decimal(0))
        rate = terms.vat_percent.get(kind, Decimal(0)) if is_paid else None
        found.lines += [(kind, in_cents(amount), rate) for amount in together]
    for charge in terms.fixed:
        amount = Decimal(charge.amount_micro) / 10**6 * _times(charge.per, *span)
        found.lines.append(("fixed", in_cents(amount), terms.vat_percent.get("fixed", Decimal(0))))
    return found


def _priced(name: str, inputs: Inputs, entries: list[tuple]):
    """Each entry with its unit price; a levy with what it is on too."""
    tariffs, place = inputs.tariffs, inputs.participants.ids.index(name)
    retailer = tariffs.retailers[tariffs.retailer_of_participant[place]]
    losses = min(tariffs.retailers, key=lambda each: (each.name != "default", each.name))
    trade_price = dict(
        zip(
            (inputs.positions.trade_ids[t] for t in inputs.positions.trade.tolist()),
            inputs.positions.price_micro_per_kwh.tolist(),
            strict=True,
        )
    )
    at = inputs.positions
    dearer = {
        (int(at.period[row]), at.trade_ids[at.trade[row]]): int(at.congestion_micro_per_kwh[row])
        for row in range(len(at.period))
    }
    retail = {(e[0], e[4]) for e in entries if e[1] in ("supply", "imbalance") and e[2] == name}
    used: dict[int, int] = defaultdict(int)
    for period, kind, debit, _, energy, _, trade in entries:
        used[period] += energy * (kind == "p2p" and debit == name and not trade) - energy * (kind == "unused")
    seen: dict[tuple, int] = defaultdict(int)
    for entry in entries:
        period, kind, debit, _, energy, _, trade = entry
        if kind == "congestion":
            yield entry, dearer[period, trade]
        elif kind == "p2p":
            yield entry, trade_price[trade] if trade else inputs.keys.price_micro_per_kwh
        elif kind in ("network_charge", "tax"):
            seen[period, kind, energy] += not trade
            is_first = seen[period, kind, energy] == 1
            is_on_shared = (
                not trade and energy == used[period] and (is_first or (period, energy) not in retail)
            )
            on = "peers" if trade or is_on_shared else "retail"
            charge = (
                tariffs.p2p_charge_micro_per_kwh if on == "peers" else tariffs.retail_charge_micro_per_kwh
            )
            yield entry, (on, int(charge[period]) if kind == "network_charge" else tariffs.tax_micro_per_kwh)
        elif kind == "supply":
            yield entry, int(retailer.supply_micro_per_kwh[period])
        elif kind in ("feed_in", "unused"):
            yield entry, int(retailer.feed_in_micro_per_kwh[period])
        elif kind == "imbalance":
            field = "imbalance_short_micro_per_kwh" if debit == name else "imbalance_long_micro_per_kwh"
            yield entry, int(getattr(retailer, field)[period])
        elif kind == "loss":
            yield entry, int(losses.supply_micro_per_kwh[period])


def _times(per: str, first: date, last: date) -> Decimal:
    """How often a charge falls due: counted day by day."""
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if per == "day":
        return Decimal(len(every))
    total = Decimal(0)
    for day in every:
        after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        total += Decimal(1) / (after - date(day.year, day.month, 1)).days
    return total
