"""Errors with names, and their classes."""

import asyncio
import copy
import pickle
import subprocess

import pytest

from gawait import dbus
from gi.repository import Gio, GLib
from players import Busy, Radio, connect, proxy_of, until


def test_an_error_is_caught_by_the_class_of_its_name(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        with pytest.raises(Busy, match="^later$") as caught:
            await player.refuse(Busy.dbus_error_name)
        assert caught.value.name == "org.example.Error.Busy"
        with pytest.raises(dbus.AccessDenied, match="^refused$"):
            await player.refuse("org.freedesktop.DBus.Error.AccessDenied")

    with_radio(test)


def test_an_error_without_a_class_has_its_name(with_radio):
    async def test(radio, service, client):
        with pytest.raises(dbus.Error, match="^refused$") as caught:
            await proxy_of(service, client).refuse("org.example.Error.Odd")
        assert type(caught.value) is dbus.Error
        assert caught.value.name == "org.example.Error.Odd"

    with_radio(test)


def test_a_class_of_an_error_is_not_asked_how_it_is_made(with_radio):
    class Full(dbus.Error, name="org.example.Error.Full"):
        def __init__(self, left):
            super().__init__(f"{left} left")
            self.left = left

    async def test(radio, service, client):
        with pytest.raises(Full, match="^refused$"):
            await proxy_of(service, client).refuse("org.example.Error.Full")

    with_radio(test)
    assert str(Full(3)) == "3 left"


def test_the_error_of_a_glib_service_is_the_same_glib_error(with_buses):
    class Disk(dbus.Object, name="org.example.Disk"):
        @dbus.method
        async def write(self) -> None:
            raise GLib.Error.new_literal(
                Gio.io_error_quark(), "no space", Gio.IOErrorEnum.NO_SPACE
            )

    async def test(service, client):
        with dbus.export(service, "/radio", Disk()):
            with pytest.raises(GLib.Error) as caught:
                await proxy_of(service, client, Disk).write()
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NO_SPACE)
        assert caught.value.message == "no space"

    with_buses(test)


def test_the_errors_of_the_bus_have_classes(with_radio):
    async def test(radio, service, client):
        absent = dbus.ObjectManager.proxy(client, "org.example.Absent", "/")
        with pytest.raises(dbus.ServiceUnknown):
            await absent.get_managed_objects()
        elsewhere = dbus.ObjectManager.proxy(client, service.get_unique_name(), "/radio")
        with pytest.raises(dbus.UnknownMethod):
            await elsewhere.get_managed_objects()

    with_radio(test)


def test_who_takes_too_long_has_not_replied(with_radio):
    async def test(radio, service, client):
        with pytest.raises(dbus.NoReply):
            await proxy_of(service, client, timeout=0.05).wait()

    with_radio(test)


def test_a_service_that_goes_has_not_replied(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        call = asyncio.ensure_future(player.wait())
        await until(lambda: radio.waiting)
        await service.close()
        with pytest.raises(dbus.NoReply):
            await call

    with_radio(test)


@pytest.fixture
def daemon():
    """A dbus-daemon that may be ended."""
    command = "dbus-daemon", "--session", "--nofork", "--print-address"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_bus_that_goes_in_mid_call_is_disconnected(run, daemon):
    async def main():
        address = daemon.stdout.readline().strip()
        client, service = [await connect(address) for _ in range(2)]
        for each in client, service:
            each.set_exit_on_close(False)
        radio = Radio()
        with dbus.export(service, "/radio", radio):
            player = proxy_of(service, client)
            seeks = aiter(player.seeked)
            titles = aiter(player.title)
            assert await anext(titles) == "none"
            call = asyncio.ensure_future(player.wait())
            await until(lambda: radio.waiting)
            daemon.terminate()
            for lost in call, anext(seeks), anext(titles), player.seek(1):
                with pytest.raises(dbus.Disconnected):
                    await lost
            await until(lambda: radio.cancelled)

    run(main())


@pytest.mark.parametrize("error", [Busy("later"), dbus.Error("a.b", "it"), dbus.Failed()])
def test_an_error_can_be_copied_and_pickled(error):
    for again in copy.copy(error), pickle.loads(pickle.dumps(error)):
        assert type(again) is type(error)
        assert (again.name, again.args) == (error.name, error.args)


def test_a_name_has_one_class_which_may_be_made_again():
    def make():
        class Full(dbus.Error, name="org.example.Error.Crowded"):
            pass

        return Full

    assert make() is not make(), "as after a reload of a module"
    with pytest.raises(ValueError, match="Other: .*make.<locals>.Full is the class of org.ex"):

        class Other(dbus.Error, name="org.example.Error.Crowded"):
            pass

    with pytest.raises(ValueError, match="errors.Failed is the class of"):

        class Failed(dbus.Error, name="org.freedesktop.DBus.Error.Failed"):
            pass


def test_what_is_no_name_or_no_message_is_refused():
    with pytest.raises(ValueError, match="'none' is not the name of a D-Bus error"):
        type("Wrong", (dbus.Error,), {}, name="none")
    with pytest.raises(TypeError, match="needs the name"):
        dbus.Error()
    with pytest.raises(TypeError, match="expected a message, not 2 arguments"):
        dbus.Failed("one", "two")
