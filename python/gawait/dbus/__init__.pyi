# Some is needed, or not, by whether there are stubs of PyGObject.
# mypy: no-warn-unused-ignores, allow-subclassing-any

import builtins
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from types import TracebackType
from typing import Any, Generic, Literal, ParamSpec, TypeVar, overload

from gi.repository import Gio

from gawait._native import FileDescriptor as FileDescriptor

_T = TypeVar("_T")
_V = TypeVar("_V")
_P = ParamSpec("_P")
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")
_Self = TypeVar("_Self")
_Owner = TypeVar("_Owner")
_Interface = TypeVar("_Interface", bound=Interface)
_Function = TypeVar("_Function", bound=Callable[..., Any])

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

# Types -------------------------------------------------------------------------------

# Annotations of int, which is what they are to a type checker.
Byte = int
Int16 = int
UInt16 = int
Int32 = int
UInt32 = int
Int64 = int
UInt64 = int

class ObjectPath(str):
    def __new__(cls: type[_Self], path: str) -> _Self: ...

class Signature(str):
    def __new__(cls: type[_Self], signature: str = "") -> _Self: ...

# What is served ----------------------------------------------------------------------

class Call:
    @builtins.property
    def connection(self) -> Gio.DBusConnection: ...
    @builtins.property
    def message(self) -> Gio.DBusMessage: ...
    @builtins.property
    def sender(self) -> str | None: ...
    @builtins.property
    def path(self) -> str: ...
    @builtins.property
    def interface(self) -> str: ...
    @builtins.property
    def member(self) -> str: ...
    @builtins.property
    def expects_reply(self) -> bool: ...
    async def user_id(self) -> int: ...
    async def process_id(self) -> int: ...

async def connect(address: Gio.BusType | str) -> Gio.DBusConnection: ...
def current_call() -> Call: ...

class Exported:
    @builtins.property
    def path(self) -> str: ...
    def unexport(self) -> None: ...
    def emit(self, signal: str, *values: Any) -> None: ...
    def emit_properties_changed(self, *names: str) -> None: ...
    def __enter__(self: _Self) -> _Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

class ManagedObjects:
    def __init__(self, connection: Gio.DBusConnection, path: str) -> None: ...
    def export(self, path: str, obj: Object) -> ManagedObject: ...
    def unexport(self) -> None: ...
    def __enter__(self: _Self) -> _Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

class ManagedObject:
    def unexport(self) -> None: ...
    def __enter__(self: _Self) -> _Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@overload
def export(connection: Gio.DBusConnection, path: str, obj: Object) -> Exported: ...
@overload
def export(
    connection: Gio.DBusConnection,
    path: str,
    obj: object,
    interface: str | Gio.DBusInterfaceInfo,
) -> Exported: ...

# Errors ------------------------------------------------------------------------------

class Error(Exception):
    dbus_error_name: str | None
    def __init_subclass__(cls, *, name: str | None = None, **options: Any) -> None: ...
    def __init__(self, *arguments: str) -> None: ...
    @builtins.property
    def name(self) -> str: ...

class Failed(Error): ...
class NoReply(Error): ...
class Timeout(Error): ...
class Disconnected(Error): ...
class ServiceUnknown(Error): ...
class NameHasNoOwner(Error): ...
class AccessDenied(Error): ...
class AuthFailed(Error): ...
class UnknownObject(Error): ...
class UnknownInterface(Error): ...
class UnknownMethod(Error): ...
class UnknownProperty(Error): ...
class PropertyReadOnly(Error): ...
class InvalidArgs(Error): ...
class InvalidSignature(Error): ...
class NotSupported(Error): ...
class LimitsExceeded(Error): ...
class NoMemory(Error): ...

# Remote objects ----------------------------------------------------------------------

class RemoteProperty(Generic[_T]):
    async def get(self) -> _T: ...
    async def set(self, value: _T) -> None: ...
    def __await__(self) -> Generator[Any, Any, _T]: ...
    def __aiter__(self) -> PropertyWatch[_T]: ...
    def watch(self) -> PropertyWatch[_T]: ...

class PropertyWatch(Generic[_T]):
    def close(self) -> None: ...
    def __aiter__(self: _Self) -> _Self: ...
    async def __anext__(self) -> _T: ...
    def __enter__(self: _Self) -> _Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

class _Emissions(Generic[_T]):
    def close(self) -> None: ...
    async def aclose(self) -> None: ...
    def __aiter__(self: _Self) -> _Self: ...
    async def __anext__(self) -> _T: ...
    def __enter__(self: _Self) -> _Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    async def __aenter__(self: _Self) -> _Self: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

class RemoteSignal(Generic[_T]):
    def __aiter__(self) -> Signals[_T]: ...
    def subscribe(self, *, limit: int | None = 10_000) -> Signals[_T]: ...

class Signals(_Emissions[_T]): ...

async def proxy(
    connection: Gio.DBusConnection,
    name: str | None,
    path: str,
    *,
    interface: str | None = None,
    timeout: float | None = 25,
    cached: bool = False,
) -> Any: ...

# Names -------------------------------------------------------------------------------

class NameTaken(Exception): ...

