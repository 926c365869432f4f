"""The last step of `./demo`: one library, used from C, from C++ and from Python in one process.

The library's methods are coroutines in C++. Here they are awaited, and so are the two other
clients, whose whole work is a pair of functions each; all of it runs on one engine.
"""

import asyncio
import os
import pathlib
import sys
import tempfile

import gawait
import gi

gi.require_version("Crossing", "1.0")
gi.require_version("CrossingClients", "1.0")
from gi.repository import Crossing, CrossingClients, Gio, GLib
from steps import StepFailed, require, step

# The client in Python -----------------------------------------------------------------


async def in_python(tree, mixed):
    """What the clients in C and in C++ do, and gives what they give."""
    counter = Crossing.WordCounter()
    words, files = await counter.count_async(tree)

    first_file = gawait.signal(counter, "file-counted")
    counting = asyncio.create_task(count(counter, tree))
    await first_file
    counting.cancel()
    await asyncio.wait([counting])
    require(counting.cancelled(), "Python: a count was not cancelled")

    try:
        await counter.count_async(mixed)
    except GLib.Error as failure:
        refused = failure.matches(Crossing.error_quark(), Crossing.Error.NOT_TEXT)
        require(refused, "Python: a file that is not text was not refused")
        return words, files, failure.message
    raise StepFailed("Python: a file that is not text was counted")


async def count(counter, tree):
    return await counter.count_async(tree)


# The steps ----------------------------------------------------------------------------

FILES = 200
WORDS = 25


def plant(directory):
    """Makes a tree of texts, and one that has a picture among its texts."""
    tree = pathlib.Path(directory, "tree")
    for number in range(FILES):
        branch = tree / f"{number % 7}" / f"{number % 3}"
        branch.mkdir(parents=True, exist_ok=True)
        (branch / f"{number}.txt").write_text("one library, three languages: wörter\n" * 5)
    # To be passed over: nobody ever writes into this.
    os.mkfifo(tree / "fifo")
    mixed = pathlib.Path(directory, "mixed")
    mixed.mkdir()
    (mixed / "text").write_text("text")
    (mixed / "picture").write_bytes(b"\x89PNG\r\n\x1a\n")
    return Gio.File.new_for_path(str(tree)), Gio.File.new_for_path(str(mixed))


def told(came):
    words, files, failure = came
    require((words, files) == (FILES * WORDS, FILES), "the words were not counted right")
    require(failure.endswith("picture: not text in UTF-8"), "the error says something else")
    return f"{words} words in {files} files; one count cancelled, one refused"


async def client(work):
    return told(await work)


async def all_at_once(tree, mixed):
    came = await asyncio.gather(
        CrossingClients.in_c_async(tree, mixed),
        CrossingClients.in_cpp_async(tree, mixed),
        in_python(tree, mixed),
    )
    require(came[0] == came[1] == came[2], "the clients do not agree")
    told(came[0])
    return "the three of them side by side: the same"


async def rank(tree):
    words = await Crossing.WordCounter(files_at_once=16).most_frequent_async(tree, 3)
    require(words == ["languages", "library", "one"], "other words are the most frequent")
    return f"most frequent: {', '.join(words)}"


async def one_engine():
    """The engine that C++ finds is the one that this loop keeps going."""
    with open("/proc/self/maps") as maps:
        loaded = {line.split()[-1] for line in maps if "/libgawait.so" in line}
    require(len(loaded) == 1, f"libgawait is loaded more than once: {loaded}")
    rounds = 1000
    before = CrossingClients.engine_rounds()
    for _ in range(rounds):
        await asyncio.sleep(0)
    seen = CrossingClients.engine_rounds() - before
    require(
        seen >= rounds, f"C++ sees another engine: {seen} rounds while asyncio ran {rounds}"
    )
    return f"C++ sees {seen} rounds of asyncio's {rounds}; libgawait is there once"


async def main(tree, mixed):
    await step("in C", client(CrossingClients.in_c_async(tree, mixed)))
    await step("in C++", client(CrossingClients.in_cpp_async(tree, mixed)))
    await step("in Python", client(in_python(tree, mixed)))
    await step("at the same time", all_at_once(tree, mixed))
    await step("a list of strings", rank(tree))
    await step("one engine", one_engine())


if __name__ == "__main__":
    print("One library in C++, used from C, C++ and Python", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="gawait-crossing-") as scratch:
            gawait.run(main(*plant(scratch)))
    except (StepFailed, GLib.Error) as failed:
        sys.exit(f"crossing: {failed}")
