"""Prints what awaits what while C++ counts words for Python, once that awaits a function of GIO's."""

import asyncio
import io
import re
import sys

import gawait
import gi

gi.require_version("Crossing", "1.0")
from gi.repository import Crossing, Gio


async def count(directory):
    await Crossing.WordCounter().count_async(Gio.File.new_for_path(directory))


async def main():
    counting = asyncio.create_task(count(sys.argv[1]), name="count")
    said = io.StringIO()
    while not re.search("awaits g_file_[a-z_]+_async, .*\n$", said.getvalue()):
        assert not counting.done()
        await asyncio.sleep(0)
        said.seek(said.truncate(0))
        gawait.print_tasks(file=said)
    print(said.getvalue(), end="")
    counting.cancel()
    await asyncio.wait([counting])


gawait.run(main())
