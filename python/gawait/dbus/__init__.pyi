from types import TracebackType
from typing import Annotated, Self, TypeAlias

from gi.repository import Gio

from gawait._native import FileDescriptor as FileDescriptor

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

Byte: TypeAlias = Annotated[int, "y"]
Int16: TypeAlias = Annotated[int, "n"]
UInt16: TypeAlias = Annotated[int, "q"]
Int32: TypeAlias = Annotated[int, "i"]
UInt32: TypeAlias = Annotated[int, "u"]
Int64: TypeAlias = Annotated[int, "x"]
UInt64: TypeAlias = Annotated[int, "t"]

class ObjectPath(str):
    def __new__(cls, path: str) -> Self: ...

class Signature(str):
    def __new__(cls, signature: str = "") -> Self: ...

class Error(Exception):
    dbus_error_name: str
    def __init__(self, name: str, message: str = "") -> None: ...

def export(
    connection: Gio.DBusConnection,
    path: str,
    obj: object,
    interface: str | Gio.DBusInterfaceInfo,
) -> Exported: ...

class Exported:
    def __init__(
        self,
        connection: Gio.DBusConnection,
        path: str,
        obj: object,
        info: Gio.DBusInterfaceInfo,
    ) -> None: ...
    def unexport(self) -> None: ...
    def emit(self, signal: str, *values: object) -> None: ...
    def emit_properties_changed(self, *names: str) -> None: ...
    def __enter__(self) -> Exported: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
