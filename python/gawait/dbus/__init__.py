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

from gawait.dbus.calling import Call, current_call
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
    "current_call",
    "export",
    "method",
    "own_name",
    "property",
    "proxy",
    "signal",
    "watch_name",
]
