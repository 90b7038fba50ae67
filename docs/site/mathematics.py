"""Formulas as MathML, which browsers draw by themselves: no script and no font from elsewhere."""

import html

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx.writers.html5 import HTML5Translator

LOG = getLogger(__name__)


def drawn(node: nodes.math | nodes.math_block, *, as_block: bool) -> str:
    """A formula in MathML; one that is not understood is a warning, and stands as it was written."""
    formula = node.astext()
    try:
        return tex2mathml(formula, as_block=as_block)
    except (MathError, IndexError) as error:  # the second where there is nothing to raise or lower
        LOG.warning("the formula %r is not understood: %s", formula, error, location=node)
        return html.escape(formula)


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    translator.body.append(drawn(node, as_block=False))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula, or several in rows, by themselves."""
    translator.body.append(f'<div class="formula">{drawn(node, as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Takes the place of MathJax."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
