"""Explanation: why a trade, an order or a participant gets what it gets; it prints and shows itself."""

from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import numpy as np

from gridpact.results.decimals import figure
from gridpact.results.explanation.explanation_facts import ExplanationFacts
from gridpact.results.explanation.explanation_words import story


@dataclass(frozen=True, kw_only=True)
class Explanation(ExplanationFacts):
    """Why a trade, an order or a participant gets what it gets; prints and shows itself.

    `ExplanationFacts` lists what it holds.
    """

    def facts(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dicts, for programs; unknown numbers are None."""
        plain: dict[str, Any] = _plain(asdict(self))
        return {**plain, "text": self.sentences()}

    def sentences(self) -> list[str]:
        """The explanation in words, one sentence or two each."""
        return [sentence for _, sentences in story(self) for sentence in sentences]

    def __str__(self) -> str:
        """A heading and its sentences below it, one after the other."""
        lines = [f"{self.case}: {self.kind} {self.name}"]
        for heading, sentences in story(self):
            lines += [f"  {heading}", *(f"    {sentence}" for sentence in sentences)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """One line: what is explained, and how much of it clears."""
        volume = f"{self.cleared_kwh:.3f} of {self.proposed_kwh:.3f} kWh"
        return f"<Explanation of {self.kind} '{self.name}': {volume}, {len(self.causes)} causes>"

    def _repr_html_(self) -> str:
        """The same for notebooks; all texts are escaped."""
        parts = [f"<h3>{escape(self.case)}: {escape(self.kind)} {escape(self.name)}</h3>"]
        for heading, sentences in story(self):
            items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
            parts.append(f"<h4>{escape(heading)}</h4><ul>{items}</ul>")
        return "".join(parts)


def _plain(value: Any) -> Any:
    """Numbers to the decimals of results, and tuples as lists."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, float | np.floating):
        return figure(float(value)) if np.isfinite(value) else None
    return value
