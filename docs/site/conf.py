"""How the pages of this repository become a site: `make docs`.

The source folder is the repository itself, so that a link between two of its files is the same on a host,
in an editor and on the site.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "src")]
os.environ["TERMINAL_WIDTH"] = "100"

from pygments.lexers.special import TextLexer  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

from gridpact.version import __version__  # noqa: E402  (found by the path above)

project = "gridpact"
author = "the gridpact authors"
release = version = __version__
copyright = author

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathematics",
    "sections",
    "command_reference",
    "python_reference",
]
root_doc = "docs/README"
include_patterns = [
    "docs/*.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/**/*.md",
    "examples/*/README.md",
    "examples/notebooks/*.ipynb",
]
exclude_patterns = [".*", "out", "build", "dist", "src", "tests", "benchmarks", "examples/notebooks/.*"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_update_mathjax = False
nb_execution_mode = "off"  # the outputs that are stored are shown; tests run the notebooks
nb_merge_streams = True
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_use_type_comments = False
napoleon_numpy_docstring = False
pygments_style = "sphinx"

html_theme = "pydata_sphinx_theme"
html_title = "gridpact"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["gridpact.css"]
html_copy_source = False
html_show_sphinx = False
html_additional_pages = {"index": "first.html"}
templates_path = ["templates"]
html_theme_options = {
    "logo": {"text": "gridpact"},
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
}


def setup(app: Sphinx) -> None:
    """Shows tables and OpenDSS scripts as they are."""
    for name in ("csv", "dss"):
        app.add_lexer(name, TextLexer)
