"""The service and the client of examples/work, called by and calling what others have for D-Bus."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest

import gawait
from gawait import dbus
from gi.repository import Gio, GLib
from living import living

ROOT = Path(__file__).parents[2]
DESCRIPTION = ROOT / "examples/work/org.example.Work.xml"
BUILT = Path(gawait.__file__).parents[2]
NAME = "org.example.Work"
PATH = "/org/example/Work"
NOT_FOUND = "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code1"
SIZE = os.stat("/etc/passwd").st_size


@pytest.fixture(scope="module")
def service(environment):
    """The service as a process, which has to live to the end and to complain of nothing."""
    process = subprocess.Popen(
        [BUILT / "examples/work/work_service"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    with living(process):
        subprocess.run(
            ["gdbus", "wait", "--session", "--timeout=30", NAME],
            env=environment,
            check=True,
            timeout=60,
        )
        yield process


@pytest.fixture
def run(service, environment):
    """Runs a program beside the service, and gives what it prints."""

    def run_program(*command, fails=False):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run_program


def test_its_own_client(run):
    said = run(BUILT / "examples/work/work_client").splitlines()
    assert said[0] == f"waited, {SIZE} bytes"
    assert re.fullmatch(r"at \d+ of \d+", said[1])
    assert re.fullmatch(r"error: .*/nonesuch.*", said[2])
    assert said[3] == "late: gawait::with_timeout: the time is over"


def test_busctl(run):
    where = [NAME, PATH, NAME]
    assert run("busctl", "--user", "call", *where, "Delay", "u", "1") == 's "waited"\n'
    assert run("busctl", "--user", "call", *where, "Size", "s", "/etc/passwd") == f"t {SIZE}\n"
    done = run("busctl", "--user", "get-property", *where, "Done")
    assert re.fullmatch(r"u \d+\n", done)
    told = run("busctl", "--user", "introspect", *where).splitlines()
    members = {tuple(line.split()[:4]) for line in told}
    assert (".Size", "method", "s", "t") in members
    assert (".Progress", "signal", "u", "-") in members
    assert "nonesuch" in run(
        "busctl", "--user", "call", *where, "Size", "s", "/nonesuch", fails=True
    )


def test_gdbus(run):
    where = ["--session", "--dest", NAME, "--object-path", PATH]
    assert run("gdbus", "call", *where, "--method", f"{NAME}.Delay", "1") == "('waited',)\n"
    told = run("gdbus", "introspect", *where)
    assert "Size(in  s path,\n           out t bytes);" in told
    assert "readonly u Done = " in told
    error = run("gdbus", "call", *where, "--method", f"{NAME}.Size", "/nonesuch", fails=True)
    assert NOT_FOUND in error
    error = run("gdbus", "call", *where, "--method", f"{NAME}.Size", "1", "2", fails=True)
    assert "org.freedesktop.DBus.Error.InvalidArgs" in error


def connect(environment):
    flags = (
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    )
    address = environment["DBUS_SESSION_BUS_ADDRESS"]
    return Gio.DBusConnection.new_for_address(address, flags, None)


def test_a_client_in_python(service, environment):
    async def main():
        bus = await connect(environment)
        flags = Gio.DBusProxyFlags.NONE
        proxy = await Gio.DBusProxy.new(bus, flags, None, NAME, PATH, NAME)
        delayed = GLib.Variant("(u)", (1,))
        changed = asyncio.ensure_future(gawait.signal(proxy, "g-properties-changed"))
        await asyncio.sleep(0)
        said = await proxy.call("Delay", delayed, Gio.DBusCallFlags.NONE, -1)
        assert said.unpack() == ("waited",)
        changes, invalidated = await changed
        assert list(changes.unpack()) == ["Done"] and invalidated == []
        assert proxy.get_cached_property("Done").unpack() > 0
        with pytest.raises(GLib.Error) as failed:
            none = GLib.Variant("(s)", ("/nonesuch",))
            await proxy.call("Size", none, Gio.DBusCallFlags.NONE, -1)
        assert failed.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)
        await bus.close()

    gawait.run(asyncio.wait_for(main(), 60))


def test_a_client_of_sdbus(run):
    program = BUILT / "tests/interop/work_caller"
    if not program.exists():
        pytest.skip("there is no sdbus-c++")
    assert run(program).splitlines() == ["waited", "1", NOT_FOUND]


class Work:
    """The service, in Python."""

    done = 9

    def __init__(self, bus):
        self._bus = bus

    async def delay(self, milliseconds):
        await asyncio.sleep(milliseconds / 1000)
        self._bus.emit_signal(None, PATH, NAME, "Progress", GLib.Variant("(u)", (7,)))
        return "slept"

    async def size(self, path):
        if path == "/nonesuch":
            raise dbus.Error("org.example.Error.None", "there is none")
        return 2**63


def test_its_client_calls_a_service_in_python():
    bus = Gio.TestDBus.new(Gio.TestDBusFlags.NONE)
    bus.up()
    environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": bus.get_bus_address()}

    async def main():
        connection = await connect(environment)
        with dbus.export(connection, PATH, Work(connection), DESCRIPTION.read_text()):
            name = GLib.Variant("(su)", (NAME, 4))
            await connection.call(
                *("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"),
                *("RequestName", name, None, Gio.DBusCallFlags.NONE, -1),
            )
            client = await asyncio.create_subprocess_exec(
                BUILT / "examples/work/work_client",
                env=environment,
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await client.communicate()
        await connection.close()
        return said.decode().splitlines()

    try:
        said = gawait.run(asyncio.wait_for(main(), 60))
    finally:
        bus.stop()
    assert said[:3] == [f"slept, {2**63} bytes", "at 7 of 9", "error: there is none"]
