import asyncio
import contextvars
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, final

from gi.repository import Gio, GLib

_T = TypeVar("_T")

priority: contextvars.ContextVar[int]

class Handle(asyncio.Handle):
    @property
    def priority(self) -> int: ...

@final
class TimerHandle(asyncio.TimerHandle):
    @property
    def priority(self) -> int: ...
    def __lt__(self, other: asyncio.TimerHandle, /) -> bool: ...
    def __le__(self, other: asyncio.TimerHandle, /) -> bool: ...
    def __gt__(self, other: asyncio.TimerHandle, /) -> bool: ...
    def __ge__(self, other: asyncio.TimerHandle, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Operation(asyncio.Future[_T]):
    @property
    def cancellable(self) -> Gio.Cancellable: ...
    def close(self) -> None: ...

# The virtual time of a loop that has its context. For its thread.
@final
class VirtualTime:
    def __new__(cls, loop: asyncio.AbstractEventLoop, /) -> VirtualTime: ...
    def close(self) -> None: ...

@final
class StreamTransport(asyncio.Transport): ...

class TlsState: ...

@final
class TransportMap: ...

def accept(sock: socket.socket, /) -> tuple[socket.socket, Any] | None: ...

# What C++ has of gawait.dbus. types.py says what a type does.

@final
class FileDescriptor:
    def __new__(cls, fd: int, /) -> FileDescriptor: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...
    def detach(self) -> int: ...
    def __enter__(self) -> FileDescriptor: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class DBusType:
    def __new__(
        cls,
        shape: str,
        signature: str,
        parts: tuple[DBusType, ...] = ...,
        of: type | None = ...,
        names: tuple[str, ...] = ...,
        /,
    ) -> DBusType: ...
    @property
    def signature(self) -> str: ...
    def pack(self, value: object, what: str, /) -> GLib.Variant: ...
    def pack_with_descriptors(
        self, value: object, what: str, /
    ) -> tuple[GLib.Variant, Gio.UnixFDList | None]: ...
    def unpack(
        self, variant: GLib.Variant, descriptors: Gio.UnixFDList | None = None, /
    ) -> Any: ...

# Calls a method and gives its results, as `reply` unpacks them: tuple_of(), results_of() or
# single(). `arguments` is a tuple_of(), and `values` are as many. All but the values can be bound
# by functools.partial(), which needs no frame of Python's. Errors of values are of "argument
# 'name' of Member()". Raises what Type.pack() raises at once; awaited, what
# Gio.DBusConnection.call() fails with, and what reply.unpack() raises.
def call_dbus_method(
    connection: Gio.DBusConnection,
    destination: str | None,
    path: str,
    interface: str,
    member: str,
    arguments: DBusType,
    reply: DBusType,
    flags: int,
    timeout_ms: int,  # -1: GDBus's own
    /,
    *values: object,
) -> Operation[Any]: ...

# As Gio.DBusConnection.signal_subscribe(), of which the callback is given what the signal carries
# alone. For signal_unsubscribe().
def subscribe_signal(
    connection: Gio.DBusConnection,
    sender: str | None,
    interface: str | None,
    member: str | None,
    path: str | None,
    argument: str | None,
    received: Callable[[GLib.Variant], object],
    /,
) -> int: ...

# The socket of a connection to a message bus, which it reads and writes in its loop's thread.
@final
class Wire:
    @property
    def is_open(self) -> bool: ...
    def attach(self, connection: Gio.DBusConnection, /) -> None: ...
    def close(self) -> None: ...

# And the stream that GDBus is to have in place of the socket.
def open_wire(
    loop: asyncio.AbstractEventLoop, socket: Gio.Socket, /
) -> tuple[Wire, Gio.IOStream]: ...

# Whether a connection has one that works in this thread.
def is_of_wire(connection: Gio.DBusConnection, /) -> bool: ...
