"""The asyncio event loop on a GLib.MainContext.

What is hot is in C++ (LoopCore); what is cold is the standard library's unix selector loop,
whose servers, pipes, datagrams, subprocesses and signal handlers work on LoopCore's readers
and writers.
"""

import asyncio
import contextlib
import contextvars
import errno
import functools
import inspect
import itertools
import os
import selectors
import signal
import socket
import sys
import threading
import warnings
import weakref
from asyncio import base_events, constants, format_helpers, log, tasks, trsock

from gi import _ossighelper
from gi.repository import GLib

from gawait import _native, tls
from gawait.counters import Counters
from gawait.operation import Operation, as_coroutine
from gawait.transports import DatagramTransport, ReadPipeTransport, WritePipeTransport

priority = _native.priority
"""A contextvars.ContextVar: the GLib priority of the current task, and of what it starts."""


# Newer Pythons show the arguments of a callback in debug mode only.
_hides_arguments = (
    "debug" in inspect.signature(format_helpers._format_callback_source).parameters
)

_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

# The loops that a program has made, the newest last. One is here again from when it takes its
# context, and while it is entered.
_loops = weakref.WeakValueDictionary()
_numbers = itertools.count()

before_use = []
"""Functions that are called with a loop, which has its context, each time that it is to be used."""

# The contexts that a process was forked with. The descriptors by which GLib wakes them are those of
# its parent as well, and each would take the other's wake-ups.
_of_parent = []


