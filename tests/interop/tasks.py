"""Prints what awaits what while C++ counts words for Python."""

import asyncio
import sys

import gawait
import gi

gi.require_version("Crossing", "1.0")
from gi.repository import Crossing, Gio


async def count(directory):
    await Crossing.WordCounter().count_async(Gio.File.new_for_path(directory))


async def main():
    counting = asyncio.create_task(count(sys.argv[1]), name="count")
    await asyncio.sleep(0)
    gawait.print_tasks()
    counting.cancel()
    await asyncio.wait([counting])


gawait.run(main())
