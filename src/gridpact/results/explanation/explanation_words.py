"""An explanation in words that a layman understands, as headings with sentences below them."""

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.fields.said import counted
from gridpact.results.explanation.explanation_facts import (
    CauseOfCut,
    ExplanationFacts,
    LoadOnLimit,
    OrderOutcome,
    PressedLimit,
    TradeOutcome,
)
from gridpact.results.words.limit_kinds import CAPS, PLACE_KINDS, called, kind_of
from gridpact.results.words.phrases import significant

LOADS_SAID, NAMES_SAID, LISTED = 4, 3, 12
UNNAMED = "a peer"
SHARE_TOLD_MIN = 0.005  # less would read 0 %
TRADES, FEED_IN = "trades", "feed_in"
TRADE, USE, FED_IN, OTHERS = "trade", "use", "feed_in", "others"
Story = list[tuple[str, list[str]]]


def story(facts: ExplanationFacts) -> Story:
    """Headings, each with its sentences."""
    told: Story = [("What became of it", outcome_sentences(facts))]
    told += [(cause_heading(cause), cause_sentences(facts, cause)) for cause in facts.causes]
    if facts.orders:
        told.append(("Orders", [order_sentence(order) for order in facts.orders[:LISTED]]))
    if facts.pressed:
        told.append(("Limits that it loads", [pressed_sentence(each) for each in facts.pressed[:LISTED]]))
    if facts.notes:
        told.append(("Notes", list(facts.notes)))
    return told


def outcome_sentences(facts: ExplanationFacts) -> list[str]:
    """What became of it in all, and of each of a participant's first trades."""
    told = [] if facts.kind == "participant" else [_of_trade(trade) for trade in facts.trades[:LISTED]]
    if facts.kind == "participant":
        told.append(_energy(facts))
        told += [_of_trade(trade) for trade in facts.trades[:LISTED]]
    if len(facts.trades) > LISTED:
        told.append(f"{len(facts.trades) - LISTED} more trades are in the table cleared.")
    is_whole = not facts.causes and facts.cleared_kwh >= facts.proposed_kwh
    if facts.trades and is_whole and not facts.is_auction:
        told.append("Nothing cut it: no cap and no limit of the network stood in its way.")
    if len([cause for cause in facts.causes if cause.of == TRADES]) > 1:
        told.append("Where several of the causes below hold in the same period, each has to give way.")
    if not facts.trades and facts.kind != "participant":
        told.append("Nothing of it was matched, so that there was nothing to clear.")
    return told


def _energy(facts: ExplanationFacts) -> str:
    """Where a participant's load and generation go."""
    kwh = facts.energy_kwh
    used = f"{_kwh(kwh['load_kw'])} of load: {_kwh(kwh['own_use_kw'])} from its own generation, "
    used += f"{_kwh(kwh['p2p_bought_kw'])} from peers, {_kwh(kwh['retail_import_kw'])} from its retailer"
    if kwh["unserved_kw"]:
        used += f", {_kwh(kwh['unserved_kw'])} not bought"
    if not kwh["generation_kw"]:
        return f"{facts.name} has {used}."
    made = f"{_kwh(kwh['generation_kw'])} of generation: {_kwh(kwh['p2p_sold_kw'])} sold to peers, "
    made += f"{_kwh(kwh['retail_export_kw'])} fed in to its retailer, {_kwh(kwh['curtailed_kw'])} curtailed"
    return f"{facts.name} has {used}; and {made}."


