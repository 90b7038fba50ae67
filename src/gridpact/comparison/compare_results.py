"""The way from two results to their comparison."""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from gridpact.comparison.compared_result import ComparedResult, in_order_of
from gridpact.comparison.from_clearance import of_clearance
from gridpact.comparison.reading.read_result import ReadResult, read_result
from gridpact.comparison.reading.same_case import differences, unknown
from gridpact.comparison.result_comparison import ResultComparison
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.fields.arguments import need, path_of

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance

REMEDY = "give what gridpact.clear makes, or the folder that it was written to"


def compare(first: "str | Path | Clearance", second: "str | Path | Clearance") -> ResultComparison:
    """Two results of one case side by side.

    Differences are what the second has more than the first. The results may be of other trades, rules,
    formulations or models of the network; their periods and participants are the same.

    Args:
        first: a result, or the folder that it was written to.
        second: likewise.

    Raises:
        InvalidCase: with every problem found in either folder, and everything in which they differ that has
            to be the same.
        InvalidUsage: something else is given in place of a result, or two clearances at hand are of other
            periods or participants.
    """
    labels = _labels(first, second)
    read = [_taken(each, label) for each, label in zip((first, second), labels, strict=True)]
    problems = [*(problem for each in read for problem in each.problems), *differences(*read)]
    results = [each.result for each in read if each.result is not None]
    if problems or len(results) < len(read):
        raise InvalidCase(problems, unchecked=unknown(*read))
    one, other = results
    _refuse_others(one, other)
    warnings = tuple(warning for each in read for warning in each.warnings)
    return ResultComparison(first=one, second=in_order_of(one, other), warnings=warnings)


def _taken(given: "str | Path | Clearance", label: str) -> ReadResult:
    """What is taken of a result."""
    if isinstance(given, str | PathLike):
        return read_result(path_of("compare", given), label)
    from gridpact.results.clearance import Clearance

    need("compare", Clearance, given, REMEDY)
    return ReadResult(folder=Path(), problems=(), result=of_clearance(given, label))


def _refuse_others(one: ComparedResult, other: ComparedResult) -> None:
    """Refuses results at hand that are of other periods or participants."""
    same_periods = one.borders == other.borders
    if not same_periods or set(one.participants) != set(other.participants):
        raise InvalidUsage("the results are of other periods or participants", "compare two of one case")


def _labels(first: object, second: object) -> tuple[str, str]:
    """What two results are called: by their folders' names, or their paths where these are the same."""
    paths = [Path(each) if isinstance(each, str | PathLike) else None for each in (first, second)]
    names = [path.resolve().name if path is not None else "" for path in paths]
    if names[0] == names[1]:
        names = [str(path) if path is not None else "" for path in paths]
    return names[0] or "first", names[1] or "second"
