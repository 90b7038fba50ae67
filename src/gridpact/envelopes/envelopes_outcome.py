"""Operating envelopes in words, as they are shown on stdout."""

from collections import Counter

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.envelopes.operating_result import OperatingEnvelopes
from gridpact.fields.said import counted
from gridpact.results.words.limit_words import element_called, named_limit_words

SIDES = ("export", "import")
SHOWN = 5
SEARCHED = (
    "The worst combinations were searched, not proven: no more is claimed than that none that was tried "
    "breaks a limit."
)


def headline(envelopes: OperatingEnvelopes) -> str:
    """What each may do, in one sentence."""
    if envelopes.broken:
        return (
            "operating envelopes are all 0: the network breaks limits while nobody takes or feeds in anything"
        )
    shares = [f"{side} {share_words(envelopes, side)}" for side in SIDES]
    return (
        f"each may {shares[0]} and {shares[1]} of its connection, whatever all others do in their envelopes"
    )


def share_words(envelopes: OperatingEnvelopes, side: str) -> str:
    """The shares of a side: "31.8%", "31.8% to 100.0%"."""
    share = envelopes.summary[f"{side}_share"]
    least, greatest = (f"{share[end]:.1%}" for end in ("least", "greatest"))
    return least if least == greatest else f"{least} to {greatest}"


def outcome(envelopes: OperatingEnvelopes) -> str:
    """The outcome in a few aligned lines, for people."""
    summary, horizon = envelopes.summary, envelopes.case.horizon
    people = counted(summary["participants"], "participant")
    lines = [
        f"{summary['name']}: {headline(envelopes)}.",
        f"  rule      {summary['rule']}, for {people} with connections of {summary['connection_kw']:.3f} kW",
        f"  periods   the same in {counted(horizon.periods, 'period')} of {horizon.resolution}",
    ]
    for side in SIDES:
        lines.append(f"  {side:<10}{summary[f'{side}_max_kw']:.3f} kW in all")
        lines += [f"            {line}" for line in _holding(envelopes, side)]
    lines += [
        f"  tried     {tried_words(envelopes)}",
        *(f"  notice    {notice}" for notice in summary["notices"]),
    ]
    return "\n".join(lines)


def tried_words(envelopes: OperatingEnvelopes) -> str:
    """How many combinations were tried, and what came of it."""
    summary = envelopes.summary
    tried = f"{summary['combinations_tried']:,} combinations"
    if envelopes.broken:
        return tried
    verification = summary["verification"]
    agrees = "keeps every limit too" if verification["status"] == "kept" else "DOES NOT KEEP EVERY LIMIT"
    return (
        f"{tried}, none of which breaks a limit; of the worst {verification['combinations']:,} "
        f"{verification['engine']} {agrees}"
    )


def holders(envelopes: OperatingEnvelopes, side: str) -> list[tuple[str, int]]:
    """What holds a side back, in words, and how many participants; connections last."""
    kinds, elements, phases = (
        getattr(envelopes, f"{side}_{name}").tolist() for name in ("limited_by", "element", "phase")
    )
    counts = Counter(
        (kind, -1 if kind == LimitedBy.CONNECTION else element, phase)
        for kind, element, phase in zip(kinds, elements, phases, strict=True)
    )
    ordered = sorted(counts.items(), key=lambda each: (each[0][0] == LimitedBy.CONNECTION, -each[1], each[0]))
    return [(_words(envelopes, *limit), count) for limit, count in ordered]


def _words(envelopes: OperatingEnvelopes, kind: int, element: int, phase: int) -> str:
    """A limit in words."""
    if kind == LimitedBy.CONNECTION:
        return "their own connections"
    name = element_called(envelopes.case, envelopes.network, kind, element)
    return named_limit_words(kind, name, phase, [])


def _holding(envelopes: OperatingEnvelopes, side: str) -> list[str]:
    """What holds back most participants of a side, one to a line."""
    found = holders(envelopes, side)
    lines = [f"held by {words}: {counted(count, 'participant')}" for words, count in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"… and {counted(len(found) - SHOWN, 'limit')} more")
    return lines
