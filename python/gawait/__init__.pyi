# Some is needed, or not, by whether there are stubs of PyGObject.
# mypy: no-warn-unused-ignores, allow-subclassing-any

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from contextvars import Context
from types import TracebackType
from typing import Any, Literal, NamedTuple, TextIO, TypeVar, overload

from gi.repository import Gio, GLib, GObject

from gawait._native import Handle as Handle
from gawait._native import Operation as Operation
from gawait._native import TimerHandle as TimerHandle
from gawait._native import priority as priority

_T = TypeVar("_T")

__all__ = [
    "Counters",
    "Dismissed",
    "EventLoop",
    "EventLoopPolicy",
    "Handle",
    "Operation",
    "TimerHandle",
    "async_method",
    "call",
    "connect",
    "create_background_task",
    "create_task",
    "install",
    "new_event_loop",
    "print_tasks",
    "priority",
    "response",
    "run",
    "signal",
    "signals",
    "wrap",
]

class Counters(NamedTuple):
    callbacks: int
    turns: int
    polls: int
    operations: int
    longest_turn: float

class EventLoop(asyncio.SelectorEventLoop):
    def __init__(self, context: GLib.MainContext | None = None) -> None: ...
    @staticmethod
    def of_context(context: GLib.MainContext) -> EventLoop | None: ...
    def __enter__(self) -> EventLoop: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def running(self, quit: Callable[[], object]) -> AbstractContextManager[None]: ...
    def paused(self) -> AbstractContextManager[None]: ...
    def call_soon(  # type: ignore[override]
        self,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
        priority: int | None = None,
    ) -> Handle: ...
    def call_soon_threadsafe(  # type: ignore[override]
        self,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
        priority: int | None = None,
    ) -> Handle: ...
    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
        priority: int | None = None,
    ) -> TimerHandle: ...
    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
        priority: int | None = None,
    ) -> TimerHandle: ...
    def create_task(
        self,
        coro: Generator[Any, None, _T] | Coroutine[Any, Any, _T] | Operation[_T],
        *,
        name: object = None,
        context: Context | None = None,
        priority: int | None = None,
        **kwargs: Any,
    ) -> asyncio.Task[_T]: ...
    def counters(self) -> Counters: ...
    def reset_longest_turn(self) -> None: ...

class EventLoopPolicy(asyncio.DefaultEventLoopPolicy):
    def __enter__(self) -> EventLoopPolicy: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

def run(
    main: Coroutine[Any, Any, _T],
    *,
    debug: bool | None = None,
    context: GLib.MainContext | None = None,
) -> _T: ...
def new_event_loop(context: GLib.MainContext | None = None) -> EventLoop: ...
def print_tasks(
    file: TextIO | None = None, loop: asyncio.AbstractEventLoop | None = None
) -> None: ...
def install() -> None: ...
def create_task(
    coro: Generator[Any, None, _T] | Coroutine[Any, Any, _T] | Operation[_T],
    *,
    priority: int | None = None,
    **kwargs: Any,
) -> asyncio.Task[_T]: ...
def create_background_task(
    coro: Generator[Any, None, _T] | Coroutine[Any, Any, _T] | Operation[_T],
    *,
    priority: int | None = None,
    **kwargs: Any,
) -> asyncio.Task[_T]: ...
@overload
def call(
    start: Callable[..., object],
    *args: Any,
    finish: None = None,
    cancellable: Gio.Cancellable | None = None,
    **kwargs: Any,
) -> Operation[Any]: ...
@overload
def call(
    start: Callable[..., object],
    *args: Any,
    finish: Callable[..., _T],
    cancellable: Gio.Cancellable | None = None,
    **kwargs: Any,
) -> Operation[_T]: ...
@overload
def wrap(
    start: Callable[..., object], finish: None = None
) -> Callable[..., Operation[Any]]: ...
@overload
def wrap(
    start: Callable[..., object], finish: Callable[..., _T]
) -> Callable[..., Operation[_T]]: ...

class connect:
    def __init__(
        self,
        obj: GObject.Object,
        name: str,
        handler: Callable[..., Awaitable[object]],
        *,
        concurrency: Literal["all", "one", "queue", "restart"] = "all",
        answer: Any = ...,
        cancel: bool = False,
    ) -> None: ...
    def disconnect(self) -> None: ...
    def __enter__(self) -> connect: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

class Dismissed(GLib.Error): ...

async def response(dialog: GObject.Object, parent: GObject.Object | None = None) -> Any: ...

class async_method:
    def __init__(self, function: Callable[..., Coroutine[Any, Any, Any]]) -> None: ...
    def __set_name__(self, owner: type, name: str) -> None: ...

def signal(obj: GObject.Object, name: str) -> asyncio.Future[tuple[Any, ...]]: ...

class signals:
    def __init__(self, obj: GObject.Object, name: str) -> None: ...
    def close(self) -> None: ...
    async def aclose(self) -> None: ...
    def __aiter__(self) -> signals: ...
    async def __anext__(self) -> tuple[Any, ...]: ...
    def __enter__(self) -> signals: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    async def __aenter__(self) -> signals: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
