"""The async virtual methods of GIO's classes and interfaces, written as async def.

    class Initialised(GObject.Object, Gio.AsyncInitable):
        async def do_init_async(self): ...

    class Stream(Gio.InputStream):
        async def do_read_async(self, count): ...  # returns bytes, at most count; b"" at the end

What is awaited or called back in C then runs the coroutine. Any Python class may have

    Gio.AsyncInitable  do_init_async(self)
    Gio.InputStream    do_read_async(self, count), do_skip_async(self, count), which returns how
                       many, do_close_async(self)
    Gio.OutputStream   do_write_async(self, data), which returns how many of the bytes were
                       written; do_splice_async(self, source, flags); do_flush_async(self);
                       do_close_async(self)
    Gio.IOStream       do_close_async(self)

Any other virtual method is called by who goes on at once; an async def there is a TypeError.
There is no do_..._finish() beside them. The priority is gawait.priority.get(); cancellation and
errors are as with gawait.async_method. What has no other value returns None. The tag of the result
is the coroutine function.
"""

import functools
import inspect

from gi import types
from gi._gi import VFuncInfo
from gi.repository import GObject

from gawait import _native, async_result


def patch():
    """Wrap what makes virtual methods of a class's functions, once."""
    original = types.GObjectMeta._setup_vfuncs

    @functools.wraps(original)
    def _setup_vfuncs(cls):
        methods = dict(vars(cls))
        filled = {
            name
            for name, value in methods.items()
            if name.startswith("do_")
            and inspect.iscoroutinefunction(value)
            and _native.fill_virtual_method(cls, name)
        }
        filled |= async_result.fill(cls)
        for name in methods.keys() - filled:
            if name.startswith("do_") and inspect.iscoroutinefunction(methods[name]):
                _refuse(cls, name)
        # PyGObject would put its own function over ours.
        for name in filled:
            type.__delattr__(cls, name)
        try:
            original(cls)
        finally:
            for name in filled:
                type.__setattr__(cls, name, methods[name])

    types.GObjectMeta._setup_vfuncs = _setup_vfuncs


def _refuse(cls, name):
    """Refuse a coroutine function where C code would never await what it returns."""
    is_virtual = (
        any(isinstance(getattr(base, name, None), VFuncInfo) for base in cls.__mro__[1:])
        or types.find_vfunc_info_in_interface(cls.__bases__, name.removeprefix("do_"))
        or _is_signal_of_python(cls, name.removeprefix("do_"))
    )
    if is_virtual:
        raise TypeError(
            f"{cls.__qualname__}.{name}(): a virtual method that is not asynchronous cannot be an "
            "async def; connect one to the signal, or start a task with gawait.create_background_task()"
        )


def _is_signal_of_python(cls, name):
    """Whether a class of Python has defined such a signal, whose default handler is a method."""
    signal_id = GObject.signal_lookup(name, cls)
    return signal_id and "__info__" not in vars(GObject.signal_query(signal_id).itype.pytype)


async def _raising(error):
    raise error


async def _awaiting(awaitable):
    return await awaitable


_native.virtual_methods(_raising, _awaiting)
