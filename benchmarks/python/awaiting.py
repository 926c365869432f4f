"""Awaits one kind of operation again and again, and prints what one took as JSON.

usage: awaiting.py LOOP WORK WAY FOLDER SECONDS

WORK    read_bytes      4 bytes of a stream in memory
        load_contents   FOLDER/file
        query_info      of FOLDER/file
        enumerate       the names and types in FOLDER/many
WAY     awaits          the function, called without a callback
        call            gawait.call()
        callbacks       a callback that completes a future, by hand, with a Gio.Cancellable
        aiofiles        what aiofiles has for it
"""

import asyncio
import json
import os
import sys

import loops
import timing
from gi.repository import Gio, GLib

OPERATIONS = 100
PRIORITY = GLib.PRIORITY_DEFAULT
ATTRIBUTES = "standard::name,standard::type"
NO_FLAGS = Gio.FileQueryInfoFlags.NONE
BATCH = 64  # files


def memory_stream(_folder):
    return Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"x" * 16))


def file_in(folder):
    return Gio.File.new_for_path(f"{folder}/file")


def directory_in(folder):
    return Gio.File.new_for_path(f"{folder}/many")


# What gives the object, and of an asynchronous function of it: its name and arguments.
FUNCTIONS = {
    "read_bytes": (memory_stream, "read_bytes", (4, PRIORITY)),
    "load_contents": (file_in, "load_contents", ()),
    "query_info": (file_in, "query_info", ("standard::size", NO_FLAGS, PRIORITY)),
}


# Each of these gives a function that begins an operation and returns an awaitable.


def awaits(_loop, work, folder):
    if work == "enumerate":
        return enumerating_by_awaits(directory_in(folder))
    make, name, arguments = FUNCTIONS[work]
    start = getattr(make(folder), f"{name}_async")
    # PyGObject's own awaitables come of a call that has a cancellable and no callback.
    return lambda: start(*arguments, None)


def enumerating_by_awaits(directory):
    async def enumerate_all():
        enumerator = await directory.enumerate_children_async(
            ATTRIBUTES, NO_FLAGS, PRIORITY, None
        )
        while infos := await enumerator.next_files_async(BATCH, PRIORITY, None):
            for info in infos:
                info.get_name()

    return enumerate_all


def call(_loop, work, folder):
    import gawait

    make, name, arguments = FUNCTIONS[work]
    start = getattr(make(folder), f"{name}_async")
    return lambda: gawait.call(start, *arguments)


def callbacks(loop, work, folder):
    if work == "enumerate":
        return enumerating_by_hand(loop, directory_in(folder))
    make, name, arguments = FUNCTIONS[work]
    made = make(folder)
    start, finish = getattr(made, f"{name}_async"), getattr(made, f"{name}_finish")
    return by_hand(loop, start, finish, *arguments)


def by_hand(loop, start, finish, *arguments):
    """What works on every release of PyGObject, and can be cancelled as what gawait gives."""

    def on_end(_source, result, future):
        try:
            future.set_result(finish(result))
        except GLib.Error as failure:
            future.set_exception(failure)

    def begin():
        future = loop.create_future()
        start(*arguments, Gio.Cancellable(), on_end, future)
        return future

    return begin


def enumerating_by_hand(loop, directory):
    begin = by_hand(
        loop,
        directory.enumerate_children_async,
        directory.enumerate_children_finish,
        ATTRIBUTES,
        NO_FLAGS,
        PRIORITY,
    )

    async def enumerate_all():
        enumerator = await begin()
        start, finish = enumerator.next_files_async, enumerator.next_files_finish
        next_files = by_hand(loop, start, finish, BATCH, PRIORITY)
        while infos := await next_files():
            for info in infos:
                info.get_name()

    return enumerate_all


def aiofiles(_loop, work, folder):
    import aiofiles
    import aiofiles.os

    async def load_contents():
        async with aiofiles.open(f"{folder}/file", "rb") as opened:
            return await opened.read()

    async def enumerate_all():
        for entry in await aiofiles.os.scandir(f"{folder}/many"):
            entry.is_dir()

    return {
        "load_contents": load_contents,
        "query_info": lambda: aiofiles.os.stat(f"{folder}/file"),
        "enumerate": enumerate_all,
    }[work]


WAYS = {each.__name__: each for each in (awaits, call, callbacks, aiofiles)}


def main():
    loop_name, work, way, folder, seconds = sys.argv[1:]
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)
    begin = WAYS[way](loop, work, folder)

    async def operations():
        for _ in range(OPERATIONS):
            await begin()

    def run():
        loop.run_until_complete(operations())

    print(json.dumps(timing.of_one(run, OPERATIONS, float(seconds))), flush=True)
    # Without what a loop of PyGObject's does in the end with what it has not looked after.
    os._exit(0)


if __name__ == "__main__":
    main()