class EventLoop(_native.LoopCore, asyncio.SelectorEventLoop):
    """An asyncio event loop that runs in GLib's main loop.

    It is driven by run_forever() and run_until_complete(), as any loop of asyncio's, and in
    running() by whoever iterates the context, which Gio.Application.run() and
    GLib.MainLoop.run() do by themselves. Callbacks of GLib's that run in its thread may use
    the loop directly.

    context is the GLib.MainContext to run on. By default the loop takes one when it first runs,
    and stays with it: the thread-default one; where there is none, the default context, if that
    is in the main thread and nobody else iterates it; or else a new one. After os.fork() a child's
    loop takes a new one.
    """

    _wires = ()  # connections whose sockets are the loop's, with which they end

    def __init__(self, context=None):
        if not isinstance(context, GLib.MainContext | None):
            raise TypeError(
                f"EventLoop() argument 'context' must be a GLib.MainContext, "
                f"not {type(context).__name__}"
            )
        self._own_context = None
        self._quit_functions = []
        self._entered = []
        self._wakes_up = False
        self._open()
        if context is not None:
            self._settle(context)
        super().__init__(_Selector(self))
        self._transports = _native.TransportMap()
        if context is None:
            self._maker = threading.get_ident()
            _be_newest(self)
        if type(self).call_soon is _native.LoopCore.call_soon:
            # Bound once: a task looks it up in each of its steps.
            self.call_soon = self.call_soon

    @property
    def _context(self):
        """Its GLib.MainContext. PyGObject asks for it. To ask is to use it: it is then decided."""
        self._decide()
        return self._own_context

    def _decide(self):
        if self.is_closed():
            return
        if self._own_context is None:
            self._settle(_default_context())
        for each in before_use:
            each(self)

    def _settle(self, context):
        self._bind(context)
        self._own_context = context
        self._be_found()

    def _be_found(self):
        _be_newest(self)

    @staticmethod
    def of_context(context):
        """The newest loop of a GLib.MainContext that is not closed, or None."""
        return context and _newest(lambda each: each._own_context == context)

    @staticmethod
    def _to_run_on(context):
        """The newest loop that may run here on a GLib.MainContext, or None: one of the context, or
        one made in this thread that has none yet and would take this one."""
        loop = EventLoop.of_context(context)
        if loop is None and context == _default_context():
            here = threading.get_ident()
            loop = _newest(lambda each: each._own_context is None and each._maker == here)
        return loop

    def close(self):
        if self.is_closed():
            return
        super().close()
        self._close()
        for each in self._wires:
            each.close()
        vars(self).pop("call_soon", None)  # refers to self

    def __del__(self, _warn=warnings.warn):
        if self.is_closed():
            return
        _warn(f"unclosed event loop {self!r}", ResourceWarning, source=self)
        if self.is_running():
            return
        if self._own_context is None:
            self.close()
        elif self._acquire():
            try:
                self.close()
            finally:
                self._release()
        elif not sys.is_finalizing():
            # The garbage of a thread that is not the one that iterates the context.
            source = GLib.Idle()
            source.set_callback(lambda *_: self.close())
            source.attach(self._context)

    # Being the one to run ---------------------------------------------------------

    def __enter__(self):
        """Be the loop that runs along with what runs on its context in the body, and its context
        the thread-default one."""
        running = asyncio._get_running_loop()
        if running not in (None, self):
            raise RuntimeError("another event loop runs in this thread")
        self._check_closed()
        self._decide()
        with contextlib.ExitStack() as stack:
            current = GLib.MainContext.get_thread_default() or GLib.MainContext.default()
            if current != self._context:
                self._context.push_thread_default()
                stack.callback(self._context.pop_thread_default)
            stack.callback(_loops.pop, _be_newest(self), None)
            self._entered.append(stack.pop_all())
        return self

    def __exit__(self, *_):
        self._entered.pop().close()

    @property
    def _nest_patched(self):
        # nest_asyncio asks for it before it changes a loop's class.
        raise RuntimeError(
            "nest_asyncio cannot change gawait's event loop; Gio.Application.run(), "
            "GLib.MainLoop.run() and EventLoop.running() may be nested without it"
        )

    # Running ----------------------------------------------------------------------

    def run_forever(self):
        self._check_closed()
        self._check_running()
        self._decide()
        with self._woken_by_signals():
            super().run_forever()

    @contextlib.contextmanager
    def running(self, quit):
        """Let the loop run while the body iterates its context by itself.

        quit is a function that makes the body return; stop() calls it. Within a callback of
        this loop, other callbacks and tasks run in the body.
        """
        if not callable(quit):
            raise TypeError(
                f"running() argument 'quit' must be callable, not {type(quit).__name__}"
            )
        if self._thread_id not in (None, threading.get_ident()):
            raise RuntimeError("This event loop is already running in another thread")
        self._decide()
        with contextlib.ExitStack() as stack:
            if self.is_running():
                stack.enter_context(without_current_task(self))
            else:
                self._run_forever_setup()
                stack.callback(self._run_forever_cleanup)
                stack.enter_context(self._woken_by_signals())
            if self._wakes_up:
                stack.enter_context(_pygobject_is_woken())
            self._quit_functions.append(quit)
            token = self._enter()
            try:
                yield
            finally:
                self._quit_functions.pop()
                self._leave(token)
                if self._stopping and self._quit_functions:
                    self._quit()
        # Within a task it is raised as anything is that a task calls. Other callbacks go on, and
        # end before the run does that is around them: they may be GLib's, which it cannot leave.
        if not self.is_running() or asyncio.current_task(self) is not None:
            self._raise_interrupt()

    @contextlib.contextmanager
    def paused(self):
        """Keep the loop from running callbacks while the body iterates its context."""
        self._pause()
        try:
            yield
        finally:
            self._resume()

    def _quit(self):
        self._quit_functions[-1]()

    if not hasattr(base_events.BaseEventLoop, "_run_forever_setup"):
        # Python 3.13 has made these two of what run_forever() did by itself.

        def _run_forever_setup(self):
            self._check_closed()
            self._check_running()
            self._set_coroutine_origin_tracking(self._debug)
            self._old_agen_hooks = sys.get_asyncgen_hooks()
            self._thread_id = threading.get_ident()
            sys.set_asyncgen_hooks(
                firstiter=self._asyncgen_firstiter_hook,
                finalizer=self._asyncgen_finalizer_hook,
            )
            asyncio._set_running_loop(self)

        def _run_forever_cleanup(self):
            self._stopping = False
            self._thread_id = None
            asyncio._set_running_loop(None)
            self._set_coroutine_origin_tracking(False)
            sys.set_asyncgen_hooks(*self._old_agen_hooks)

    # Tasks ------------------------------------------------------------------------

    def _create_task(self, coro, *, priority=None, **kwargs):
        if priority is not None:
            kwargs["context"] = _with_priority(kwargs.get("context"), priority)
        if isinstance(coro, _no_coroutines):
            coro = as_coroutine(coro)
        task = super(_native.LoopCore, self).create_task(coro, **kwargs)
        try:
            if self._task_factory is None and task._source_traceback:
                del task._source_traceback[-1]  # which is here
            return task
        finally:
            # What an eager task raises has this frame in its traceback, by f_back: a name that is
            # left here would be a cycle.
            del task

    # What is in flight: virtual time does not jump meanwhile ------------------------

    def run_in_executor(self, executor, func, *args):
        future = super().run_in_executor(executor, func, *args)
        # Of another thread, in which asyncio does not forbid this, nothing is counted.
        if self._thread_id == threading.get_ident():
            self._begin_flight()
            future.add_done_callback(self._end_flight)
        return future

    async def _make_subprocess_transport(self, *args, **kwargs):
        transport = await super()._make_subprocess_transport(*args, **kwargs)
        if transport.get_returncode() is None:
            self._begin_flight()
            ended = self.create_future()
            ended.add_done_callback(self._end_flight)
            waiters = transport._exit_waiters  # a set since Python 3.14
            add = waiters.add if isinstance(waiters, set) else waiters.append
            add(ended)
        return transport

    # Transports -------------------------------------------------------------------

    def _make_socket_transport(self, sock, protocol, waiter=None, *, extra=None, server=None):
        if type(sock) is not socket.socket:  # which may have methods of its own
            return super()._make_socket_transport(
                sock, protocol, waiter, extra=extra, server=server
            )
        self._ensure_fd_no_transport(sock)
        return _native.StreamTransport(self, sock, protocol, waiter, extra, server)

    def _make_ssl_transport(
        self, rawsock, protocol, sslcontext, waiter=None, *, extra=None, server=None, **options
    ):
        self._ensure_fd_no_transport(rawsock)
        below = tls.new_protocol(self, protocol, sslcontext, waiter, **options)
        self._make_socket_transport(rawsock, below, extra=extra, server=server)
        return below._app_transport

    start_tls = tls.start_tls

    def _accept_connection(
        self, protocol_factory, sock, sslcontext=None, server=None, backlog=100, *timeouts
    ):
        if (
            sslcontext is not None
            or self._task_factory is not None
            or type(sock) is not socket.socket
        ):
            # Its tasks wait for something, or somebody wants to see them; or the socket may have
            # methods of its own.
            return super()._accept_connection(
                protocol_factory, sock, sslcontext, server, backlog, *timeouts
            )
        for _ in range(backlog):
            try:
                accepted = _native.accept(sock)
            except OSError as error:
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                self.call_exception_handler(
                    {
                        "message": "socket.accept() out of system resource",
                        "exception": error,
                        "socket": trsock.TransportSocket(sock),
                    }
                )
                # Else it would be ready again at once.
                self._remove_reader(sock.fileno())
                again = (protocol_factory, sock, sslcontext, server, backlog, *timeouts)
                self.call_later(constants.ACCEPT_RETRY_DELAY, self._start_serving, *again)
                return
            if accepted is None:
                return
            if self._debug:
                log.logger.debug("%r got a new connection from %r: %r", server, *accepted[::-1])
            # In the next round, in a context of its own, as the first step of a task would be.
            self.call_soon(self._connection_accepted, protocol_factory, server, *accepted)

    def _connection_accepted(self, protocol_factory, server, sock, address):
        context = {}
        try:
            context["protocol"] = protocol = protocol_factory()
            _native.StreamTransport(self, sock, protocol, None, {"peername": address}, server)
        except BaseException as error:
            sock.close()
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                raise
            if self._debug:
                context["message"] = "Error on transport creation for incoming connection"
                context["exception"] = error
                self.call_exception_handler(context)

    def _make_datagram_transport(self, sock, protocol, address=None, waiter=None, extra=None):
        self._ensure_fd_no_transport(sock)
        if not DatagramTransport.takes(sock):
            return super()._make_datagram_transport(sock, protocol, address, waiter, extra)
        return DatagramTransport(self, sock, protocol, address, waiter, extra)

    def _make_read_pipe_transport(self, pipe, protocol, waiter=None, extra=None):
        return ReadPipeTransport(self, pipe, protocol, waiter, extra)

    def _make_write_pipe_transport(self, pipe, protocol, waiter=None, extra=None):
        return WritePipeTransport(self, pipe, protocol, waiter, extra)

    # Signals ----------------------------------------------------------------------

    @contextlib.contextmanager
    def _woken_by_signals(self):
        """A signal's Python handler runs at once, and not when the next callback does."""
        ours = self._csock.fileno()
        try:
            previous = signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
        except ValueError:  # not the main thread, which alone runs signal handlers
            yield
            return
        self._wakes_up = previous in (-1, ours)
        if not self._wakes_up:
            signal.set_wakeup_fd(previous)  # of somebody who runs us nested in his loop
        try:
            yield
        finally:
            self._wakes_up = False
            if previous == -1 and not self._signal_handlers:
                current = signal.set_wakeup_fd(-1)
                if current not in (-1, ours):
                    signal.set_wakeup_fd(current)  # of somebody who set it meanwhile

    def remove_signal_handler(self, sig):
        removed = super().remove_signal_handler(sig)
        if removed and self.is_running() and not self._signal_handlers:
            signal.set_wakeup_fd(self._csock.fileno(), warn_on_full_buffer=False)
        return removed

    def _add_callback(self, handle):
        if not handle._cancelled:
            self.call_soon(handle._run)

    def _add_callback_signalsafe(self, handle):
        if not handle._cancelled:
            self.call_soon_threadsafe(handle._run)

    # What is counted ----------------------------------------------------------------

    def counters(self):
        """Return the Counters: what was done until now, and what is in flight.

        To be called in the loop's thread, from anywhere; it takes no time worth mentioning. Raises
        RuntimeError in another thread while the loop runs, and once the loop is closed.
        """
        return Counters(*self._counters())

    # What handles leave to Python ---------------------------------------------------

    def _extract_stack(self):
        return format_helpers.extract_stack(sys._getframe(1))

    def _represent(self, handle):
        info = [type(handle).__name__]
        if handle._cancelled:
            info.append("cancelled")
        if hasattr(handle, "_when"):
            info.append(f"when={handle._when}")
        if handle._callback is not None:
            info.append(self._describe_callback(handle))
        if handle._source_traceback:
            frame = handle._source_traceback[-1]
            info.append(f"created at {frame[0]}:{frame[1]}")
        return f"<{' '.join(info)}>"

    def _describe_callback(self, handle):
        options = {"debug": self.get_debug()} if _hides_arguments else {}
        return format_helpers._format_callback_source(handle._callback, handle._args, **options)

    def _callback_failed(self, handle, exception):
        callback = self._describe_callback(handle)
        context = {
            "message": f"Exception in callback {callback}",
            "exception": exception,
            "handle": handle,
        }
        if handle._source_traceback:
            context["source_traceback"] = handle._source_traceback
        self.call_exception_handler(context)

    def _callback_was_slow(self, handle, seconds):
        # The standard library's own, of a signal.
        inner = getattr(handle._callback, "__self__", None)
        if isinstance(inner, asyncio.Handle):
            handle = inner
        self._was_slow(base_events._format_handle(handle), seconds)

    def _finish_was_slow(self, of, seconds):
        operation, function = of
        if function is None:
            self._was_slow(f"the end of {operation!r}", seconds)
            return
        called = format_helpers._format_callback_source(function, ())
        self._was_slow(f"{called} of {operation!r}", seconds)

    @staticmethod
    def _was_slow(what, seconds):
        base_events.logger.warning("Executing %s took %.3f seconds", what, seconds)

    @staticmethod
    def _told_origin(stack):
        lines = "".join(stack.format()).rstrip("\n")
        return f"\nCoroutine created at (most recent call last)\n{lines}"


