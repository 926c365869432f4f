"""The event loop that a coroutine runs on which GLib's users have started.

That is the one that runs where its GAsyncReadyCallback will be called. Where none does, because
a program written in C or one without asyncio iterates the context, it is a guest.
"""

import asyncio
import sys
import threading
import weakref

from gi.repository import GLib

from gawait import _native
from gawait.loop import EventLoop, without_current_task


def current_context():
    """Return the GLib.MainContext that what is started now calls back in."""
    return GLib.MainContext.get_thread_default() or GLib.MainContext.default()


def running_loop():
    """Return the loop that runs in this thread if it runs on current_context(), or None."""
    loop = asyncio._get_running_loop()
    return loop if loop is not None and _native.in_current_context(loop) else None


def running_glib_loop(awaited):
    """Return the running loop. It must iterate a GLib.MainContext, or what is awaited might never
    come."""
    loop = asyncio.get_running_loop()
    if getattr(loop, "_context", None) is None:
        raise RuntimeError(
            f"the running event loop, {type(loop).__name__}, does not iterate a GLib.MainContext, "
            f"without which {awaited} does not come: use gawait.run()"
        )
    return loop


def loop_of_context(context):
    """Return a loop that runs when a context is iterated, which this thread owns."""
    loop = asyncio._get_running_loop()
    if loop is not None and getattr(loop, "_context", None) == context:
        return loop
    loop = EventLoop.of_context(context)
    if loop is not None and loop._thread_id == threading.get_ident():
        return loop
    guest = _of_thread.guests.get(hash(context))
    if guest is None:
        guest = _Guest(context)
        _of_thread.guests[hash(context)] = guest
        _of_thread.kept = {each for each in _of_thread.kept if each._is_used()}
    _of_thread.kept.add(guest)
    return guest


class _OfThread(threading.local):
    """What ends with a thread: its guests.

    They keep their contexts, of which a thread may use many. So when another one comes, those go
    that have nothing to do.
    """

    def __init__(self):
        self.guests = weakref.WeakValueDictionary()
        self.kept = set()


_of_thread = _OfThread()


class _Guest(EventLoop):
    """A loop that runs whenever its context is iterated, whoever does it.

    It is the thread's running loop only within its callbacks, so that others may run meanwhile.
    """

    def __init__(self, context):
        super().__init__(context)
        del self.call_soon  # which refers to self: a guest goes when nobody has it any more
        self._guest = True
        self._thread_id = threading.get_ident()
        self._enter()

    def _is_used(self):
        """Return whether something is still to run on it."""
        return self._has_work(self._ssock.fileno()) or bool(asyncio.all_tasks(self))

    def _be_found(self):
        pass  # It is not the loop that a program has chosen.

    def __del__(self):
        self._thread_id = None
        if sys is not None and not sys.is_finalizing():
            self.close()

    def stop(self):
        raise RuntimeError("this event loop ends with its thread")

    def _within_task(self, outer, handle):
        """Call what a handle is for where a task of another loop iterates the context."""
        with without_current_task(outer):
            handle._run()

    def _interrupted(self, error, outer):
        """Let SystemExit or KeyboardInterrupt end what iterates the context."""
        if isinstance(outer, EventLoop) and outer._context == self._context:
            outer.call_soon(_raise, error)  # which ends its run
        else:
            _raise_in(self._context, error)


def _raise(error):
    raise error


def _raise_in(context, error):
    """Raise it in a callback of GLib's, where it ends what PyGObject lets it end."""
    source = GLib.Idle()
    source.set_callback(lambda *_: _raise(error))
    source.attach(context)
