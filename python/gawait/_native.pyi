import asyncio
import contextvars
from typing import TypeVar, final

from gi.repository import Gio

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