class _Selector:
    """What the standard library's transports ask a selector: for their representation."""

    def __init__(self, loop):
        self._loop = loop

    def get_key(self, fd):
        reader, writer = self._loop._watches_of(fd)
        events = bool(reader) * selectors.EVENT_READ | bool(writer) * selectors.EVENT_WRITE
        if not events:
            raise KeyError(f"{fd!r} is not registered")
        return selectors.SelectorKey(fd, fd, events, (reader, writer))

    def close(self):
        self._loop = None


@contextlib.contextmanager
def _pygobject_is_woken():
    """Keep PyGObject from waking up for signals by its own means in the body.

    That is a callback of GLib's, where what a signal's handler raises would get lost.
    """
    before = _ossighelper._wakeup_fd_is_active
    _ossighelper._wakeup_fd_is_active = True
    try:
        yield
    finally:
        _ossighelper._wakeup_fd_is_active = before


@contextlib.contextmanager
def without_current_task(loop):
    """Let other tasks run in the body, which a task of the loop has entered, if any has."""
    current = asyncio.current_task(loop)
    if current is None:
        yield
        return
    tasks._leave_task(loop, current)
    try:
        yield
    finally:
        tasks._enter_task(loop, current)


def _be_newest(loop):
    number = next(_numbers)
    _loops[number] = loop
    return number


