"""The package as it is built, installed and typed."""

import inspect
import operator
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

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
    async def on_activate(action: Gio.SimpleAction, parameter: GLib.Variant) -> None:
        answer = await gawait.response(Gio.SimpleAction(), None)
        print(answer)

    with gawait.connect(
        Gio.SimpleAction(), "activate", on_activate, concurrency="queue", cancel=True
    ) as connection:
        connection.disconnect()
    try:
        bus = await Gio.bus_get(Gio.BusType.SESSION)
        print(bus, await Player().seek(5, dbus.ObjectPath("/one")))
    except gawait.Dismissed as error:
        print(error)
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
gawait.connect(None, "activate", print, concurrency="some")
"""

DBUS_INTERFACE = """
# mypy: disable-error-code="empty-body"
from typing import Annotated, Any

from gawait import dbus
from gi.repository import Gio


class Busy(dbus.Error, name="org.example.Error.Busy"):
    pass


class Player(dbus.Interface, name="org.example.Player"):
    @dbus.method
    async def seek(self, seconds: float) -> None: ...

    @dbus.method(name="Where")
    async def tell(self) -> float: ...

    @dbus.property
    def volume(self) -> float: ...

    @volume.setter
    def set_volume(self, value: float) -> None: ...

    @dbus.property(emits="invalidates")
    async def tags(self) -> list[str]: ...

    title = dbus.property(str, writable=True)
    seeked = dbus.signal(float)
    moved = dbus.signal(dbus.UInt32, list[str], arguments=["to", "by"])
    stopped = dbus.signal()
    anything = dbus.property(Any)
    small = dbus.property(Annotated[int, "y"], writable=True)
    told = dbus.signal(Any, Annotated[str, "o"])
    places = dbus.property(list[tuple[int, str]])


class Radio(Player, dbus.Object):
    def __init__(self) -> None:
        self.title = "none"
        self.level = 0.5

    async def seek(self, seconds: float) -> None:
        self.seeked(seconds)
        self.moved(1, [self.title])
        self.stopped()
        raise Busy("later")

    async def tell(self) -> float:
        return self.volume + await dbus.current_call().user_id()

    @dbus.property
    def volume(self) -> float:
        return self.level

    @volume.setter
    def set_volume(self, value: float) -> None:
        self.level = value
        Player.title.changed(self)

    @dbus.property
    async def tags(self) -> list[str]:
        return []
"""

DBUS_WELL_USED = """

async def main(bus: Gio.DBusConnection) -> None:
    radio = Radio()
    async with dbus.own_name(bus, "org.example.Player", replace=True) as name:
        with dbus.export(bus, "/radio", radio) as exported:
            print(exported.path, name.name)
    player = Player.proxy(bus, "org.example.Player", "/radio", timeout=None)
    try:
        await player.seek(2.5)
    except Busy as error:
        print(error.name.upper())
    seconds: float = await player.tell()
    seconds = await player.volume
    await player.volume.set(seconds)
    async for title in player.title:
        print(title.upper())
    async for seconds in player.seeked:
        break
    with player.moved.subscribe(limit=3) as moves:
        number, names = await anext(moves)
        print(number + 1, names[0].upper())
    found = await dbus.proxy(bus, "org.example.Player", "/radio")
    await found.what.it.has()
    async for owner in dbus.watch_name(bus, "org.example.Player"):
        print(owner is None or owner.upper())
    with dbus.ManagedObjects(bus, "/") as objects, objects.export("/radio", radio):
        manager = dbus.ObjectManager.proxy(bus, "org.example.Player", "/")
        for path in await manager.get_managed_objects():
            print(path.upper())
"""

DBUS_BADLY_USED = """

async def main(player: Player, radio: Radio) -> None:
    await player.seek("there")
    await player.seak(1)
    player.seek(1)
    seconds: float = player.tell()
    seconds = player.volume
    player.volume = 0.5
    await player.volume.set("loud")
    radio.volume = "loud"
    radio.seeked("there")
    radio.moved(1)
    player.seeked(1)
    async for seconds in player.moved:
        pass
    dbus.export(None, "/radio", player)
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


