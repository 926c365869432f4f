"""async for over what Gio iterates asynchronously.

    async for info in await directory.enumerate_children_async("standard::name", 0):
        ...  # a Gio.FileInfo; they are fetched in batches
    async for line in Gio.DataInputStream.new(stream):
        ...  # a str without the end of the line; the data must be UTF-8 without NUL
    async for connection in listener:
        ...  # a Gio.SocketConnection, for as long as the Gio.SocketListener is not closed

A GLib.Error is raised where it stops the iteration. Nothing is closed at its end, and another
iteration goes on where one was left.
"""

from gi.repository import Gio, GLib

from gawait.operation import wrap

_BATCH = 64  # of Gio.FileInfo objects

_next_files = wrap(Gio.FileEnumerator.next_files_async, Gio.FileEnumerator.next_files_finish)
_read_line = wrap(
    Gio.DataInputStream.read_line_async, Gio.DataInputStream.read_line_finish_utf8
)
_accept = wrap(Gio.SocketListener.accept_async, Gio.SocketListener.accept_finish)


class _Iterator:
    def __init__(self, iterated):
        self._iterated = iterated

    def __aiter__(self):
        return self


class _FileInfos(_Iterator):
    async def __anext__(self):
        # The enumerator keeps what was fetched: who goes on after a break misses nothing.
        batch = getattr(self._iterated, "_gawait_fetched", None)
        if not batch:
            batch = await _next_files(self._iterated, _BATCH, GLib.PRIORITY_DEFAULT)
            batch.reverse()
            self._iterated._gawait_fetched = batch
        if not batch:
            raise StopAsyncIteration
        return batch.pop()


class _Lines(_Iterator):
    async def __anext__(self):
        line, length = await _read_line(self._iterated, GLib.PRIORITY_DEFAULT)
        if line is None:
            raise StopAsyncIteration
        # PyGObject's strings end at a NUL.
        if len(line) != length and len(line.encode()) != length:
            code = GLib.ConvertError.EMBEDDED_NUL
            raise GLib.Error("Embedded NUL byte in a line", "g_convert_error", code)
        return line


class _Connections(_Iterator):
    async def __anext__(self):
        connection, _ = await _accept(self._iterated)
        return connection


def _make_iterable(class_, iterator):
    class_.__aiter__ = lambda self: iterator(self)


def patch():
    """Make the three classes asynchronously iterable."""
    _make_iterable(Gio.FileEnumerator, _FileInfos)
    _make_iterable(Gio.DataInputStream, _Lines)
    _make_iterable(Gio.SocketListener, _Connections)
