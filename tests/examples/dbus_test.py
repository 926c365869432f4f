"""examples/dbus/, with services of python3-dbusmock on a bus of the tests' own."""

import asyncio
import contextlib
import os
import pathlib
import signal
import subprocess
import sys

import pytest

import gawait
from gawait import dbus
from gi.repository import Gio, GLib

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples/dbus"
PROGRAMS = sorted(each.stem for each in EXAMPLES.glob("*.py"))
ADDRESS = "11:22:33:44:55:66"
ARGUMENTS = {"pair": [ADDRESS]}


class Desk:
    """A bus that is both the session's and the system's, and the processes on it."""

    def __init__(self, address):
        self.address = address
        self.environment = {
            **os.environ,
            "DBUS_SESSION_BUS_ADDRESS": address,
            "DBUS_SYSTEM_BUS_ADDRESS": address,
            "G_DEBUG": "fatal-criticals",
        }

    async def connect(self):
        flags = Gio.DBusConnectionFlags
        return await Gio.DBusConnection.new_for_address(
            self.address,
            flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION,
            None,
        )

    @contextlib.asynccontextmanager
    async def _process(self, *command):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    @contextlib.asynccontextmanager
    async def mock(self, bus, name, path, *arguments):
        """A service of dbusmock's; gives a proxy of its main object."""
        command = "-m", "dbusmock", "--session", *arguments
        async with self._process(*command):
            async for owner in dbus.watch_name(bus, name):
                if owner is not None:
                    break
            yield await dbus.proxy(bus, name, path)

    def program(self, name):
        """An example, while the body runs."""
        return self._process(EXAMPLES / f"{name}.py", *ARGUMENTS.get(name, []))

    async def run(self, name):
        """Runs an example to its end; gives what it printed, and its status."""
        async with self.program(name) as process:
            return await ended(process)


async def ended(process):
    """What a process has printed until its end, on both streams, and its status."""
    out, err = await process.communicate()
    return out.decode(), err.decode(), process.returncode


@pytest.fixture
def bus_address():
    command = "dbus-daemon", "--session", "--nofork", "--print-address"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        yield daemon.stdout.readline().strip()
        daemon.terminate()


@pytest.fixture
def at_desk(bus_address):
    """Runs a coroutine function with a Desk and a connection to its bus."""

    def run_test(test):
        async def main():
            desk = Desk(bus_address)
            bus = await desk.connect()
            async with asyncio.timeout(60):
                await test(desk, bus)
            await bus.close()

        gawait.run(main())

    return run_test


# Where there is nothing -------------------------------------------------------------------


def is_told_in_a_line(name, printed):
    out, err, status = printed
    (line,) = err.splitlines()
    return out == "" and status == 1 and line.startswith(f"{name}: ")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_service_that_is_not_there_is_told_in_a_line(at_desk, name):
    async def test(desk, bus):
        assert is_told_in_a_line(name, await desk.run(name))

    at_desk(test)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_bus_that_is_not_there_is_told_in_a_line(name, tmp_path):
    desk = Desk(f"unix:path={tmp_path}/bus")
    assert is_told_in_a_line(name, gawait.run(desk.run(name)))


# access_points.py -------------------------------------------------------------------------


def network_manager(desk, bus):
    where = "org.freedesktop.NetworkManager", "/org/freedesktop"
    return desk.mock(bus, *where, "--template", "networkmanager")


def test_access_points_are_listed_by_their_strength(at_desk):
    async def test(desk, bus):
        async with network_manager(desk, bus) as manager:
            device = await manager.add_wi_fi_device("wifi", "wlan0", 100)
            for name, strength in ("weak", 7), ("strong", 100), ("café", 54):
                await manager.add_access_point(
                    device, f"point{strength}", name, ADDRESS, 2, 2425, 5400, strength, 0
                )
            listed = "100 %  strong\n 54 %  café\n  7 %  weak\n"
            assert await desk.run("access_points") == (listed, "", 0)

    at_desk(test)


def test_no_access_points_are_an_empty_list(at_desk):
    async def test(desk, bus):
        async with network_manager(desk, bus):
            assert await desk.run("access_points") == ("", "", 0)

    at_desk(test)


# pair.py ----------------------------------------------------------------------------------

DONE = "paired and connected\n"


def bluez(desk, bus):
    return desk.mock(bus, "org.bluez", "/", "--template", "bluez5")


# The mock says of these properties that they are variants.
class Adapter(dbus.Interface, name="org.bluez.Adapter1"):
    @dbus.method
    async def set_discovery_filter(self, discovery_filter: dict[str, object]) -> None:
        ...

    discovering = dbus.property(bool)


class Device(dbus.Interface, name="org.bluez.Device1"):
    paired = dbus.property(bool)


async def is_paired(bus):
    path = f"/org/bluez/hci0/dev_{ADDRESS.replace(':', '_')}"
    return await Device.proxy(bus, "org.bluez", path).paired


def test_a_device_that_is_known_is_paired(at_desk):
    async def test(desk, bus):
        async with bluez(desk, bus) as manager:
            await manager.add_adapter("hci0", "desk")
            await manager.add_device("hci0", ADDRESS, "headphones")
            assert not await is_paired(bus)
            assert await desk.run("pair") == (DONE, "", 0)
            assert await is_paired(bus)

    at_desk(test)


