"""How tools/docs has Sphinx build the documentation."""

import os
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]

project = "gawait"
author = "the authors of gawait"
version = release = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text())[1]

extensions = ["myst_parser", "sphinx.ext.autodoc", "breathe", "sphinx_copybutton"]
html_theme = "furo"
html_title = f"gawait {version}"
html_static_path = ["_static"]
html_css_files = ["gawait.css"]
html_copy_source = False
html_show_copyright = False

# Links to headings are checked, and so is whatever a reference names.
myst_heading_anchors = 4
nitpicky = True
# Of GLib, PyGObject and Python, whose references are elsewhere, and what is nobody's to name.
nitpick_ignore_regex = [
    ("cpp:.*", ".*"),
    ("py:.*", ".*"),
]

autodoc_member_order = "bysource"
# Signatures as they are written, and not the values of defaults.
autodoc_preserve_defaults = True

breathe_projects = {"gawait": os.environ["GAWAIT_DOXYGEN_XML"]}
breathe_default_project = "gawait"
breathe_default_members = ("members",)
cpp_index_common_prefix = ["gawait::", "gawait::dbus::", "gawait::giomm::"]


def show_as_written(_app, _what, _name, _object, _options, lines):
    """Docstrings are plain text, in which what is indented is code or a table."""
    shown = []
    for line in lines:
        indented = line.startswith(" ")
        if indented and not (shown and (shown[-1].startswith(" ") or not shown[-1])):
            shown.append("")
        if indented and not any(each.startswith(" ") for each in shown[-2:]):
            shown += [".. code-block:: none", ""]
        elif not indented and shown and shown[-1].startswith(" "):
            shown.append("")
        shown.append(line if indented else re.sub(r"([*`|\\]|_\b)", r"\\\1", line))
    lines[:] = shown


def setup(app):
    app.connect("autodoc-process-docstring", show_as_written)
