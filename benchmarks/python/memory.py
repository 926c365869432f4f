"""Lets many operations be pending on one event loop, and prints the memory of one as JSON.

usage: memory.py LOOP tasks|timers NUMBER
"""

import asyncio
import json
import os
import sys

import loops


async def wait(future):
    await future


async def pending_tasks(loop, number):
    """Each waits for a future of its own."""
    tasks = [loop.create_task(wait(loop.create_future())) for _ in range(number)]
    await asyncio.sleep(0)
    return tasks


async def pending_timers(loop, number):
    def nothing():
        pass

    return [loop.call_later(1000, nothing) for _ in range(number)]


KINDS = {"tasks": pending_tasks, "timers": pending_timers}


def resident():
    """The memory of this process, in bytes."""
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def main():
    loop_name, kind, number = sys.argv[1:]
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)

    async def measure():
        for each in await KINDS[kind](loop, 100):  # what is made once
            each.cancel()
        await asyncio.sleep(0)
        before = resident()
        pending = await KINDS[kind](loop, int(number))
        took = resident() - before
        for each in pending:
            each.cancel()
        await asyncio.sleep(0)
        return took / int(number)

    print(json.dumps({"bytes": loop.run_until_complete(measure())}))
    loop.close()


if __name__ == "__main__":
    main()
