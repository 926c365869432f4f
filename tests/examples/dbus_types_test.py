"""The types of examples/dbus/, and mistakes that type checkers find in such programs."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import gawait
from gawait.dbus.source import source_of
from gawait.dbus.xml import parse

PACKAGE = pathlib.Path(gawait.__file__).parent
HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples/dbus"
MISTAKES = "mistakes.py"
PRINTED = "printed.py"
PYRIGHT = "pyright@1.1.414"
NPM_OPTIONS = "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=60000"

DOCUMENTED = """<node><interface name="org.example.Documented">
  <method name="List"><arg type="as" direction="out"/>
    <annotation name="org.gtk.GDBus.DocString" value="All of them."/></method>
  <method name="Find"><arg name="name" type="s"/><arg type="a{sv}" direction="out"/></method>
  <property name="Some" type="v" access="readwrite"/>
  <property name="Names" type="a{o(ias)}" access="readwrite"/>
  <property name="Length" type="t" access="read">
    <annotation name="org.gtk.GDBus.DocString" value="How many."/></property>
  <signal name="Changed"><arg type="v"/><arg type="as"/></signal>
</interface></node>"""

MYPY_CONFIGURATION = """
[mypy]
strict = true
[mypy-gawait.*]
follow_imports = silent
follow_imports_for_stubs = true
"""


def run(*command, **options):
    # Preloaded is a sanitizer's library, which is not for these.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, **options
    )


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """The programs, beside what the checkers are to know of PyGObject and the package."""
    path = tmp_path_factory.mktemp("types")
    shutil.copytree(HERE / "types", path, dirs_exist_ok=True)
    shutil.copytree(EXAMPLES, path, dirs_exist_ok=True)
    stubs = shutil.ignore_patterns("*.py", "*.so", "__pycache__")
    shutil.copytree(PACKAGE, path / "gawait", ignore=stubs)
    (path / PRINTED).write_text(source_of(parse(DOCUMENTED).interfaces))
    return path


@pytest.fixture(scope="module")
def mypy(directory):
    """The lines in which mypy finds something, by file, with what it is."""
    (directory / "mypy.ini").write_text(MYPY_CONFIGURATION)
    checked = run("mypy", *sorted(each.name for each in directory.glob("*.py")), cwd=directory)
    assert checked.returncode in (0, 1), checked.stderr
    return re.findall(r"^([^:]*):(\d+): error: (.*)", checked.stdout, re.MULTILINE)


@pytest.fixture(scope="session")
def pyright_program(tmp_path_factory):
    """Pyright, which no package of Debian's has."""
    if shutil.which("npm") is None:
        pytest.skip("pyright is not looked for: npm is not installed")
    path = tmp_path_factory.mktemp("npm")
    installed = run("npm", "install", *NPM_OPTIONS, "--prefix", path, PYRIGHT)
    if installed.returncode != 0:
        reason = " ".join(installed.stderr.split())[:300]
        pytest.skip(f"pyright is not there, for npm cannot install it: {reason}")
    return path / "node_modules/.bin/pyright"


@pytest.fixture(scope="module")
def pyright(directory, pyright_program):
    """The lines in which pyright finds something, by file, with what it is."""
    configuration = {
        "typeCheckingMode": "strict",
        "include": ["*.py"],
        "stubPath": ".",
        "reportMissingModuleSource": False,
    }
    (directory / "pyrightconfig.json").write_text(json.dumps(configuration))
    checked = run(pyright_program, "--outputjson", "--project", ".", cwd=directory)
    found = json.loads(checked.stdout)
    assert found["summary"]["filesAnalyzed"] == len(list(directory.glob("*.py")))
    return [
        (
            pathlib.Path(each["file"]).name,
            each["range"]["start"]["line"] + 1,
            each["message"],
        )
        for each in found["generalDiagnostics"]
    ]


@pytest.fixture(params=["mypy", "pyright"])
def found(request):
    """What a type checker finds, at its strictest: files, lines, texts."""
    return request.getfixturevalue(request.param)


def test_nothing_is_wrong_in_the_examples(found):
    assert [each for each in found if each[0] not in (MISTAKES, PRINTED)] == []


def test_nothing_is_wrong_in_what_is_printed_of_an_interface(found):
    assert [each for each in found if each[0] == PRINTED] == []


def test_each_mistake_is_found_and_nothing_else(found):
    lines = (HERE / "types" / MISTAKES).read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert wrong and {int(line) for file, line, _ in found if file == MISTAKES} == wrong
