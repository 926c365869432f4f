"""The package as it is built, installed and typed."""

import inspect
import operator
import os
import shutil
import subprocess
import sys

import pytest

import gawait
from gawait import dbus

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# PyGObject has no type stubs of its own.
MYPY_CONFIGURATION = """
[mypy]
[mypy-gi.*]
ignore_missing_imports = true
"""

WELL_TYPED = """
import asyncio

import gawait
from gawait import dbus
from gi.repository import Gio, GLib


class Player:
    async def seek(self, to: dbus.UInt64, of: dbus.ObjectPath) -> dbus.Byte:
        number: int = to
        text: str = of
        return number + len(text)


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def finish(result: object) -> str:
    return "contents"


async def main() -> int:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, gawait.EventLoop)
    handle = loop.call_soon(print, "soon", priority=GLib.PRIORITY_LOW)
    handle.cancel()
    loop.call_later(1.5, print).cancel()
    task = gawait.create_task(double(21), priority=GLib.PRIORITY_HIGH)
    text: str = await gawait.call(print, finish=finish)
    load = gawait.wrap(print, finish)
    text = await load("path", cancellable=Gio.Cancellable())
    operation: gawait.Operation[str] = load()
    operation.cancel()
    (spec,) = await gawait.signal(Gio.SimpleAction(), "activate")
    async with gawait.signals(Gio.SimpleAction(), "activate") as activations:
        async for (parameter,) in activations:
            print(parameter, text, spec)
    bus = await Gio.bus_get(Gio.BusType.SESSION)
    print(bus, await Player().seek(5, dbus.ObjectPath("/one")))
    with dbus.export(bus, "/", Player(), "org.example.Player"):
        with dbus.FileDescriptor(0) as descriptor:
            number: int = descriptor.fileno()
    return await task + number


number: int = gawait.run(main(), debug=True, context=GLib.MainContext.default())
with asyncio.Runner(loop_factory=gawait.EventLoop) as runner:
    number = runner.run(main())
gawait.install()
"""

BADLY_TYPED = """
import gawait
from gawait import dbus

async def main(path: dbus.ObjectPath = "/", number: dbus.Byte = "1") -> int:
    return 1

gawait.run(main)
text: str = gawait.run(main())
gawait.new_event_loop().call_soon(print, priority="low")
gawait.wrap(1)
gawait.missing()
"""


def run(*command, **options):
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=600,
        stdin=subprocess.DEVNULL,
        **options,
    )


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """A virtual environment into which `pip install .` has installed the package."""
    directory = tmp_path_factory.mktemp("package")
    source, environment = directory / "source", directory / "environment"
    ignored = shutil.ignore_patterns("build*", ".*", "__pycache__")
    shutil.copytree(SOURCE, source, ignore=ignored)
    run(sys.executable, "-m", "venv", "--system-site-packages", environment).check_returncode()
    options = ["--no-build-isolation", "--no-deps", "--no-index"]
    command = [environment / "bin/python", "-m", "pip", "install", *options, "."]
    installed = run(*command, cwd=source)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return environment


@pytest.fixture(scope="session")
def python(environment):
    """Runs the environment's Python, with nothing of ours in the environment variables."""
    return lambda *arguments, **options: run(
        environment / "bin/python",
        *arguments,
        env={"PATH": os.environ["PATH"], "HOME": str(environment)},
        cwd=environment,
        **options,
    )


@pytest.fixture(scope="session")
def check_types(environment, tmp_path_factory):
    """Runs `mypy --strict` on a program that uses the installed package."""
    directory = tmp_path_factory.mktemp("types")
    (directory / "mypy.ini").write_text(MYPY_CONFIGURATION)

    def check(program):
        (directory / "program.py").write_text(program)
        interpreter = environment / "bin/python"
        options = ["--strict", "--python-executable", interpreter]
        return run("mypy", *options, "program.py", cwd=directory)

    return check


def test_an_installed_package_imports_and_runs(python):
    program = """
import asyncio, gawait
from gi.repository import Gio
async def main():
    await asyncio.sleep(0)
    return (await Gio.File.new_for_path("/proc/self/comm").load_contents_async())[0]
print(gawait.__file__, gawait.run(main()))
"""
    finished = python("-c", program)
    assert finished.stderr == ""
    path, result = finished.stdout.split()
    assert "/environment/lib/" in path and result == "True"


def test_an_installed_package_runs_programs(python, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import asyncio; print(asyncio.new_event_loop())")
    assert "EventLoop" in python("-m", "gawait", script).stdout


def test_an_installed_package_tells_its_version_and_what_it_needs(python):
    program = """
import importlib.metadata as metadata
print(metadata.version("gawait"), *metadata.requires("gawait"))
"""
    version, required = python("-c", program).stdout.split(maxsplit=1)
    with open(os.path.join(SOURCE, "meson.build")) as file:
        assert f"version: '{version}'" in file.read()
    assert required.startswith("PyGObject")


def test_a_package_installs_nothing_but_itself(python):
    program = """
import importlib.metadata as metadata
print(*sorted({file.parts[0] for file in metadata.files("gawait")}))
"""
    package, information = python("-c", program).stdout.split()
    assert package == "gawait" and information.endswith(".dist-info")


def test_mypy_finds_nothing_wrong_in_a_program(check_types):
    checked = check_types(WELL_TYPED)
    assert checked.stdout.startswith("Success"), checked.stdout


def test_mypy_finds_what_is_wrong_in_a_program(check_types):
    wrong = [
        line for line in check_types(BADLY_TYPED).stdout.splitlines() if ": error:" in line
    ]
    lines = [int(line.split(":")[1]) for line in wrong]
    assert sorted(set(lines)) == [5, 8, 9, 10, 11, 12]


def test_the_stubs_are_those_of_the_package(tmp_path):
    package = os.path.dirname(gawait.__file__)
    stubs = tmp_path / "gawait"
    ignored = shutil.ignore_patterns("*.py", "*.so", "__pycache__")
    shutil.copytree(package, stubs, ignore=ignored)
    (tmp_path / "mypy.ini").write_text(MYPY_CONFIGURATION)
    # mypy 2 wants a decorator that older ones do not know; and does not see through Annotated.
    (tmp_path / "allowed").write_text(
        "gawait._native.Handle\n" r"gawait\.dbus\.(Byte|U?Int\d+).*"
    )
    options = ["--ignore-missing-stub", "--mypy-config-file", "mypy.ini"]
    options += ["--allowlist", "allowed", "--ignore-unused-allowlist"]
    checked = run(
        *("stubtest", "gawait", *options),
        env={**os.environ, "MYPYPATH": str(tmp_path), "PYTHONPATH": os.path.dirname(package)},
        cwd=tmp_path,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def undocumented():
    """The public names without a docstring, but for methods that asyncio documents."""
    for name in [*gawait.__all__, *(f"dbus.{each}" for each in dbus.__all__)]:
        exported = operator.attrgetter(name)(gawait)
        if callable(exported) and not inspect.getdoc(exported):
            yield name
        for attribute, value in vars(exported).items() if isinstance(exported, type) else ():
            public = not attribute.startswith("_") and (
                callable(value) or inspect.isdatadescriptor(value)
            )
            overrides = any(attribute in vars(base) for base in exported.__mro__[1:])
            if public and not overrides and not inspect.getdoc(value):
                yield f"{name}.{attribute}"


def test_all_that_is_public_has_a_docstring():
    assert list(undocumented()) == []


def test_a_star_import_gives_the_public_names():
    names = {}
    exec("from gawait import *", names)
    assert set(gawait.__all__) == set(names) - {"__builtins__"}
