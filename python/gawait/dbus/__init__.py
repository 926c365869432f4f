"""D-Bus.

    class Greeter:
        async def greet(self, name: str) -> str:
            await asyncio.sleep(1)
            return f"Hello {name}"

    bus = await Gio.bus_get(Gio.BusType.SESSION)
    with dbus.export(bus, "/org/example/Greeter", Greeter(), "org.example.Greeter"):
        flags = Gio.BusNameOwnerFlags.NONE
        Gio.bus_own_name_on_connection(bus, "org.example.Greeter", flags, None, None)
        await asyncio.Event().wait()
"""

from gawait.dbus.errors import Error
from gawait.dbus.exporting import Exported, export
from gawait.dbus.types import (
    Byte,
    FileDescriptor,
    Int16,
    Int32,
    Int64,
    ObjectPath,
    Signature,
    UInt16,
    UInt32,
    UInt64,
)

__all__ = [
    "Byte",
    "Error",
    "Exported",
    "FileDescriptor",
    "Int16",
    "Int32",
    "Int64",
    "ObjectPath",
    "Signature",
    "UInt16",
    "UInt32",
    "UInt64",
    "export",
]
