"""Awaiting the signals of GObjects."""

import asyncio
import weakref

from gawait.connection import Connection, kept
from gawait.emissions import Emissions
from gawait.guest import running_glib_loop


def signal(obj, name):
    """Wait for the next emission of a signal, and return its arguments.

        (pspec,) = await gawait.signal(window, "notify::title")

    The result is a tuple, without the emitter. The signal is connected at the call, and
    disconnected when it came, or when the wait was cancelled or given up.

    name may have a detail. Raises TypeError if the object has no such signal, and
    RuntimeError if no event loop is running that iterates a GLib.MainContext. To be
    called in the loop's thread.
    """
    future = _SignalFuture(loop=running_glib_loop("an emission"))
    future._emitter = obj
    future._signal = name
    connection = _Weakly(obj, name, future)
    future.add_done_callback(connection.disconnect)
    return future


class signals(Emissions):
    """Iterate over the emissions of a signal.

        async for (row,) in gawait.signals(listbox, "row-activated"):
            ...

    Each item is the tuple of the arguments, without the emitter. The signal is connected
    at the call and emissions are kept until they are asked for. It is disconnected when the
    iterator is closed, by close() or as a context manager, or when nobody has it any more, as
    after the loop was left or its task cancelled; and when the event loop is closed. A wait that
    is cancelled or timed out ends nothing: what is emitted then goes to the next.

    name may have a detail. Raises TypeError if the object has no such signal, and
    RuntimeError if no event loop is running that iterates a GLib.MainContext. To be
    called in the loop's thread.
    """

    def __init__(self, obj, name):
        super().__init__()
        self._loop = running_glib_loop("an emission")
        self._emitter, self._name = obj, name
        self._connection = _Weakly(obj, name, self)

    @property
    def _given(self):
        return f"the signal '{self._name}'"

    def _disconnect(self):
        self._connection.disconnect()

    def _emitted(self, arguments):
        """Take an emission; return whether more are wanted."""
        self._keep(arguments)
        return True

    def _get_loop(self):
        return self._loop


class _SignalFuture(asyncio.Future):
    def _emitted(self, arguments):
        if not self.done():
            self.set_result(arguments)
        return False

    _get_loop = asyncio.Future.get_loop


class _Weakly:
    """A signal that is connected for as long as its receiver lives, wants more, and its loop is open."""

    def __init__(self, obj, name, receiver):
        self._loop = receiver._get_loop()
        self._connection = Connection(obj, name, self)
        self._receiver = weakref.ref(receiver, self.disconnect)

    def __call__(self, _emitter, *arguments):
        receiver = self._receiver()
        if receiver is None or self._loop.is_closed() or not receiver._emitted(kept(arguments)):
            self.disconnect()
        return self._connection.default

    def disconnect(self, *_):
        self._connection.disconnect()
