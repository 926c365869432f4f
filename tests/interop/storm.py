"""A hundred thousand calls of the word counter from C++ and from Python, cancelled at random.

usage: storm.py STORM-LIBRARY DIRECTORY

Both halves run side by side in this process, on one engine. Says on standard output what it has
checked; ends with status 1 if something is wrong.
"""

import asyncio
import collections
import ctypes
import gc
import os
import pathlib
import random
import sys

import gawait
import gi

gi.require_version("Crossing", "1.0")
from gi.repository import Crossing, Gio, GLib

CALLS = 100_000
CALLERS = 50  # of each language
SEED = 20_261_123


class Tally(ctypes.Structure):
    """How many calls ended in which way; `storm_tally` of storm.cpp."""

    _fields_ = [(name, ctypes.c_uint) for name in ("counted", "cancelled", "refused", "wrong")]


def expect(what, right, *seen):
    if not right:
        sys.exit(f"{what}: {', '.join(map(str, seen))} (seed {SEED})")
    print(what)


# The C++ half -------------------------------------------------------------------------


class InCpp:
    def __init__(self, library):
        self._library = ctypes.CDLL(library)
        self._ended = ctypes.CFUNCTYPE(None, ctypes.POINTER(Tally))

    async def rage(self, text, picture):
        told = asyncio.get_running_loop().create_future()
        ended = self._ended(
            lambda tally: told.set_result(Tally.from_buffer_copy(tally.contents))
        )
        self._library.storm_begin(
            os.fsencode(text),
            os.fsencode(picture),
            CALLERS,
            CALLS // 2 // CALLERS,
            SEED,
            ended,
        )
        return await told

    @property
    def alive(self):
        return self._library.storm_alive()


# The Python half ----------------------------------------------------------------------


class InPython:
    def __init__(self):
        self.alive = 0
        self._tally = Tally()

    async def rage(self, text, picture):
        files = [Gio.File.new_for_path(str(path)) for path in (text, picture)]
        async with asyncio.TaskGroup() as callers:
            for caller in range(CALLERS):
                callers.create_task(self._call_often(*files, random.Random(SEED + caller)))
        return self._tally

    async def _call_often(self, text, picture, chance):
        for _ in range(CALLS // 2 // CALLERS):
            how = await self._call_once(picture if chance.randrange(8) == 0 else text, chance)
            setattr(self._tally, how, getattr(self._tally, how) + 1)

    async def _call_once(self, file, chance):
        counter = Crossing.WordCounter()
        stop = Gio.Cancellable()
        for made in (counter, stop):
            self.alive += 1
            made.weak_ref(self._gone)
        try:
            match chance.randrange(6):
                case 0:
                    stop.cancel()
                    came = await counter.count_async(file, cancellable=stop)
                case 1:
                    asyncio.get_running_loop().call_later(chance.random() / 2000, stop.cancel)
                    came = await counter.count_async(file, cancellable=stop)
                case 2:
                    async with asyncio.timeout(chance.random() / 2000):
                        came = await counter.count_async(file)
                case _:
                    came = await counter.count_async(file)
        except TimeoutError:
            return "cancelled"
        except GLib.Error as failure:
            if failure.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED):
                return "cancelled"
            refused = failure.matches(Crossing.error_quark(), Crossing.Error.NOT_TEXT)
            return "refused" if refused else "wrong"
        return "counted" if came == (3, 1) else "wrong"

    def _gone(self):
        self.alive -= 1


# Together -----------------------------------------------------------------------------


def open_files():
    return collections.Counter(
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")
    )


async def main(library, directory):
    reports = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: reports.append(context)
    )
    text, picture = directory / "text", directory / "picture"
    text.write_text("three words here\n")
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    halves = {"C++": InCpp(library), "Python": InPython()}
    tallies = await asyncio.gather(*(half.rage(text, picture) for half in halves.values()))

    for language, tally in zip(halves, tallies):
        came = {name: getattr(tally, name) for name, _ in Tally._fields_}
        expect(f"every call from {language} has ended", sum(came.values()) == CALLS // 2, came)
        expect(f"and as it should, from {language}", came["wrong"] == 0, came)
        each = all(came[name] > CALLS // 200 for name in ("counted", "cancelled", "refused"))
        expect(f"in each of the ways, from {language}", each, came)
    expect("nothing was reported", not reports, reports)

    # A worker thread may hold the last reference to what it worked for a little longer.
    for _ in range(1000):
        gc.collect()
        if not any(half.alive for half in halves.values()):
            break
        await asyncio.sleep(0.01)
    alive = {language: half.alive for language, half in halves.items()}
    expect("nothing is alive", not any(alive.values()), alive)
    left_open = [name for name in open_files() if name.startswith(str(directory))]
    expect("no file is open", not left_open, left_open)


if __name__ == "__main__":
    gawait.run(main(sys.argv[1], pathlib.Path(sys.argv[2])))