def test_a_device_that_is_not_known_is_searched_for(at_desk):
    async def test(desk, bus):
        async with bluez(desk, bus) as manager:
            await manager.add_adapter("hci0", "desk")
            adapter = Adapter.proxy(bus, "org.bluez", "/org/bluez/hci0")
            await adapter.set_discovery_filter({})  # which the mock insists on
            async with desk.program("pair") as program:
                async for discovering in adapter.discovering:
                    if discovering:
                        break
                await manager.add_device("hci0", "00:00:00:00:00:00", "another")
                await manager.add_device("hci0", ADDRESS, "headphones")
                assert await ended(program) == (DONE, "", 0)
            assert await is_paired(bus)

    at_desk(test)


def test_what_bluez_refuses_is_told(at_desk):
    async def test(desk, bus):
        async with bluez(desk, bus) as manager:
            await manager.add_adapter("hci0", "desk")
            await manager.add_device("hci0", ADDRESS, "headphones")
            await desk.run("pair")
            assert await desk.run("pair") == ("", "pair: Device already paired\n", 1)

    at_desk(test)


# player.py --------------------------------------------------------------------------------

PLAYER = "org.mpris.MediaPlayer2.Player"


@contextlib.asynccontextmanager
async def player(desk, bus, play_pause):
    """A player, and what it does when it is told to pause: a statement of dbusmock's."""
    where = "org.mpris.MediaPlayer2.mock", "/org/mpris/MediaPlayer2"
    async with desk.mock(bus, *where, *where, PLAYER) as mock:
        metadata = GLib.Variant("a{sv}", {"xesam:title": GLib.Variant("s", "Für Elise")})
        properties = {"PlaybackStatus": "Playing", "Metadata": metadata}
        await mock.add_properties(PLAYER, properties)
        await mock.add_method(PLAYER, "PlayPause", "", "", play_pause)
        yield


def test_a_player_is_paused(at_desk):
    async def test(desk, bus):
        async with player(desk, bus, f"self.Set('{PLAYER}', 'PlaybackStatus', 'Paused')"):
            assert await desk.run("player") == ("Paused Für Elise\n", "", 0)

    at_desk(test)


def test_a_player_that_does_not_react_is_told(at_desk):
    async def test(desk, bus):
        async with player(desk, bus, ""):
            assert await desk.run("player") == ("", "player: it does not react\n", 1)

    at_desk(test)


# notification.py --------------------------------------------------------------------------

NOTIFICATIONS = "org.freedesktop.Notifications"


@pytest.fixture
def with_notification(at_desk):
    """Runs a coroutine function with a service of notifications that shows one, its number, and
    the program that waits for an answer to it."""

    def run_test(test):
        async def main(desk, bus):
            where = NOTIFICATIONS, "/org/freedesktop/Notifications"
            template = "--template", "notification_daemon"
            async with desk.mock(bus, *where, *template) as service:
                with service.method_called.subscribe() as calls:
                    async with desk.program("notification") as program:
                        name, arguments = await anext(calls)
                        assert (name, arguments[3]) == ("Notify", "Tea?")
                        await test(service, 1, program)

        at_desk(main)

    return run_test


async def invoke(service, number, key):
    values = [GLib.Variant("u", number), key]
    await service.emit_signal(NOTIFICATIONS, "ActionInvoked", "us", values)


def test_the_answer_to_a_notification_is_printed(with_notification):
    async def test(service, number, program):
        await invoke(service, number + 1, "of another")
        await invoke(service, number, "yes")
        await service.close_notification(number)
        assert await ended(program) == ("yes\n", "", 0)

    with_notification(test)


def test_a_notification_may_be_closed_without_an_answer(with_notification):
    async def test(service, number, program):
        await service.close_notification(number)
        assert await ended(program) == ("no answer\n", "", 0)

    with_notification(test)


# battery.py -------------------------------------------------------------------------------

DISPLAY_DEVICE = "/org/freedesktop/UPower/devices/DisplayDevice"


def upower(desk, bus):
    where = "org.freedesktop.UPower", "/org/freedesktop/UPower"
    return desk.mock(bus, *where, "--template", "upower")


def test_a_battery_is_followed_until_ctrl_c(at_desk):
    async def test(desk, bus):
        async with upower(desk, bus) as power:
            numbers = 2, 2, 60.0, 60.0, 100.0, 10.0, 3600, 0
            await power.setup_display_device(*numbers, True, "battery", 1)
            async with desk.program("battery") as program:
                lines = program.stdout
                assert {await lines.readline(), await lines.readline()} == {
                    b"60 %\n",
                    b"discharging\n",
                }
                await power.set_device_properties(DISPLAY_DEVICE, {"Percentage": 59.4})
                assert await lines.readline() == b"59 %\n"
                charging = {"State": GLib.Variant("u", 1)}
                await power.set_device_properties(DISPLAY_DEVICE, charging)
                assert await lines.readline() == b"charging\n"
                program.send_signal(signal.SIGINT)
                assert await ended(program) == ("", "", 0)

    at_desk(test)


def test_no_battery_is_told(at_desk):
    async def test(desk, bus):
        async with upower(desk, bus):
            assert await desk.run("battery") == ("", "battery: there is none\n", 1)

    at_desk(test)
