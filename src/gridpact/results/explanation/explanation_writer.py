"""Writing an explanation: its facts and its page, or none."""

import json
from collections.abc import Mapping
from pathlib import Path

from gridpact.fields.arguments import need, path_of
from gridpact.results.explanation.explanation import Explanation
from gridpact.results.output_folder import ResultKind, output_folder

EXPLANATION_FACTS_FILE, EXPLANATION_PAGE_FILE = "explanation.json", "explanation.html"
EXPLANATION_RESULT = ResultKind(
    words="an explanation",
    names=frozenset({EXPLANATION_FACTS_FILE, EXPLANATION_PAGE_FILE}),
    is_one=lambda folder: (folder / EXPLANATION_FACTS_FILE).is_file(),
)


def write_explanation(
    explanation: Explanation,
    folder: str | Path,
    *,
    page: str | None = None,
    inputs: Mapping[str, Path | None] | None = None,
) -> Path:
    """Writes an explanation into a folder, replacing an earlier one there, and gives the folder.

    Args:
        explanation: what gridpact.explain makes.
        folder: made where it does not exist.
        page: its page, left out where there is none.
        inputs: folders that it was made of, which it must not replace, by what they are called.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier explanation, or cannot be written to.
    """
    need("write_explanation", Explanation, explanation, "give what gridpact.explain makes")
    target = path_of("write_explanation", folder)
    facts = json.dumps(explanation.facts(), indent=2, ensure_ascii=False) + "\n"
    with output_folder(target, EXPLANATION_RESULT, inputs=inputs) as aside:
        (aside / EXPLANATION_FACTS_FILE).write_text(facts, encoding="utf-8", newline="\n")
        if page is not None:
            (aside / EXPLANATION_PAGE_FILE).write_text(page, encoding="utf-8", newline="\n")
    return target