def _of_trade(trade: TradeOutcome) -> str:
    """What became of one trade."""
    firm = ", firm from an earlier clearing," if trade.is_firm else ""
    seller, buyer = trade.seller or UNNAMED, trade.buyer or UNNAMED
    sides = f"{trade.trade} ({seller} to {buyer}{firm} {trade.when})"
    price = f"at {significant(trade.price_per_kwh)} per kWh"
    if trade.seller_price_per_kwh != trade.price_per_kwh:
        price = (
            f"the buyer pays {significant(trade.price_per_kwh)} and the seller receives "
            f"{significant(trade.seller_price_per_kwh)} per kWh"
        )
    if trade.cleared_kwh >= trade.proposed_kwh:
        return f"{sides} clears in full: {_kwh(trade.cleared_kwh)}, {price}."
    if not trade.cleared_kwh:
        return f"{sides} clears nothing of its {_kwh(trade.proposed_kwh)}."
    cut = _percent(1.0 - trade.cleared_kwh / trade.proposed_kwh)
    clears = f"{_kwh(trade.cleared_kwh)} of {_kwh(trade.proposed_kwh)}"
    return f"{sides} clears {clears}, {price}; {cut} is cut."


def cause_heading(cause: CauseOfCut) -> str:
    """What cuts, and its share: "line 12 (Elm Street) takes 83 % of the cut"."""
    of = "curtailed feed-in" if cause.of == FEED_IN else "the cut"
    return f"{_capital(cause_place(cause))}: {_percent(cause.share)} of {of}, {_kwh(cause.lost_kwh)}"


def cause_place(cause: CauseOfCut) -> str:
    """What a cause is, in plain words."""
    kind = kind_of(cause.limited_by)
    if kind is LimitedBy.TERMS:
        return "its own terms"
    if cause.limited_by in CAPS:
        owner = cause.element or ("the seller" if kind is LimitedBy.SELLER_SURPLUS else "the buyer")
        return f"{'surplus' if kind is LimitedBy.SELLER_SURPLUS else 'demand'} of {owner}"
    if not cause.limited_by:
        return "no single limit"
    if not cause.element:
        return "the network as a whole" if not cause.unit else f"a {PLACE_KINDS[kind]} of the network"
    phase = f", phase {cause.phase}" if cause.phase in ("a", "b", "c") else ""
    neutral = "neutral of " if kind is LimitedBy.NEUTRAL else ""
    return f"{neutral}{PLACE_KINDS[kind]} {called(cause.element, cause.name)}{phase}"


def cause_sentences(facts: ExplanationFacts, cause: CauseOfCut) -> list[str]:
    """What a limit stands at and when, who loads it, and what would have to change."""
    kind = kind_of(cause.limited_by)
    if kind is LimitedBy.TERMS:
        return [f"{_capital(cause.terms)}, {cause.when}." if cause.terms else f"Terms cut it, {cause.when}."]
    if not cause.limited_by:
        return [f"No single limit cuts it, {cause.when}: the clearing ended with the best that it had found."]
    if not cause.unit:
        return [
            f"The network has no operating point with more, {cause.when}.",
            "No limit could be raised to clear it; less load there at that time could.",
        ]
    told = [_state(facts, cause), *_loads(facts, cause), *_change(facts, cause)]
    return [sentence for sentence in told if sentence]


def _state(facts: ExplanationFacts, cause: CauseOfCut) -> str:
    """What the limit stands at, and when."""
    kind, place = kind_of(cause.limited_by), _capital(cause_place(cause))
    if cause.limited_by in CAPS:
        what = "surplus, all of it sold" if kind is LimitedBy.SELLER_SURPLUS else "demand, all of it bought"
        amount = "no more" if cause.limit is None else f"up to {significant(cause.limit)} kW of"
        role = "seller" if kind is LimitedBy.SELLER_SURPLUS else "buyer"
        return f"The {role} {cause.element}".rstrip() + f" has {amount} {what}, {cause.when}."
    model = " in the dc model" if facts.formulation == "dc" else ""
    before = " It is beyond its limit even without any trade." if cause.is_beyond_before else ""
    if cause.limit is None:
        return f"{place} is at its limit{model}, {cause.when}.{before}"
    limit = significant(cause.limit)
    if kind is LimitedBy.VOLTAGE_MAX:
        return f"{place} is at its highest voltage, {limit} pu, {cause.when}.{before}"
    if kind is LimitedBy.VOLTAGE_MIN:
        return f"{place} is at its lowest voltage, {limit} pu, {cause.when}.{before}"
    if kind is LimitedBy.VOLTAGE_UNBALANCE:
        return f"{place} is at its greatest unbalance, {limit} %, {cause.when}.{before}"
    full = "is full" if limit == "100" else f"is at its limit, {limit} % of its rating"
    return f"{place} {full}{model}, {cause.when}.{before}"


