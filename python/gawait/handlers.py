"""Coroutine functions as handlers of signals, and as callbacks of introspected functions.

    async def on_clicked(button):
        await asyncio.sleep(1)
        button.set_label("a second later")

    button.connect("clicked", on_clicked)
    GLib.timeout_add(100, work)

Each call starts a task. Any other handler is none of gawait's business.
"""

import asyncio
import collections
import contextlib
import contextvars
import functools
import inspect
import weakref

from gi import _gtktemplate
from gi.overrides import GLib as overrides
from gi.repository import GObject

from gawait import _native
from gawait.connection import Connection, default_of, kept, signal_of
from gawait.guest import current_context, loop_of_context, running_loop
from gawait.loop import keep_task

_CONCURRENCY = ("all", "one", "queue", "restart")
_DEFAULT = object()


def patch():
    """Let PyGObject call handlers that start tasks in the place of coroutine functions, once."""
    _native.handle_coroutines(GObject.Object, _signal_handler, _callback_handler)
    _patch_connect_data()
    _patch_io_add_watch()
    _patch_templates()


class connect:
    """Connect a coroutine function to a signal, and say how emissions meet one that still runs.

        gawait.connect(entry, "search-changed", search, concurrency="restart")

    handler is called with what obj.connect() would pass, and what it returns is awaited, so
    that it may also be a lambda that returns a coroutine. concurrency is

        "all"      a task for each emission; they run side by side, as with obj.connect()
        "one"      emissions are dropped while a handler runs
        "queue"    emissions wait, and are handled one after the other
        "restart"  the handler that runs is cancelled, and the last emission is handled when it
                   has ended

    answer is what is returned to a signal that wants something returned, before the handler has
    begun; by default it is what its type has for nothing: False, 0, None.

    disconnect(), which is also what leaving it as a context manager does, ends it; so does
    obj.disconnect_by_func(handler). With cancel=True, disconnect() and the end of the object also
    cancel the handlers that run and drop the emissions that wait. Without it, both are handled to
    their end, also if the task of a handler is cancelled. The end of a loop cancels what runs on
    it and drops what waits there.

    It does not keep the object, and lasts when nobody has it. A handler that runs keeps its
    arguments, of which the object is one.

    name may have a detail. Raises TypeError if the object has no such signal or one that does
    not return such an answer, or if the handler is an async generator function. No loop has to run
    yet. To be called in the thread that emits.
    """

    def __init__(self, obj, name, handler, *, concurrency="all", answer=_DEFAULT, cancel=False):
        if not callable(handler):
            raise TypeError(
                f"argument 'handler': expected a callable, not {type(handler).__name__}"
            )
        _refuse_async_generator(handler)
        if concurrency not in _CONCURRENCY:
            raise ValueError(
                f"argument 'concurrency': expected one of {', '.join(map(repr, _CONCURRENCY))}, "
                f"not {concurrency!r}"
            )
        self._handler = handler
        self._concurrency = concurrency
        self._running = set()
        self._restarted = None  # which of them was cancelled for the emission that waits
        self._waiting = collections.deque(maxlen=1 if concurrency == "restart" else None)
        self._turns = None  # the task that starts what waits
        self._end = None
        self._connection = Connection(obj, name, _Connected(handler, self._emitted))
        self._title = _signal_title(name, obj)
        self._answer = self._connection.default
        try:
            if answer is not _DEFAULT:
                self._answer = self._connection.checked(answer)
        except BaseException:
            self._connection.disconnect()
            raise
        if cancel:
            # Weakly, since handlers tend to know the object. What there is to cancel knows this.
            ended = weakref.WeakMethod(self._cancel)
            self._end = GObject.Object.weak_ref(obj, lambda: (cancel := ended()) and cancel())

    def disconnect(self):
        """Disconnect, as the class says. May be called again, and by the handler."""
        self._connection.disconnect()
        if self._end is not None:
            self._end.unref()
            self._cancel()

    def __enter__(self):
        if not self._connection.is_connected:
            raise RuntimeError(f"{self!r} cannot be entered")
        return self

    def __exit__(self, *_):
        self.disconnect()

    def __repr__(self):
        state = "connected" if self._connection.is_connected else "disconnected"
        return (
            f"<gawait.connect of {_name_of(self._handler)}() to {self._title}, "
            f"{self._concurrency!r}, {state}, {len(self._running)} running, "
            f"{len(self._waiting)} waiting>"
        )

    def _emitted(self, *arguments):
        loop = _loop_here(self._handler, self._title)
        arguments = kept(arguments)
        if self._concurrency == "all" or not self._is_busy():
            self._start(loop, arguments, contextvars.copy_context())
        elif self._concurrency != "one":
            self._wait(arguments, contextvars.copy_context())
        return self._answer

    def _is_busy(self):
        # A loop that is closed has left what it had where it was.
        self._running = {each for each in self._running if not each.get_loop().is_closed()}
        if self._turns is not None and self._turns.get_loop().is_closed():
            self._drop_what_waits()
        return bool(self._running or self._waiting)

    def _start(self, loop, arguments, context):
        task = _start_task(loop, self._handler, arguments, self._title, context)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task):
        self._running.discard(task)

    def _wait(self, arguments, context):
        self._waiting.append((arguments, context))
        if self._concurrency == "restart" and self._running:
            self._restart()
        if self._turns is None:
            (running,) = self._running
            loop = running.get_loop()
            self._turns = loop.create_task(
                self._take_turns(loop), name=f"queue of {self._title}"
            )
            self._turns.add_done_callback(
                lambda turns: turns.cancelled() and self._drop_what_waits()
            )

    async def _take_turns(self, loop):
        """Start what waits, one after the other. A task, which is cancelled with all others when
        the loop ends, but not when the one is that runs."""
        while self._waiting:
            if self._running:
                await asyncio.wait(self._running)
            if self._waiting:
                self._start(loop, *self._waiting.popleft())
        self._turns = None

    def _drop_what_waits(self):
        self._turns = None
        self._waiting.clear()

    def _restart(self):
        (task,) = self._running
        if task is not self._restarted:
            self._restarted = task
            _cancel(task)

    def _cancel(self):
        self._end = None
        self._waiting.clear()
        for task in tuple(self._running):
            _cancel(task)