def copy_sources(to):
    shutil.copytree(SOURCE, to, ignore=shutil.ignore_patterns("build*", ".*", "__pycache__"))


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """A virtual environment into which `pip install .` has installed the package."""
    directory = tmp_path_factory.mktemp("package")
    source, environment = directory / "source", directory / "environment"
    copy_sources(source)
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


def test_an_sdist_has_all_that_the_package_is_built_of(tmp_path):
    source = tmp_path / "source"
    copy_sources(source)
    # Meson makes it of a commit.
    author = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for command in ["init"], ["add", "."], [*author, "commit", "--message", "all"]:
        run("git", *command, cwd=source).check_returncode()
    program = "import mesonpy, sys; mesonpy.build_sdist(sys.argv[1])"
    made = run(sys.executable, "-c", program, tmp_path, cwd=source)
    assert made.returncode == 0, made.stdout + made.stderr
    (archive,) = tmp_path.glob("gawait-*.tar.gz")
    with tarfile.open(archive) as opened:
        held = {Path(*Path(each.name).parts[1:]) for each in opened if each.isfile()}
    tracked = run("git", "ls-files", cwd=source).stdout.splitlines()
    assert held == {Path("PKG-INFO"), *map(Path, tracked)}


def test_mypy_finds_nothing_wrong_in_a_program(check_types):
    checked = check_types(WELL_TYPED)
    assert checked.stdout.startswith("Success"), checked.stdout


def test_mypy_finds_what_is_wrong_in_a_program(check_types):
    wrong = [
        line for line in check_types(BADLY_TYPED).stdout.splitlines() if ": error:" in line
    ]
    lines = [int(line.split(":")[1]) for line in wrong]
    assert sorted(set(lines)) == [5, 8, 9, 10, 11, 12, 13]


def test_mypy_finds_nothing_wrong_in_a_use_of_dbus(check_types):
    checked = check_types(DBUS_INTERFACE + DBUS_WELL_USED)
    assert checked.stdout.startswith("Success"), checked.stdout


def test_mypy_finds_all_that_is_wrong_in_a_use_of_dbus(check_types):
    program = DBUS_INTERFACE + DBUS_BADLY_USED
    wrong = {
        int(line.split(":")[1])
        for line in check_types(program).stdout.splitlines()
        if ": error:" in line
    }
    body = program[: program.index("async def main")].count("\n") + 2
    assert wrong == set(range(body, body + 12)) | {body + 13}


def test_mypy_finds_nothing_wrong_in_what_is_printed_of_a_bus(check_types, session_bus):
    where = "org.freedesktop.DBus", "/org/freedesktop/DBus"
    command = sys.executable, "-m", "gawait.dbus", "introspect", "--address", session_bus
    printed = run(*command, *where).stdout
    checked = check_types(printed)
    assert "class DBus(" in printed and checked.stdout.startswith("Success"), checked.stdout


def test_mypy_finds_nothing_wrong_in_the_stubs(tmp_path):
    ignored = shutil.ignore_patterns("*.py", "*.so", "__pycache__")
    shutil.copytree(os.path.dirname(gawait.__file__), tmp_path / "gawait", ignore=ignored)
    (tmp_path / "mypy.ini").write_text(MYPY_CONFIGURATION)
    checked = run("mypy", "--strict", "-p", "gawait", cwd=tmp_path)
    assert checked.stdout.startswith("Success"), checked.stdout


def test_the_stubs_are_those_of_the_package(tmp_path):
    package = os.path.dirname(gawait.__file__)
    stubs = tmp_path / "gawait"
    ignored = shutil.ignore_patterns("*.py", "*.so", "__pycache__")
    shutil.copytree(package, stubs, ignore=ignored)
    (tmp_path / "mypy.ini").write_text(MYPY_CONFIGURATION)
    # mypy 2 wants a decorator that older ones do not know; and does not see through Annotated.
    (tmp_path / "allowed").write_text(
        "gawait._native.Handle\n"
        r"gawait\.dbus\.(Byte|U?Int\d+).*"
        # What is made by others than who uses it.
        "\n"
        r"gawait\.dbus\.(Call|Exported|ManagedObject|Property|Signals?)\.__init__"
        "\n"
        r"gawait\.dbus\.(PropertyWatch|RemoteProperty|RemoteSignal)\.__init__"
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
