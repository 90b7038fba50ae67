"""Settlement once more, in plain Python with fractions, one participant at a time: slow, easy to believe."""

from collections import Counter
from fractions import Fraction
from math import floor

from gridpact.settlement.energy.keys import KeyKind, Unused
from gridpact.settlement.tariffs.tariffs import LossAllocation, Mode
from tests.settlements import Inputs

Money = Counter[tuple[int, str, str, str, str]]


def settled_by_hand(inputs: Inputs) -> tuple[Money, Money]:
    """Net energy and money of each period, kind, payer, payee and trade; shared energy between `community`.

    Who shares with whom is not asked here: givers and receivers both face an account called `community`, so
    that it has only energy, and the money of shared energy is left out.
    """
    energy, money = Counter(), Counter()

    def book(period, kind, debit, credit, wh, price, trade="") -> None:
        energy[period, kind, debit, credit, trade] += wh
        money[period, kind, debit, credit, trade] += round(Fraction(wh * int(price), 1000))

    tariffs, ids = inputs.tariffs, inputs.participants.ids
    charges = {"network_charge": "dso", "tax": "tax"}

    def levy(period, payer, wh, charge, trade="") -> None:
        for kind, account in charges.items():
            price = charge if kind == "network_charge" else tariffs.tax_micro_per_kwh
            book(period, kind, payer, account, wh, price, trade)

    for t in range(inputs.horizon.periods):
        traded = delivered(inputs, t)
        left_in, left_out = left(inputs, t, traded)
        for (trade, seller, buyer, price), wh in traded.items():
            book(t, "p2p", ids[buyer], ids[seller], wh, price, trade)
            if dearer := congestion(inputs, t)[trade]:
                book(t, "congestion", ids[buyer], "congestion", wh, dearer, trade)
            levy(t, ids[buyer], wh, tariffs.p2p_charge_micro_per_kwh[t], trade)
        got, gave, unused = shared(inputs, t, left_in, left_out)
        for k, name in enumerate(ids):
            energy[t, "p2p", name, "community", ""] += got[k]
            energy[t, "p2p", "community", name, ""] += gave[k]
            levy(t, name, got[k] - unused[k], tariffs.p2p_charge_micro_per_kwh[t])
            retailer = tariffs.retailers[tariffs.retailer_of_participant[k]]
            account, firm = f"retailer/{retailer.name}", tariffs.mode is Mode.FIRM
            buys, sells = left_in[k] - got[k] + unused[k], left_out[k] - gave[k]
            book(t, "unused", account, name, unused[k], retailer.feed_in_micro_per_kwh[t])
            ask = retailer.imbalance_short_micro_per_kwh if firm else retailer.supply_micro_per_kwh
            bid = retailer.imbalance_long_micro_per_kwh if firm else retailer.feed_in_micro_per_kwh
            book(t, "imbalance" if firm else "supply", name, account, buys, ask[t])
            levy(t, name, buys, tariffs.retail_charge_micro_per_kwh[t])
            book(t, "imbalance" if firm else "feed_in", account, name, sells, bid[t])
        lost, shares = losses(inputs, t)
        supplier = next((r for r in tariffs.retailers if r.name == "default"), tariffs.retailers[0])
        price = supplier.supply_micro_per_kwh[t]
        book(t, "loss", "dso", f"retailer/{supplier.name}", lost, price)
        for k, wh in shares.items():
            book(t, "loss", ids[k], "dso", wh, price)
    return energy, money


def congestion(inputs: Inputs, t: int) -> dict[str, int]:
    """What the buyer of each trade pays per kWh beyond what the seller receives."""
    at = inputs.positions
    rows = [row for row in range(len(at.period)) if at.period[row] == t]
    return {at.trade_ids[at.trade[row]]: int(at.congestion_micro_per_kwh[row]) for row in rows}


def delivered(inputs: Inputs, t: int) -> dict[tuple[str, int, int, int], int]:
    """Energy that counts of each trade."""
    at = inputs.positions
    rows = [
        (at.trade_ids[at.trade[r]], int(at.seller[r]), int(at.buyer[r]), int(at.price_micro_per_kwh[r]))
        for r in range(len(at.period))
        if at.period[r] == t
    ]
    cleared = dict(zip(rows, at.energy_wh[at.period == t].tolist(), strict=True))
    if inputs.tariffs.mode is Mode.FIRM:
        return cleared
    sales, purchases = Counter(), Counter()
    for (_, seller, buyer, _), wh in cleared.items():
        sales[seller] += wh
        purchases[buyer] += wh
    into, out = inside(inputs, t)
    return {
        row: floor(
            wh * min(1, Fraction(out[row[1]], sales[row[1]]), Fraction(into[row[2]], purchases[row[2]]))
        )
        for row, wh in cleared.items()
    }


def members(inputs: Inputs, t: int) -> list[int]:
    """Who is a member in a period, in the order of their names."""
    of, moment = inputs.participants, inputs.horizon.instant(t).timestamp() * 1_000_000
    ids = of.ids
    return sorted(
        (k for k in range(len(ids)) if of.member_from[k] <= moment < of.member_until[k]),
        key=ids.__getitem__,
    )