def _newest(fits):
    for reference in reversed(_loops.valuerefs()):
        loop = reference()
        if loop is not None and not loop.is_closed() and fits(loop):
            return loop
    return None


def create_task(coro, *, priority=None, **kwargs):
    """asyncio.create_task(), with the task's GLib priority; lower runs first."""
    if priority is not None:
        kwargs["context"] = _with_priority(kwargs.get("context"), priority)
    # asyncio.create_task() has a name for the task: see EventLoop._create_task().
    return asyncio.get_running_loop().create_task(coro, **kwargs)


def create_background_task(coro, *, priority=None, **kwargs):
    """create_task(), for a task that nobody awaits.

        gawait.create_background_task(show(window))

    It is kept until it has ended, so that its result need not be. If it fails, its exception goes
    to the loop's exception handler at once, which logs it by default, and not only if the task is
    collected without anybody having looked.
    """
    return keep_task(create_task(coro, priority=priority, **kwargs))


def keep_task(task, message=None):
    """Keep a task that nobody awaits until it has ended, and report it if it fails.

    Gives the task back, so that its maker needs no name for it: see EventLoop._create_task().
    """
    _kept_tasks.add(task)
    task.add_done_callback(functools.partial(_kept_task_ended, message))
    return task


_kept_tasks = set()


