"""Every public name with its docstring, from the package itself."""

import inspect
from collections.abc import Iterator

from sphinx.application import Sphinx

import gridpact

PAGE, MARK = "docs/reference/python-api", "<!-- names -->"
KINDS = (
    ("Functions", "autofunction", inspect.isfunction),
    ("Errors", "autoexception", lambda it: isinstance(it, type) and issubclass(it, Exception)),
    ("Classes", "autoclass", inspect.isclass),
)


def names() -> Iterator[str]:
    """A part for each kind of public name, each name in the first that it is of."""
    left = {name: getattr(gridpact, name) for name in gridpact.__all__}
    for title, directive, belongs in KINDS:
        members = [name for name, thing in left.items() if belongs(thing)]
        lines = [
            f".. {directive}:: gridpact.{name}\n{'   :members:' if title == 'Classes' else ''}\n"
            for name in members
        ]
        yield f"## {title}\n\n```{{eval-rst}}\n" + "\n".join(lines) + "\n```\n"
        left = {name: thing for name, thing in left.items() if name not in members}
    if left:
        raise TypeError(f"public names of no kind: {', '.join(left)}")


def with_names(_: Sphinx, page: str, source: list[str]) -> None:
    """Puts the names where the page wants them."""
    if page == PAGE:
        source[0] = source[0].replace(MARK, "\n".join(names()))


def setup(app: Sphinx) -> dict[str, bool]:
    """Completes the page as it is read."""
    app.connect("source-read", with_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
