"""Calls over D-Bus that block the loop are warned of in debug mode."""

import inspect
import warnings

import pytest

from gi.repository import Gio, GLib

BUS = "org.freedesktop.DBus"


async def proxy_of_bus(address):
    flags = Gio.DBusConnectionFlags
    bus = await Gio.DBusConnection.new_for_address(
        address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None
    )
    return await Gio.DBusProxy.new(bus, 0, None, BUS, "/org/freedesktop/DBus", BUS, None)


def call_method(proxy):
    return proxy.GetId()


def call_sync(proxy):
    return proxy.call_sync("GetId", None, 0, -1, None).unpack()[0]


def call_connection(proxy):
    reply = proxy.get_connection().call_sync(
        BUS, proxy.get_object_path(), BUS, "GetId", None, None, 0, -1, None
    )
    return reply.unpack()[0]


@pytest.mark.parametrize("call", [call_method, call_sync, call_connection])
def test_a_call_that_blocks_is_warned_of_with_its_line(run, session_bus, call):
    async def main():
        proxy = await proxy_of_bus(session_bus)
        with pytest.warns(RuntimeWarning, match="call_sync.* blocks the event loop") as caught:
            assert len(call(proxy)) == 32
        await proxy.get_connection().close()
        return caught

    (warning,) = run(main(), debug=True)
    lines, first = inspect.getsourcelines(call)
    assert warning.filename == __file__
    assert first < warning.lineno < first + len(lines)


def test_without_debug_mode_or_a_loop_nothing_is_warned_of(run, session_bus):
    async def main():
        return call_method(await proxy_of_bus(session_bus))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(run(main())) == 32
        bus = Gio.DBusConnection.new_for_address_sync(
            session_bus,
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
            None,
            None,
        )
        bus.call_sync(
            BUS,
            "/org/freedesktop/DBus",
            BUS,
            "NameHasOwner",
            GLib.Variant("(s)", (BUS,)),
            None,
            0,
            -1,
            None,
        )