def _kept_task_ended(message, task):
    _kept_tasks.discard(task)
    exception = None if task.cancelled() else task.exception()
    # Those two the run raises that they have ended.
    if exception is not None and not isinstance(exception, (SystemExit, KeyboardInterrupt)):
        message = message or f"Exception in background task {task.get_name()}"
        task.get_loop().call_exception_handler(
            {"message": message, "exception": exception, "task": task}
        )


def check_priority(value, function):
    """Raise an error that names the function if the value is no GLib priority."""
    if not isinstance(value, int):
        raise TypeError(
            f"{function}() argument 'priority' must be an int, not {type(value).__name__}"
        )
    if not GLib.MININT32 <= value <= GLib.MAXINT32:
        raise OverflowError(f"{function}() argument 'priority' is out of range")


# What tasks can be made of all the same. What reads a task's coroutine in the memory of another
# process, since Python 3.14, fails for all of them if one is something else.
_no_coroutines = (Operation, _native.SocketCall) if sys.version_info >= (3, 14) else Operation


def _with_priority(context, value):
    check_priority(value, "create_task")
    if context is None:
        context = contextvars.copy_context()
    _native.LoopCore._set_priorities_in_use()
    context.run(priority.set, value)
    return context


def _default_context():
    context = GLib.MainContext.get_thread_default()
    if context is not None and context not in _of_parent:
        return context
    if threading.current_thread() is threading.main_thread():
        context = GLib.MainContext.default()
        if context not in _of_parent and context.acquire():
            context.release()
            return context
    return GLib.MainContext.new()


def _was_forked():
    _of_parent[:] = filter(
        None, (GLib.MainContext.default(), GLib.MainContext.get_thread_default())
    )


os.register_at_fork(after_in_child=_was_forked)