def _loads(facts: ExplanationFacts, cause: CauseOfCut) -> list[str]:
    """Who loads the limit and by how much, who relieves it, and who does not load it."""
    if cause.limited_by in CAPS:
        others = [load for load in cause.loads if not load.is_own]
        own = [load for load in cause.loads if load.is_own]
        parts = [f"{_who(load)} takes {significant(load.kw)} kW" for load in (own + others)[:LOADS_SAID]]
        return [f"Of it, {'; '.join(parts)}{_in_the_mean(cause)}."] if parts else []
    told: list[str] = []
    up = [load for load in cause.loads if load.amount > 0.0]
    down = [load for load in cause.loads if load.amount < 0.0]
    own = [load for load in up if load.is_own]
    others = [load for load in up if not load.is_own]
    if up:
        said = [_loading(load, cause.unit) for load in (own[:LOADS_SAID] + others[:LOADS_SAID])]
        rest = len(own[LOADS_SAID:]) + len(others[LOADS_SAID:])
        if rest:
            amount = sum(load.amount for load in own[LOADS_SAID:] + others[LOADS_SAID:])
            said.append(f"{rest} more by {_amount(amount, cause.unit)} together")
        toward = "lower it" if kind_of(cause.limited_by) is LimitedBy.VOLTAGE_MIN else "load it"
        toward = "raise it" if kind_of(cause.limited_by) is LimitedBy.VOLTAGE_MAX else toward
        told.append(f"These {toward}{_in_the_mean(cause)}: {'; '.join(said)}.")
    if down:
        said = [_loading(load, cause.unit) for load in down[-LOADS_SAID:]]
        told.append(f"These relieve it: {'; '.join(said)}.")
    if cause.without_load:
        names, more = cause.without_load[:NAMES_SAID], len(cause.without_load) - NAMES_SAID
        said_names = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        verb = "does" if len(cause.without_load) == 1 else "do"
        told.append(f"At that time {said_names} {verb} not load it.")
    return told


def _in_the_mean(cause: CauseOfCut) -> str:
    """What a figure of several periods is."""
    return ", in the mean" if cause.periods > 1 else ""


def _loading(load: LoadOnLimit, unit: str) -> str:
    return f"{_who(load)} by {_amount(abs(load.amount), unit)} with {significant(load.kw)} kW"


def _who(load: LoadOnLimit) -> str:
    """Who loads a limit."""
    if load.kind == OTHERS:
        return f"others ({load.name})"
    words = {TRADE: load.name, USE: f"the use of {load.name}", FED_IN: f"the feed-in of {load.name}"}
    return words[load.kind]


