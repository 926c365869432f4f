"""D-Bus: interfaces as classes, for who serves them and who calls them.

    class Player(dbus.Interface, name="org.example.Player"):
        @dbus.method
        async def seek(self, seconds: float) -> None: ...

        volume = dbus.property(float, writable=True)
        seeked = dbus.signal(float)

    class Radio(Player, dbus.Object):
        def __init__(self):
            self.volume = 0.5

        async def seek(self, seconds: float) -> None:
            self.seeked(seconds)

    bus = await Gio.bus_get(Gio.BusType.SESSION)
    with dbus.export(bus, "/player", Radio()):
        async with dbus.own_name(bus, "org.example.Player"):
            ...

    player = Player.proxy(bus, "org.example.Player", "/player")
    await player.seek(2.5)
    print(await player.volume)
    async for seconds in player.seeked:
        ...

types.py tells which D-Bus type an annotation is.
"""

from gawait.dbus.calling import Call, current_call
from gawait.dbus.connecting import connect
from gawait.dbus.errors import (
    AccessDenied,
    AuthFailed,
    Disconnected,
    Error,
    Failed,
    InvalidArgs,
    InvalidSignature,
    LimitsExceeded,
    NameHasNoOwner,
    NoMemory,
    NoReply,
    NotSupported,
    PropertyReadOnly,
    ServiceUnknown,
    Timeout,
    UnknownInterface,
    UnknownMethod,
    UnknownObject,
    UnknownProperty,
)
from gawait.dbus.exporting import export
from gawait.dbus.interface import Interface, Object, Property, Signal, method, property, signal
from gawait.dbus.names import NameTaken, own_name, watch_name
from gawait.dbus.object_manager import ManagedObject, ManagedObjects, ObjectManager
from gawait.dbus.proxy import proxy
from gawait.dbus.remote_properties import PropertyWatch, RemoteProperty
from gawait.dbus.serving import Exported
from gawait.dbus.remote_signals import RemoteSignal, Signals
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
    "AccessDenied",
    "AuthFailed",
    "Byte",
    "Call",
    "Disconnected",
    "Error",
    "Exported",
    "Failed",
    "FileDescriptor",
    "Int16",
    "Int32",
    "Int64",
    "Interface",
    "InvalidArgs",
    "InvalidSignature",
    "LimitsExceeded",
    "ManagedObject",
    "ManagedObjects",
    "NameHasNoOwner",
    "NameTaken",
    "NoMemory",
    "NoReply",
    "NotSupported",
    "Object",
    "ObjectManager",
    "ObjectPath",
    "Property",
    "PropertyReadOnly",
    "PropertyWatch",
    "RemoteProperty",
    "RemoteSignal",
    "ServiceUnknown",
    "Signal",
    "Signals",
    "Signature",
    "Timeout",
    "UInt16",
    "UInt32",
    "UInt64",
    "UnknownInterface",
    "UnknownMethod",
    "UnknownObject",
    "UnknownProperty",
    "connect",
    "current_call",
    "export",
    "method",
    "own_name",
    "property",
    "proxy",
    "signal",
    "watch_name",
]
