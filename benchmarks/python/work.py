"""Does one kind of work on one event loop, and prints what an operation took as JSON.

usage: work.py LOOP WORK SECONDS
"""

import asyncio
import json
import os
import signal
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


def expiring(loop, operations):
    """So many timers at once, which all expire within a tenth of a second."""
    left = operations

    def expired():
        nonlocal left
        left -= 1
        if not left:
            loop.stop()

    for number in range(operations):
        loop.call_later(number * 7919 % 1000 / 10_000, expired)
    loop.run_forever()


def threadsafe(loop, operations, threads=1):
    """Callbacks from other threads, each of which waits for each thousand to have been run."""
    call = loop.call_soon_threadsafe
    left = threads

    def nothing():
        pass

    def ended():
        nonlocal left
        left -= 1
        if not left:
            loop.stop()

    def post():
        ran = threading.Event()
        for _ in range(operations // threads // 1000):
            ran.clear()
            for _ in range(999):
                call(nothing)
            call(ran.set)
            ran.wait()
        call(ended)

    posting = [threading.Thread(target=post) for _ in range(threads)]
    for thread in posting:
        thread.start()
    loop.run_forever()
    for thread in posting:
        thread.join()


def threadsafe_from_four(loop, operations):
    threadsafe(loop, operations, 4)


def threadsafe_at_home(loop, operations):
    """A thousand callbacks at a time, from the loop's own thread."""
    in_batches(loop, operations, loop.call_soon_threadsafe)


def nothing_at_all():
    pass


def executor(loop, operations):
    """Calls in another thread, one after the other."""

    async def main():
        for _ in range(operations):
            await loop.run_in_executor(None, nothing_at_all)

    loop.run_until_complete(main())


def executor_at_once(loop, operations):
    """Calls in other threads, a hundred at a time."""

    async def main():
        for _ in range(operations // 100):
            await asyncio.gather(
                *[loop.run_in_executor(None, nothing_at_all) for _ in range(100)]
            )

    loop.run_until_complete(main())


def processes(loop, operations):
    """Processes that are spawned and waited for, ten at a time."""

    async def spawn_and_wait():
        process = await asyncio.create_subprocess_exec("/bin/true")
        await process.wait()

    async def main():
        for _ in range(operations // 10):
            await asyncio.gather(*[spawn_and_wait() for _ in range(10)])

    loop.run_until_complete(main())


def signals(loop, operations):
    """Signals that the process sends itself, one after the other."""
    arrived = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, arrived.set)

    async def main():
        for _ in range(operations):
            arrived.clear()
            os.kill(os.getpid(), signal.SIGUSR1)
            await arrived.wait()

    loop.run_until_complete(main())
    loop.remove_signal_handler(signal.SIGUSR1)


# How many operations are done at a time, between looks at the clock.
CHUNKS = {
    chain: 20_000,
    batches: 20_000,
    sleep_0: 20_000,
    gathered: 10_000,
    timers: 10_000,
    expiring: 1_000_000,
    threadsafe: 10_000,
    threadsafe_from_four: 40_000,
    threadsafe_at_home: 10_000,
    executor: 500,
    executor_at_once: 1_000,
    processes: 100,
    signals: 1_000,
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
    print(json.dumps(took | {"io_uring": io_uring_is_open()}))
    loop.close()


if __name__ == "__main__":
    main()
