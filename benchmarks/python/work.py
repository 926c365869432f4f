"""Does one kind of work on one event loop, and prints what an operation took as JSON.

usage: work.py LOOP WORK SECONDS
"""

import asyncio
import json
import os
import sys
import threading

import loops
import timing


def run_callbacks(loop, first):
    loop.call_soon(first)
    loop.run_forever()


def chain(loop, operations):
    """Each callback calls the next one soon."""
    left = operations
    call_soon = loop.call_soon

    def step():
        nonlocal left
        left -= 1
        if left:
            call_soon(step)
        else:
            loop.stop()

    run_callbacks(loop, step)


def in_batches(loop, operations, call):
    left = operations

    def nothing():
        pass

    def step():
        nonlocal left
        left -= 1000
        for _ in range(1000):
            call(nothing)
        call(step if left > 0 else loop.stop)

    run_callbacks(loop, step)


def batches(loop, operations):
    """A thousand callbacks at a time that do nothing."""
    in_batches(loop, operations, loop.call_soon)


def sleep_0(loop, operations):
    async def main():
        sleep = asyncio.sleep
        for _ in range(operations):
            await sleep(0)

    loop.run_until_complete(main())


def gathered(loop, operations):
    """A thousand tasks at a time that do nothing."""

    async def nothing():
        pass

    async def main():
        for _ in range(operations // 1000):
            await asyncio.gather(*[nothing() for _ in range(1000)])

    loop.run_until_complete(main())


def timers(loop, operations):
    """A thousand timers at a time, started and then cancelled."""

    def nothing():
        pass

    async def main():
        for _ in range(operations // 1000):
            started = [loop.call_later(10, nothing) for _ in range(1000)]
            for each in started:
                each.cancel()
            await asyncio.sleep(0)

    loop.run_until_complete(main())


def threadsafe(loop, operations):
    """Callbacks from another thread, which waits for each thousand to have been run."""
    call = loop.call_soon_threadsafe
    ran = threading.Event()

    def nothing():
        pass

    def post():
        for _ in range(operations // 1000):
            ran.clear()
            for _ in range(999):
                call(nothing)
            call(ran.set)
            ran.wait()
        call(loop.stop)

    thread = threading.Thread(target=post)
    thread.start()
    loop.run_forever()
    thread.join()


def threadsafe_at_home(loop, operations):
    """A thousand callbacks at a time, from the loop's own thread."""
    in_batches(loop, operations, loop.call_soon_threadsafe)


def memory_stream():
    from gi.repository import Gio, GLib

    return Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"x" * 16))


def read_bytes(loop, operations):
    """Awaits what an introspected function gives when it is called without a callback."""
    from gi.repository import GLib

    async def main():
        stream = memory_stream()
        for _ in range(operations):
            await stream.read_bytes_async(4, GLib.PRIORITY_DEFAULT, None)

    loop.run_until_complete(main())


def read_bytes_by_call(loop, operations):
    from gi.repository import GLib

    import gawait

    async def main():
        stream = memory_stream()
        for _ in range(operations):
            await gawait.call(stream.read_bytes_async, 4, GLib.PRIORITY_DEFAULT)

    loop.run_until_complete(main())


def read_bytes_by_hand(loop, operations):
    """A callback that completes a future, and can be cancelled as what gawait gives: what works on
    every release of PyGObject.
    """
    from gi.repository import Gio, GLib

    def on_read(stream, result, future):
        try:
            future.set_result(stream.read_bytes_finish(result))
        except GLib.Error as failure:
            future.set_exception(failure)

    async def main():
        stream = memory_stream()
        for _ in range(operations):
            future = loop.create_future()
            cancellable = Gio.Cancellable()
            stream.read_bytes_async(4, GLib.PRIORITY_DEFAULT, cancellable, on_read, future)
            await future

    loop.run_until_complete(main())


# How many operations are done at a time, between looks at the clock.
CHUNKS = {
    chain: 20_000,
    batches: 20_000,
    sleep_0: 20_000,
    gathered: 10_000,
    timers: 10_000,
    threadsafe: 10_000,
    threadsafe_at_home: 10_000,
    read_bytes: 1_000,
    read_bytes_by_call: 1_000,
    read_bytes_by_hand: 1_000,
}


def io_uring_is_open():
    """Whether this process has one: gawait's loop then looks at its descriptors that way."""
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") == "anon_inode:[io_uring]":
                return True
        except FileNotFoundError:
            pass  # what listed them
    return False


def main():
    loop_name, work_name, seconds = sys.argv[1:]
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)
    work = globals()[work_name]
    operations = CHUNKS[work]
    took = timing.of_one(lambda: work(loop, operations), operations, float(seconds))
    print(json.dumps({"ns": took, "io_uring": io_uring_is_open()}))
    loop.close()


if __name__ == "__main__":
    main()