def inside(inputs: Inputs, t: int) -> tuple[list[int], list[int]]:
    """Import and export of each member, 0 of others."""
    here = members(inputs, t)
    return tuple(
        [wh if k in here else 0 for k, wh in enumerate(readings[t].tolist())]
        for readings in (inputs.meters.import_wh, inputs.meters.export_wh)
    )


def left(inputs: Inputs, t: int, traded) -> tuple[list[int], list[int]]:
    """Import and export of each participant that the trades leave."""
    into, out = inside(inputs, t)
    for (_, seller, buyer, _), wh in traded.items():
        out[seller] -= wh
        into[buyer] -= wh
    if inputs.tariffs.mode is Mode.FIRM:
        net = [sent - drawn for sent, drawn in zip(out, into, strict=True)]
        return [max(-n, 0) for n in net], [max(n, 0) for n in net]
    return into, out


def shared(inputs: Inputs, t: int, left_in, left_out) -> tuple[list[int], list[int], list[int]]:
    """Received, given and, of what is received, not used by each participant."""
    key, count = inputs.keys, len(left_in)
    if key is None:
        return [0] * count, [0] * count, [0] * count
    here = members(inputs, t)
    total = sum(left_out)
    takers = [k for k in here if key.member[t, k]]
    most = {k: min(left_in[k], total - left_out[k]) for k in takers}
    coefficient = {k: int(key.coefficient_ppm[t, k]) for k in takers}
    unused = dict.fromkeys(takers, 0)
    if key.kind is KeyKind.FIXED:
        with_nobody = coefficient | {None: 1_000_000 - sum(coefficient.values())}
        award = by_largest_remainder(total, with_nobody)
        got = {k: min(award[k], most[k]) for k in takers}
        if key.unused is Unused.MEMBER:
            got = {k: min(award[k], total - left_out[k]) for k in takers}
            unused = {k: max(0, got[k] - left_in[k]) for k in takers}
    elif key.kind is KeyKind.PROPORTIONAL:
        got = filled(total, {k: left_in[k] for k in takers}, most)
    elif key.kind is KeyKind.EQUAL:
        got = filled(total, dict.fromkeys(takers, 1), most)
    else:
        got, water = {}, total
        for level in sorted({int(key.priority[t, k]) for k in takers}):
            at = [k for k in takers if key.priority[t, k] == level]
            part = filled(water, {k: coefficient[k] for k in at}, {k: most[k] for k in at})
            got |= part
            water -= sum(part.values())
    shared_wh = sum(got.values())
    limit = {k: min(left_out[k], shared_wh - got.get(k, 0)) for k in here}
    gave = filled(shared_wh, {k: left_out[k] for k in here}, limit)
    assert sum(gave.values()) == shared_wh
    return tuple([each.get(k, 0) for k in range(count)] for each in (got, gave, unused))


def filled(total: int, weight: dict, wanted: dict) -> dict:
    """Water-filling by the level that the water reaches, found by going through what each wants."""
    takers = {k: w for k, w in weight.items() if w > 0 and wanted[k] > 0}
    water = min(total, sum(wanted[k] for k in takers))
    levels = sorted({Fraction(wanted[k], w) for k, w in takers.items()})
    sated: set = set()
    for level in levels:
        if sum(min(Fraction(wanted[k]), level * w) for k, w in takers.items()) > water:
            break
        sated = {k for k, w in takers.items() if Fraction(wanted[k], w) <= level}
    got = {k: wanted[k] for k in sated}
    rest = by_largest_remainder(
        water - sum(got.values()), {k: w for k, w in takers.items() if k not in sated}
    )
    return dict.fromkeys(weight, 0) | got | rest


def losses(inputs: Inputs, t: int) -> tuple[int, dict[int, int]]:
    """Losses, and the share of each participant who has one."""
    into, out = inputs.meters.import_wh[t].tolist(), inputs.meters.export_wh[t].tolist()
    lost = int(inputs.meters.head_import_wh[t]) - sum(into) + sum(out)
    if inputs.tariffs.loss_allocation is LossAllocation.DSO:
        return lost, {}
    here = members(inputs, t)
    weight = {k: into[k] + out[k] for k in here}
    if not any(weight.values()):
        weight = dict.fromkeys(here, 1)
    sign = -1 if lost < 0 else 1
    return lost, {k: sign * wh for k, wh in by_largest_remainder(abs(lost), weight).items()}


def by_largest_remainder(total: int, weight: dict) -> dict:
    """Whole shares; the first of equal remainders, in the order of `weight`, is served first."""
    of = sum(weight.values())
    if of == 0:
        return dict.fromkeys(weight, 0)
    exact = {k: Fraction(total * w, of) for k, w in weight.items()}
    share = {k: floor(value) for k, value in exact.items()}
    by_rest = sorted(weight, key=lambda k: share[k] - exact[k])
    for k in by_rest[: total - sum(share.values())]:
        share[k] += 1
    return share
