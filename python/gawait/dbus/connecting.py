"""Connections to a message bus that are read and written in the thread of their loop."""

import asyncio

from gi.repository import Gio

from gawait import _native
from gawait.loop import EventLoop

_FLAGS = Gio.DBusConnectionFlags


async def connect(address):
    """Return a new Gio.DBusConnection to a message bus, whose socket is the running loop's.

        bus = await dbus.connect(Gio.BusType.SESSION)

    address is a Gio.BusType, or a str, the address of a bus. It is a connection as any other, with
    a unique name of its own. What this package calls and serves by it, in the loop's thread, is
    read and written there, without GDBus's own thread, which takes a fraction of the time; for the
    rest it works by GDBus.

    It ends when it is closed, when nobody has it any more, and with the loop. While the loop does
    not run nothing moves: call_sync() and its kin raise RuntimeError in a task or callback of the
    loop, and between two runs of it wait until their time-out. Unlike that of Gio.bus_get() it does not end the process when the bus goes.

    Raises the GLib.Error of a connection that is not made; RuntimeError where no loop of gawait's
    runs.
    """
    if not isinstance(address, Gio.BusType | str):
        found = type(address).__name__
        raise TypeError(f"argument 'address': expected Gio.BusType or str, not {found}")
    loop = asyncio.get_running_loop()
    if not isinstance(loop, EventLoop):
        raise RuntimeError("dbus.connect(): the running event loop is not gawait's")
    if isinstance(address, Gio.BusType):
        address = Gio.dbus_address_get_for_bus_sync(address)
    stream, _ = await Gio.dbus_address_get_stream(address)
    wire, end = _native.open_wire(loop, stream.get_socket())
    stream.close()
    loop._wires = [*(each for each in loop._wires if each.is_open), wire]
    try:
        connection = await Gio.DBusConnection.new(
            end, None, _FLAGS.AUTHENTICATION_CLIENT | _FLAGS.MESSAGE_BUS_CONNECTION, None
        )
    except BaseException:
        wire.close()
        raise
    wire.attach(connection)
    return connection
