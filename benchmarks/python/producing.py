"""Calls an _async/_finish pair again and again, and prints what a call took as JSON.

usage: producing.py MAKER BODY CONSUMER AT_ONCE SECONDS

MAKER     coroutine   the pair is made of an async def function, by gawait
          callbacks   the pair is written by hand, and hears of the caller's cancellable
BODY      knows       the pair returns a sum
          asks        the pair reads from a stream in memory
CONSUMER  callback    each callback calls finish, and starts the next call
          await       a task awaits one call after the other
AT_ONCE   how many of these chains there are
"""

import asyncio
import json
import sys

import timing
from gi.repository import Gio, GLib, GObject

CALLS = 1000


def new_stream():
    return Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"x" * 16))


def coroutines():
    import gawait

    class Coroutines(GObject.Object):
        @gawait.async_method
        async def knows(self, one: int, other: int) -> int:
            return one + other

        @gawait.async_method
        async def asks(self, stream: Gio.InputStream, count: int) -> int:
            return (await stream.read_bytes_async(count)).get_size()

    return Coroutines()


def callbacks():
    class Callbacks(GObject.Object):
        def knows_async(self, one, other, priority, cancellable, callback, user_data=None):
            task = Gio.Task.new(self, cancellable, callback, user_data)
            task.set_priority(priority)
            # What takes a while is to be given up when the caller cancels.
            cancelled = cancellable.connect(lambda _cancellable: None)
            cancellable.disconnect(cancelled)
            task.return_int(one + other)

        def knows_finish(self, result):
            return result.propagate_int()

        def asks_async(self, stream, count, priority, cancellable, callback, user_data=None):
            task = Gio.Task.new(self, cancellable, callback, user_data)
            task.set_priority(priority)
            stream.read_bytes_async(count, priority, cancellable, self._read, task)

        def _read(self, stream, result, task):
            try:
                task.return_int(stream.read_bytes_finish(result).get_size())
            except GLib.Error as failure:
                task.return_error(failure)

        def asks_finish(self, result):
            return result.propagate_int()

    return Callbacks()


def new_arguments(body):
    return (40, 2) if body == "knows" else (new_stream(), 4)


def with_callbacks(start, finish, chains):
    main = GLib.MainLoop()
    left = CALLS
    running = 0

    def begin(arguments):
        nonlocal left, running
        left -= 1
        running += 1
        cancellable = Gio.Cancellable()
        start(*arguments, GLib.PRIORITY_DEFAULT, cancellable, ready, arguments)

    def ready(_source, result, arguments):
        nonlocal running
        finish(result)
        running -= 1
        if left:
            begin(arguments)
        elif not running:
            main.quit()

    for arguments in chains:
        begin(arguments)
    main.run()


def with_awaits(loop, call, chains):
    async def calls(arguments):
        for _ in range(CALLS // len(chains)):
            await call(arguments)

    async def main():
        await asyncio.gather(*map(calls, chains))

    loop.run_until_complete(main())


def awaited(start):
    """What awaits a pair that gawait has made."""

    def call(arguments):
        return start(*arguments)

    return call


def awaited_by_hand(loop, start, finish):
    """What awaits a pair of any other."""

    def ready(_source, result, future):
        try:
            future.set_result(finish(result))
        except GLib.Error as failure:
            future.set_exception(failure)

    def call(arguments):
        future = loop.create_future()
        start(*arguments, GLib.PRIORITY_DEFAULT, Gio.Cancellable(), ready, future)
        return future

    return call


def main():
    maker, body, consumer, at_once, seconds = sys.argv[1:]
    made = coroutines() if maker == "coroutine" else callbacks()
    start, finish = getattr(made, f"{body}_async"), getattr(made, f"{body}_finish")
    chains = [new_arguments(body) for _ in range(int(at_once))]
    if consumer == "callback":

        def work():
            with_callbacks(start, finish, chains)

    else:
        import gawait

        loop = gawait.new_event_loop()
        asyncio.set_event_loop(loop)
        coroutine = maker == "coroutine"
        call = awaited(start) if coroutine else awaited_by_hand(loop, start, finish)

        def work():
            with_awaits(loop, call, chains)

    print(json.dumps(timing.of_one(work, CALLS, float(seconds))))


if __name__ == "__main__":
    main()
