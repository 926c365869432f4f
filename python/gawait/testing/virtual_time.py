"""Virtual time."""

import asyncio
import contextlib
import threading

from gawait import _native
from gawait.loop import EventLoop, before_use


class VirtualTime:
    """A context manager: in the body a loop's time is virtual, and what waits takes no real time.

        with VirtualTime():
            gawait.run(asyncio.sleep(3600))

    It is of the loop that runs here, or if none does, of each of gawait's loops that this thread
    runs in the body, from when it first runs. loop.time(), call_later(), asyncio.sleep(),
    asyncio.timeout() and all that is made of them follow it.

    It stands still while the program works, so that each sleep takes exactly its time however slow
    the machine is. When nothing is left to do, that is where the thread would block, it jumps to the
    next of what is waited for. Not while something is in flight: then the thread really waits, and
    meanwhile time goes on as the real one does, so that time-outs of that come as well. In flight
    are awaited operations of GIO's, calls over D-Bus, what run_in_executor() and asyncio.to_thread()
    run, and subprocesses.

    Not in flight is what may never come, as far as the loop knows: a socket or pipe that is waited
    for (what is there is seen before time jumps, what another thread or process will send is not),
    call_soon_threadsafe(), a signal, and GLib's own time-outs, which are real. Say so by
    in_flight(), where it is on its way.

    In the end time goes on as the real one does, from where it is, so that timers keep the time that
    they have left. RuntimeError: the loop has virtual time already.
    """

    def __init__(self):
        self._of_contexts = {}  # which it keeps, lest another one has the address of one

    def __enter__(self):
        loop = asyncio._get_running_loop()
        if loop is not None:
            self._begin(loop)
        else:
            _here().append(self)
        return self

    def __exit__(self, *_):
        if self in _here():
            _here().remove(self)
        for each in self._of_contexts.values():
            each.close()
        self._of_contexts.clear()

    @contextlib.contextmanager
    def in_flight(self):
        """Keep time from jumping while the body, of a coroutine that waits for something, runs.

        Raises RuntimeError where no loop runs that has this time.
        """
        loop = asyncio._get_running_loop()
        if getattr(loop, "_own_context", None) not in self._of_contexts:
            raise RuntimeError(
                "in_flight() is for where a loop runs that has this virtual time"
            )
        loop._begin_flight()
        try:
            yield
        finally:
            loop._end_flight()

    def _begin(self, loop):
        if not isinstance(loop, EventLoop):
            raise TypeError(f"VirtualTime() is of gawait's loops, not of {loop!r}")
        context = loop._own_context
        if context not in self._of_contexts:
            self._of_contexts[context] = _native.VirtualTime(loop)


_of_thread = threading.local()


def _here():
    """The virtual times that the loops are to have which this thread runs."""
    return _of_thread.__dict__.setdefault("times", [])


def _begin_those_here(loop):
    for each in _here():
        each._begin(loop)


before_use.append(_begin_those_here)