def _change(facts: ExplanationFacts, cause: CauseOfCut) -> list[str]:
    """What would have to change, as exactly as it is known."""
    cut = f"{significant(cause.cut_kw)} kW"
    what = "the feed-in" if cause.of == FEED_IN else _all_of(facts)
    if cause.limited_by in CAPS:
        is_seller = kind_of(cause.limited_by) is LimitedBy.SELLER_SURPLUS
        more = "surplus, generation beyond own load," if is_seller else "demand, load beyond own generation,"
        at_most = "up to " if cause.periods > 1 else ""
        told = [
            f"For all of {what} it would take {at_most}{cut} more {more} all else as it is; this is exact."
        ]
        if any(not load.is_own and load.kind == TRADE for load in cause.loads):
            told.append("Or its other trades would have to give up as much.")
        return told
    if cause.room is None:
        return ["How much more of this limit would clear it is not known."]
    more = _room(cause)
    raised = {
        LimitedBy.VOLTAGE_MAX: f"its highest voltage would have to be {more} higher",
        LimitedBy.VOLTAGE_MIN: f"its lowest voltage would have to be {more} lower",
        LimitedBy.VOLTAGE_UNBALANCE: f"it would have to bear {more} more unbalance",
    }.get(kind_of(cause.limited_by), f"it would have to carry {more} more")
    at_most = "up to " if cause.periods > 1 else ""
    how = "exact in the dc model" if facts.formulation == "dc" else "an estimate to first order"
    told = [f"For the {at_most}{cut} of {what} that are cut, {raised}, all else as it is: {how}."]
    rivals = [load for load in cause.loads if not load.is_own and load.amount > 0.0 and load.per_kw]
    if rivals and rivals[0].kind != OTHERS and rivals[0].per_kw:
        needed = cause.room / rivals[0].per_kw
        if needed <= rivals[0].kw:
            told.append(f"Or {_who(rivals[0])} would have to give up {significant(needed)} kW there.")
    if cause.also_cut:
        cut_too = counted(cause.also_cut, "other trade")
        told.append(f"It cuts {cut_too} too, which may take that room first.")
    return told


def _all_of(facts: ExplanationFacts) -> str:
    """What would clear."""
    return f"the trades of {facts.name}" if facts.kind == "participant" else facts.name


def _room(cause: CauseOfCut) -> str:
    """How much more of a limit, in what people measure first: "3.1 A (2.4 % of its rating)"."""
    room = significant(cause.room or 0.0)
    if cause.room_a is not None:
        return f"{significant(cause.room_a)} A ({room} % of its rating)"
    if cause.room_v is not None:
        return f"{significant(cause.room_v)} V ({room} pu)"
    is_unbalance = kind_of(cause.limited_by) is LimitedBy.VOLTAGE_UNBALANCE
    return f"{room} percentage points" if is_unbalance else f"{room} % of its rating"


def order_sentence(order: OrderOutcome) -> str:
    """What became of an order."""
    side = "sell" if order.side == "sell" else "buy"
    offer = f"{order.order}, to {side} {_kwh(order.offered_kwh)} at {significant(order.limit_price_per_kwh)}"
    why = f": {order.why}" if order.why else ""
    return f"{offer}: {_kwh(order.done_kwh)} of it found the other side{why}."


def pressed_sentence(limit: PressedLimit) -> str:
    """What a participant puts on a limit."""
    phase = f", phase {limit.phase}" if limit.phase in ("a", "b", "c") else ""
    kind = kind_of(limit.limited_by)
    neutral = "neutral of " if kind is LimitedBy.NEUTRAL else ""
    place = f"{neutral}{PLACE_KINDS[kind]} {called(limit.element, limit.name)}{phase}"
    verb = "loads" if limit.amount > 0.0 else "relieves"
    return f"It {verb} {place} by {_amount(abs(limit.amount), limit.unit)} in the mean, {limit.when}."


def _amount(amount: float, unit: str) -> str:
    """An amount of a limit: "22 points" of percent, "0.0031 pu"."""
    return f"{significant(amount, 3)} {'percentage points' if unit == '%' else unit}"


def _percent(share: float) -> str:
    if 0.0 < share < SHARE_TOLD_MIN:
        return "less than 1 %"
    if 1.0 - SHARE_TOLD_MIN < share < 1.0:
        return "more than 99 %"
    return f"{100.0 * share:.0f} %"


def _kwh(kwh: float) -> str:
    return f"{kwh:.3f} kWh" if abs(kwh) < 1000.0 else f"{kwh:,.1f} kWh"


def _capital(text: str) -> str:
    """The text with a capital, unless it begins with what is called so."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
