"""The Python that docs/how-to/testing.md shows works when it is put into the files that it names."""

import os
import pathlib
import re

import pytest

import gawait

pytest_plugins = ["pytester"]

PAGE = pathlib.Path(__file__).parents[3] / "docs/how-to/testing.md"
HEADING_OR_FILE = re.compile(
    r"^#+ ([^\n]+)$|^```(?:python\n# (\S+))?[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def files_of(wanted):
    """The names and contents of the files that a section shows."""
    section = None
    for heading, name, content in HEADING_OR_FILE.findall(PAGE.read_text()):
        section = heading or section
        if name and section == wanted:
            yield name, content


@pytest.mark.parametrize(
    "section, plugin",
    [
        ("In Python, with pytest", "gawait.testing.plugin"),
        ("pytest-asyncio", "pytest_asyncio.plugin"),
        ("anyio", "anyio.pytest_plugin"),
    ],
)
def test_what_is_shown_passes(pytester, monkeypatch, section, plugin):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(os.path.dirname(gawait.__file__)))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name, content in files_of(section):
        (pytester.path / name).write_text(content)
    # pytest-asyncio 1.4 has a new way besides, which older ones do not know.
    old_way = '-Wignore:Overriding the "event_loop_policy":DeprecationWarning'
    options = ["-p", "gawait.testing.plugin", "-p", plugin, "-p", "no:cacheprovider", old_way]
    shown = pytester.runpytest_subprocess(*options, timeout=60)
    assert shown.parseoutcomes() == {"passed": 1}
