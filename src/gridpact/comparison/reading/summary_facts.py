"""What the summary of a result says of its case and of its dispatch."""

from dataclasses import dataclass, replace
from typing import Any

from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.sessions.cleared import SUMMARY_FILE
from gridpact.errors import InvalidCase, Problem

TEXTS = ("name", "status", "formulation", "allocation")
PERIOD_KEYS = ("start", "resolution", "periods")
STILL_BROKEN = "remaining_violations"
DEFAULT_MODEL = "balanced"
CLEAR_AGAIN = "clear the case again"


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryFacts:
    """What a comparison takes of a summary.

    Attributes:
        horizon: the periods, in UTC; `None` where the summary does not say them.
        name, status, formulation, allocation, model, inputs_sha256: as it says.
        still_broken: limits of the case that are broken under the dispatch.
    """

    horizon: Horizon | None
    name: str
    status: str
    formulation: str
    allocation: str
    model: str
    inputs_sha256: str
    still_broken: int


def summary_facts(summary: dict[str, Any], problems: Problems) -> SummaryFacts | None:
    """The facts of a summary; `None` where there is none, or one cannot be used."""
    if not summary:
        return None
    for key in (*TEXTS, *PERIOD_KEYS, STILL_BROKEN):
        if key not in summary:
            problems.add(_problem(key, "is not among the keys"))
    for key in TEXTS:
        if key in summary and not isinstance(summary[key], str):
            problems.add(_problem(key, "is not text", summary[key]))
    broken = summary.get(STILL_BROKEN, [])
    if not isinstance(broken, list):
        problems.add(_problem(STILL_BROKEN, "is not a list", broken))
        broken = []
    return SummaryFacts(
        horizon=_horizon(summary, problems),
        **{key: str(summary.get(key, "")) for key in TEXTS},
        model=str(summary.get("model", DEFAULT_MODEL)),
        inputs_sha256=str(summary.get("inputs_sha256", "")),
        still_broken=len(broken),
    )


def _horizon(summary: dict[str, Any], problems: Problems) -> Horizon | None:
    """The periods of a result; `None` where its summary does not say them."""
    if not summary.keys() >= set(PERIOD_KEYS):
        return None
    try:
        return Horizon(timezone="UTC", **{key: summary[key] for key in PERIOD_KEYS})
    except InvalidCase as error:
        problems.extend(replace(problem, file=SUMMARY_FILE) for problem in error.problems)
        return None


def _problem(key: str, what: str, value: object = None) -> Problem:
    """What is wrong with a key."""
    text = "" if value is None else shown(value)
    return Problem(file=SUMMARY_FILE, field=key, value=text, what=what, remedy=CLEAR_AGAIN)
