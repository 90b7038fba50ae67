"""Names: of what matching makes, each its own."""

from collections.abc import Iterable


def distinct_names(stems: Iterable[str], taken: Iterable[str]) -> tuple[str, ...]:
    """A name for each stem, in their order, none twice and none of those taken.

    A name is its stem, or where that is taken already the stem with "#2", "#3" and so on.
    """
    used = set(taken)
    runs: dict[str, int] = {}
    names = []
    for stem in stems:
        name, run = stem, runs.get(stem, 1)
        while name in used:
            run += 1
            name = f"{stem}#{run}"
        runs[stem] = run
        used.add(name)
        names.append(name)
    return tuple(names)
