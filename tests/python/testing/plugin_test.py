"""gawait.testing.plugin, in a pytest of its own, by itself and with pytest-asyncio and anyio's."""

import importlib.metadata
import os
import shutil

import pytest

import gawait

pytest_plugins = ["pytester"]

PYTEST_ASYNCIO = tuple(map(int, importlib.metadata.version("pytest-asyncio").split(".")[:2]))


@pytest.fixture
def outcomes(pytester, monkeypatch):
    """Runs tests with the plugin and others, and a conftest.py; returns how many passed and so on."""
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(os.path.dirname(gawait.__file__)))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(tests, *, plugins=(), conftest="", environment={}):
        for name, value in environment.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        pytester.makeconftest(conftest)
        pytester.makepyfile(
            "import asyncio, gawait, pytest\nfrom gi.repository import GLib\n" + tests
        )
        options = [f"-p{each}" for each in ("gawait.testing.plugin", *plugins)]
        # pytest-asyncio 1.4 has a new way besides, which older ones do not know.
        old_way = '-Wignore:Overriding the "event_loop_policy":DeprecationWarning'
        result = pytester.runpytest_subprocess(
            "-rs", "-pno:cacheprovider", old_way, *options, timeout=60
        )
        return result

    return run


def only(passed):
    return {"passed": passed}


# Loops ----------------------------------------------------------------------------


def test_each_test_has_a_loop_on_a_fresh_context(outcomes):
    result = outcomes(
        """
contexts = []

@pytest.mark.parametrize("time", range(2))
def test_loop(gawait_loop, time):
    async def main():
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    assert isinstance(gawait_loop, gawait.EventLoop)
    assert gawait_loop.run_until_complete(main()) is gawait_loop
    assert gawait_loop._context not in [*contexts, GLib.MainContext.default()]
    contexts.append(gawait_loop._context)

loops = []

def test_is_closed_afterwards(request):
    loops.append(request.getfixturevalue("gawait_loop"))

def test_was_closed():
    assert loops[0].is_closed()
"""
    )
    assert result.parseoutcomes() == only(passed=4)


ASYNCIO_CONFTEST = """
import pytest

@pytest.fixture
def {0}({1}):
    return {1}
""".format(
    *("event_loop", "gawait_loop")
    if PYTEST_ASYNCIO < (0, 23)
    else ("event_loop_policy", "gawait_policy")
)

# Each with a loop of its own, whose fixtures run on it as well.
TESTS = """
@pytest{asyncio}.fixture
async def slept():
    await asyncio.sleep(0)
    return asyncio.get_running_loop()

async def of_gawait(slept):
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    assert slept is loop and isinstance(loop, gawait.EventLoop)
    assert loop._context != GLib.MainContext.default()

@pytest.mark.{mark}
async def test_runs_on_a_loop_of_gawaits(slept):
    await of_gawait(slept)

@pytest.mark.{mark}
async def test_has_virtual_time(slept, virtual_time):
    await of_gawait(slept)
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(3600)
    assert 3600 <= round(asyncio.get_running_loop().time() - began, 6) < 7200

@pytest.mark.{mark}
async def test_has_virtual_time_from_the_first(virtual_time, slept):
    began = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3600):
            await asyncio.get_running_loop().create_future()
    assert 3600 <= round(asyncio.get_running_loop().time() - began, 6) < 7200

@pytest.mark.{mark}
async def test_has_a_bus(bus_connection):
    call = bus_connection.call(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId",
        None, None, 0, -1, None)
    assert (await call).unpack()[0]

@pytest.mark.{mark}
async def test_has_real_time_without():
    time = GLib.get_monotonic_time()
    assert time <= asyncio.get_running_loop().time() * 1e6 <= GLib.get_monotonic_time() + 1
"""


def test_pytest_asyncio_runs_tests_and_fixtures_on_gawait(outcomes):
    result = outcomes(
        "import pytest_asyncio\n" + TESTS.format(asyncio="_asyncio", mark="asyncio"),
        plugins=["pytest_asyncio.plugin"],
        conftest=ASYNCIO_CONFTEST,
    )
    assert result.parseoutcomes() == only(passed=5)