def _start_task(loop, handler, arguments, title, context=None):
    """Run a coroutine function in a task, which is kept and whose failure is reported."""
    name = _name_of(handler)
    return keep_task(
        loop.create_task(_run(handler, arguments), name=name, context=context),
        f"Exception in {name}(), the handler of {title}",
    )


async def _run(handler, arguments):
    result = handler(*arguments)
    if not inspect.isawaitable(result):
        raise TypeError(
            f"handler {_name_of(handler)}() returned {type(result).__name__}, expected an awaitable"
        )
    return await result


def _cancel(task):
    loop = task.get_loop()
    if asyncio._get_running_loop() is loop:
        task.cancel()
        return
    with contextlib.suppress(RuntimeError):  # it is closed
        loop.call_soon_threadsafe(task.cancel)


def _loop_here(handler, title):
    """Return the loop for a handler that this thread calls: the one that runs on the context, or
    else one that runs when C code iterates it here, or else one of asyncio's that knows none.
    """
    loop = running_loop()
    if loop is not None:
        return loop
    context = current_context()
    if context.is_owner():
        return loop_of_context(context)
    loop = asyncio._get_running_loop()
    if loop is not None:
        return loop
    raise RuntimeError(
        f"no running event loop for {_name_of(handler)}(), the handler of {title}, "
        "in the thread that calls it"
    )


def _name_of(handler):
    while isinstance(handler, functools.partial):
        handler = handler.func
    return getattr(handler, "__qualname__", None) or type(handler).__qualname__


def _refuse_async_generator(handler):
    if _native.is_async_generator_function(handler):
        raise TypeError(
            f"handler {_name_of(handler)}() is an async generator function, which nobody would iterate: "
            "expected an async def without yield"
        )


class _InPlaceOf:
    """What PyGObject calls in the place of a function, by which it is found again, as in
    obj.disconnect_by_func()."""

    def __init__(self, function):
        self._function = function

    def __eq__(self, other):
        return self._function == (other._function if isinstance(other, _InPlaceOf) else other)

    def __hash__(self):
        return hash(self._function)


class _Connected(_InPlaceOf):
    def __init__(self, function, emitted):
        super().__init__(function)
        self._emitted = emitted

    def __call__(self, *arguments):
        return self._emitted(*arguments)


class _Handler(_InPlaceOf):
    """A coroutine function, which is started."""

    def __init__(self, function, title, answer=None):
        super().__init__(function)
        self._title = title
        self._answer = answer

    def __call__(self, *arguments):
        loop = _loop_here(self._function, self._title)
        _start_task(loop, self._function, kept(arguments), self._title)
        return self._answer


class _TemplateHandler(_Handler):
    """A handler of a signal that is known only when it is emitted."""

    def __call__(self, *arguments):
        hint = arguments and GObject.signal_get_invocation_hint(arguments[0])
        if hint:
            name = GObject.signal_name(hint.signal_id)
            self._title = _signal_title(name, arguments[0])
            self._answer = default_of(hint.signal_id)
        return super().__call__(*arguments)


def _signal_title(name, emitter):
    return f"signal '{name}' of {type(emitter).__name__}"


def _signal_handler(emitter, name, function):
    _refuse_async_generator(function)
    try:
        answer = default_of(signal_of(emitter, name))
    except (TypeError, ValueError):
        return function  # what it is connected to is refused
    return _Handler(function, _signal_title(name, emitter), answer)


def _callback_handler(function, to):
    _refuse_async_generator(function)
    return _Handler(function, f"{to}()")


# Where PyGObject puts a function of its own around a handler, or finds one by its name ----------


def _patch_connect_data():
    original = GObject.Object.connect_data

    @functools.wraps(original)
    def connect_data(self, detailed_signal, handler, *data, **kwargs):
        if _native.is_handled(handler):
            handler = _signal_handler(self, detailed_signal, handler)
        return original(self, detailed_signal, handler, *data, **kwargs)

    GObject.Object.connect_data = connect_data


def _patch_io_add_watch():
    original = overrides._io_add_watch_get_args

    @functools.wraps(original)
    def get_args(channel, *args, **kwargs):
        # The priority, which may be left out, the condition, and then the callback.
        args = list(args)
        for index in 1, 2:
            if len(args) > index and callable(args[index]):
                if _native.is_handled(args[index]):
                    args[index] = _callback_handler(args[index], "GLib.io_add_watch")
                break
        return original(channel, *args, **kwargs)

    overrides._io_add_watch_get_args = get_args


def _patch_templates():
    original = _gtktemplate._extract_handler_and_args

    @functools.wraps(original)
    def extract(scope, name):
        handler, args = original(scope, name)
        if _native.is_coroutine_function(handler):
            handler = _TemplateHandler(handler, f"handler {name!r} of a template")
        return handler, args

    _gtktemplate._extract_handler_and_args = extract
