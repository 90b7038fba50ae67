"""Headroom in words, as they are shown on stdout."""

import numpy as np

from gridpact.fields.said import counted
from gridpact.results.words.phrases import share_of
from gridpact.trading_headroom.headroom_result import Headroom
from gridpact.trading_headroom.stops import NETWORK_LIMITS, stops

SHOWN = 5
VERBS = {"sale": "sell", "purchase": "buy"}


def headline(headroom: Headroom) -> str:
    """What the network takes of everything at once."""
    summary = headroom.summary
    still = " still to be had" if headroom.case.first_open or len(headroom.case.commitments) else ""
    sold = _taken(summary["sale_together_kwh"], summary["sale_cap_kwh"], "surplus")
    bought = _taken(summary["purchase_together_kwh"], summary["purchase_cap_kwh"], "residual demand")
    return f"all together the network takes {sold} and {bought}{still}, if the forecast comes true"


def outcome(headroom: Headroom) -> str:
    """The outcome in a few aligned lines, for people."""
    summary, horizon = headroom.summary, headroom.case.horizon
    people = counted(summary["participants"], "participant")
    lines = [
        f"{summary['name']}: {headline(headroom)}.",
        f"  people    {people} over {counted(horizon.periods, 'period')} of {horizon.resolution}",
    ]
    for side in VERBS:
        lines += [f"  {f'{side}s':<10}{_one_at_a_time(headroom, side)}", *_stopping(headroom, side)]
    lines += [f"  notice    {notice}" for notice in summary["notices"]]
    return "\n".join(lines)


def stopped_participants(headroom: Headroom, side: str) -> tuple[int, int]:
    """How many participants the network stops alone in some period, of those that have anything to trade."""
    limited_by = getattr(headroom, f"{side}_limited_by")
    stopped = np.isin(limited_by, NETWORK_LIMITS).any(axis=0)
    return int(stopped.sum()), int((limited_by > 0).any(axis=0).sum())


def _taken(taken_kwh: float, whole_kwh: float, what: str) -> str:
    """What is taken of the whole, with its share."""
    if not whole_kwh:
        return f"nothing, as there is no {what}"
    return f"{taken_kwh:.3f} kWh of {whole_kwh:.3f} kWh {what} ({share_of(taken_kwh, whole_kwh)})"


def _one_at_a_time(headroom: Headroom, side: str) -> str:
    """How many the network stops alone, and what all of them could trade one at a time."""
    stopped, count = stopped_participants(headroom, side)
    if not count:
        return f"nobody has anything to {VERBS[side]}"
    if not stopped:
        return f"alone, each of {counted(count, 'participant')} could {VERBS[side]} all it has"
    kwh = headroom.summary[f"{side}_alone_kwh"]
    return (
        f"alone, {stopped} of {counted(count, 'participant')} could not {VERBS[side]} all they have; "
        f"one at a time {kwh:.3f} kWh"
    )


def _stopping(headroom: Headroom, side: str) -> list[str]:
    """The limits that stop most of a side, one to a line."""
    found = stops(headroom, side)
    lines = [
        f"{row['reason']} stops {counted(row['participants'], 'participant')} "
        f"in {counted(row['periods'], 'period')}, {row['kwh']:.3f} kWh"
        for row in found.head(SHOWN).to_dict("records")
    ]
    if len(found) > SHOWN:
        lines.append(f"… and {counted(len(found) - SHOWN, 'limit')} more")
    return [f"            {line}" for line in lines]