def test_anyios_plugin_runs_tests_and_fixtures_on_gawait(outcomes):
    result = outcomes(
        TESTS.format(asyncio="", mark="anyio"),
        plugins=["anyio.pytest_plugin"],
        conftest="""
import pytest

@pytest.fixture
def anyio_backend(gawait_backend):
    return gawait_backend
""",
    )
    assert result.parseoutcomes() == only(passed=5)


@pytest.mark.parametrize(
    "plugin, mark", [("pytest_asyncio.plugin", "asyncio"), ("anyio.pytest_plugin", "anyio")]
)
def test_who_does_not_ask_for_gawait_has_what_there_was(outcomes, plugin, mark):
    result = outcomes(
        f"""
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.{mark}
async def test_runs_on_the_loop_of_asyncio():
    assert not isinstance(asyncio.get_running_loop(), gawait.EventLoop)
""",
        plugins=[plugin],
    )
    assert result.parseoutcomes() == only(passed=1)


def test_a_test_that_never_ends_is_ended_by_a_time_out_of_virtual_time(outcomes):
    result = outcomes(
        """
def test_never_ends(gawait_loop, virtual_time):
    async def never():
        await asyncio.get_running_loop().create_future()

    gawait_loop.run_until_complete(asyncio.wait_for(never(), 3600))
"""
    )
    assert result.parseoutcomes() == {"failed": 1}
    assert "TimeoutError" in result.stdout.str()


# Buses ----------------------------------------------------------------------------

BUS = """
import subprocess
from gi.repository import Gio

addresses = []

@pytest.mark.parametrize("time", range(2))
def test_each_test_has_a_bus_of_its_own(private_bus, bus_connection, time):
    assert private_bus.address not in addresses
    addresses.append(private_bus.address)
    second = private_bus.connect()
    assert second.get_unique_name() != bus_connection.get_unique_name()

def test_has_ended_afterwards():
    for address in addresses:
        with pytest.raises(GLib.Error):
            Gio.DBusConnection.new_for_address_sync(
                address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT, None, None)

def test_programs_find_it(private_bus, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", private_bus.address)
    called = subprocess.run(
        ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
         "org.freedesktop.DBus.GetId"])
    assert called.returncode == 0
"""


def test_a_bus_is_a_tests_own(outcomes):
    assert outcomes(BUS).parseoutcomes() == only(passed=4)


# Displays -------------------------------------------------------------------------

# Importing Gtk initialises it, or tries to.
SHOWS_A_WINDOW = """
import gi

gi.require_version("Gtk", "{}")
from gi.repository import Gtk

def test_shows_a_window(display):
    window = Gtk.Window()
    window.present()
    while not window.get_mapped():
        GLib.MainContext.default().iteration(True)
    window.destroy()
"""

NO_DISPLAY = {"DISPLAY": None, "WAYLAND_DISPLAY": None}


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_display_is_there_where_there_was_none(outcomes, version):
    result = outcomes(SHOWS_A_WINDOW.format(version), environment=NO_DISPLAY)
    assert result.parseoutcomes() == only(passed=1)


def test_a_display_that_is_there_is_used(outcomes, x_server):
    result = outcomes(
        f"def test_is_the_one(display): assert display == {x_server!r}",
        environment={**NO_DISPLAY, "DISPLAY": x_server},
    )
    assert result.parseoutcomes() == only(passed=1)


@pytest.mark.parametrize(
    "fixture, program", [("display", "Xvfb"), ("private_bus", "dbus-daemon")]
)
def test_without_its_program_a_test_is_skipped_and_says_why(
    outcomes, tmp_path, fixture, program
):
    (tmp_path / "env").symlink_to(shutil.which("env"))
    result = outcomes(
        f"def test_wants_it({fixture}): pass",
        environment={**NO_DISPLAY, "PATH": str(tmp_path)},
    )
    assert result.parseoutcomes() == {"skipped": 1}
    result.stdout.fnmatch_lines([f"SKIPPED*{program} is not installed"])