class own_name:
    name: str
    def __init__(
        self,
        connection: Gio.DBusConnection,
        name: str,
        *,
        queue: bool = False,
        replace: bool = False,
        allow_replacement: bool = False,
    ) -> None: ...
    async def __aenter__(self: _Self) -> _Self: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    async def lost(self) -> None: ...

class watch_name(_Emissions[str | None]):
    def __init__(self, connection: Gio.DBusConnection, name: str) -> None: ...

# Interfaces --------------------------------------------------------------------------

class Interface:
    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        deprecated: bool = False,
        annotations: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None: ...
    @classmethod
    def proxy(
        cls: type[_Interface],
        connection: Gio.DBusConnection,
        name: str | None,
        path: str,
        *,
        timeout: float | None = 25,
        cached: bool = False,
    ) -> _Interface: ...

class Object(Interface): ...

@overload
def method(__function: _Function) -> _Function: ...
@overload
def method(
    __function: None = None,
    *,
    name: str | None = None,
    no_reply: bool = False,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Callable[[_Function], _Function]: ...

# _T is the value, _V what an Object has for it: the same, or what is awaited for it.
class Property(Generic[_T, _V]):
    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Property[_T, _V]: ...
    @overload
    def __get__(self, instance: Object, owner: type | None = None) -> _V: ...  # type: ignore
    @overload
    def __get__(self, instance: Interface, owner: type | None = None) -> RemoteProperty[_T]: ...
    def __set__(self, instance: Object, value: _T) -> None: ...
    def setter(self, function: Callable[[_Owner, _T], _A]) -> Callable[[_Owner, _T], _A]: ...
    def changed(self, instance: Object) -> None: ...

class _PropertyDecorator:
    @overload
    def __call__(  # type: ignore
        self, getter: Callable[[Any], Coroutine[Any, Any, _T]], /
    ) -> Property[_T, Coroutine[Any, Any, _T]]: ...
    @overload
    def __call__(self, getter: Callable[[Any], _T], /) -> Property[_T, _T]: ...

@overload
def property(  # type: ignore
    __getter: type[_T],
    *,
    readable: bool = True,
    writable: bool = False,
    emits: bool | Literal["invalidates", "const"] = True,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Property[_T, _T]: ...
@overload
def property(  # type: ignore
    __getter: Callable[[Any], Coroutine[Any, Any, _T]]
) -> Property[_T, Coroutine[Any, Any, _T]]: ...
@overload
def property(__getter: Callable[[Any], _T]) -> Property[_T, _T]: ...
@overload
def property(  # type: ignore
    __getter: None = None,
    *,
    readable: bool = True,
    writable: bool = False,
    emits: bool | Literal["invalidates", "const"] = True,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> _PropertyDecorator: ...

# What is no class to a type checker: Any, Annotated.
@overload
def property(
    __getter: object,
    *,
    readable: bool = True,
    writable: bool = False,
    emits: bool | Literal["invalidates", "const"] = True,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Property[Any, Any]: ...

# _T is what a reader gets, _P are the values that it is emitted with.
class Signal(Generic[_T, _P]):
    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Signal[_T, _P]: ...
    @overload
    def __get__(  # type: ignore
        self, instance: Object, owner: type | None = None
    ) -> Callable[_P, None]: ...
    @overload
    def __get__(self, instance: Interface, owner: type | None = None) -> RemoteSignal[_T]: ...

@overload
def signal(
    *,
    arguments: Sequence[str] | None = None,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Signal[None, []]: ...
@overload
def signal(
    a: type[_A],
    /,
    *,
    arguments: Sequence[str] | None = None,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Signal[_A, [_A]]: ...
@overload
def signal(
    a: type[_A],
    b: type[_B],
    /,
    *,
    arguments: Sequence[str] | None = None,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Signal[tuple[_A, _B], [_A, _B]]: ...
@overload
def signal(
    a: type[_A],
    b: type[_B],
    c: type[_C],
    /,
    *,
    arguments: Sequence[str] | None = None,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Signal[tuple[_A, _B, _C], [_A, _B, _C]]: ...
@overload
def signal(
    a: type[_A],
    b: type[_B],
    c: type[_C],
    d: type[_D],
    /,
    *,
    arguments: Sequence[str] | None = None,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Signal[tuple[_A, _B, _C, _D], [_A, _B, _C, _D]]: ...
@overload
def signal(
    a: type[Any],
    b: type[Any],
    c: type[Any],
    d: type[Any],
    e: type[Any],
    /,
    *more: type[Any],
    arguments: Sequence[str] | None = None,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Signal[tuple[Any, ...], ...]: ...
@overload
def signal(
    *types: object,
    arguments: Sequence[str] | None = None,
    name: str | None = None,
    deprecated: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Signal[Any, ...]: ...

class ObjectManager(Interface):
    async def get_managed_objects(
        self,
    ) -> dict[ObjectPath, dict[str, dict[str, Any]]]: ...
    interfaces_added: Signal[
        tuple[ObjectPath, dict[str, dict[str, Any]]],
        [ObjectPath, dict[str, dict[str, Any]]],
    ]
    interfaces_removed: Signal[tuple[ObjectPath, list[str]], [ObjectPath, list[str]]]
    async def proxies(
        self,
        interface: type[_Interface],
        *,
        timeout: float | None = 25,
        cached: bool = False,
    ) -> dict[ObjectPath, _Interface]: ...
