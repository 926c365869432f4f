"""The explicit forms of awaiting an asynchronous function of GLib's kind."""

import asyncio
import inspect
import types

from gi._gi import FunctionInfo

from gawait import _native, introspection

Operation = _native.Operation


def call(start, *args, finish=None, cancellable=None, **kwargs):
    """Start an asynchronous function and return its Operation, which can be awaited.

        contents = await gawait.call(file.load_contents_async)

    start is an introspected function, which takes args and kwargs as it does without gawait,
    and what comes before its callback may be left out if it has a default. Or it is any
    other callable, called as start(*args, cancellable, callback, **kwargs), which must call
    callback(source, result) once, later, in the thread-default GLib.MainContext.

    finish makes of the result what is returned, or raises. It is called as finish(result), or
    as finish(source, result) if it is an introspected method that is not bound, or a function
    of two required arguments. For an introspected start it may be left out.

    cancellable is the Gio.Cancellable to use, by default one of the operation's own.

    Raises RuntimeError if no event loop is running, or one that does not iterate the
    thread-default context. Loops other than gawait's must have their context in _context.
    """
    return _call(start, finish and _finish(finish), cancellable, args, kwargs)


def wrap(start, finish=None):
    """Return a function that calls an asynchronous function and returns its Operation.

        session_bus = gawait.wrap(Gio.bus_get, Gio.bus_get_finish)
        bus = await session_bus(Gio.BusType.SESSION)

    It takes the arguments of start, and cancellable; see call().
    """
    name = getattr(_callable(start, "start"), "__name__", None)
    finished = finish and _finish(finish)

    def started(*args, cancellable=None, **kwargs):
        return _call(start, finished, cancellable, args, kwargs)

    if name is not None:
        started.__name__ = started.__qualname__ = name.removesuffix("_async")
    started.__doc__ = f"Call {name or start!r} and return its Operation."
    return started


def as_coroutine(awaitable):
    """Return what a task can be made of that awaits an Operation, or something with close()."""
    coroutine = _await(awaitable)
    coroutine.__name__ = coroutine.__qualname__ = getattr(
        awaitable, "__qualname__", "Operation"
    )
    # One that has not begun is not even entered if its task is cancelled at once: who then waits
    # for the task is to wait for the operation's end.
    coroutine.send(None)
    return coroutine


async def _await(awaitable):
    try:
        await _task()
    except asyncio.CancelledError as error:
        if not isinstance(awaitable, Operation):
            awaitable.close()
            raise
        if awaitable.done():
            raise
        awaitable.cancel(*error.args[:1])
    except GeneratorExit:
        awaitable.close()
        raise
    return await awaitable


@types.coroutine
def _task():
    yield


class _NotAwaitable:
    """What a call without its callback returns on a loop of others: PyGObject has begun an operation,
    whose result nobody gets."""

    def __await__(self):
        loop = type(asyncio.get_running_loop()).__name__
        raise RuntimeError(
            f"the running event loop, {loop}, is not gawait's, and nobody gets the result of the "
            "operation there: use gawait.run()"
        )


def _call(start, finish, cancellable, args, kwargs):
    loop = asyncio.get_running_loop()
    operation = _native.start_function(loop, start, finish, cancellable, args, kwargs)
    if operation is not NotImplemented:
        return operation
    if finish is None:
        name = getattr(_callable(start, "start"), "__qualname__", None) or repr(start)
        raise TypeError(f"no finish function of {name} is known: pass one")
    operation = _native.new_operation(loop, cancellable, *finish)
    _callable(start, "start")(*args, operation.cancellable, operation._ready, **kwargs)
    return operation


def _callable(value, name):
    if not callable(value):
        raise TypeError(f"argument '{name}': expected a callable, not {type(value).__name__}")
    return value


def _finish(finish):
    """Return the function and how it is called, for _native."""
    if isinstance(_callable(finish, "finish"), FunctionInfo):
        # Up to PyGObject 3.50, what is bound is of the same type.
        both = finish.is_method() and introspection.of_class(finish) is finish
    elif isinstance(getattr(finish, "__func__", finish), FunctionInfo):
        both = False
    else:
        both = _required_arguments(finish) >= 2
    form = introspection.WITH_SOURCE_AND_RESULT if both else introspection.WITH_RESULT
    return finish, form


def _required_arguments(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of something built in
        return 1
    return sum(
        each.default is each.empty
        and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        for each in parameters
    )


_native.await_functions(
    FunctionInfo,
    introspection.describe_call,
    introspection.plan_of,
    introspection.of_class,
    introspection.explain,
    _NotAwaitable(),
)
