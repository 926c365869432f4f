"""Asks for the size of a file again and again, so many times at once, until it is killed.

usage: file_queries.py LOOP
"""

import asyncio
import sys

from gi.repository import Gio

import loops

IN_FLIGHT = 5000  # operations of GIO's


async def repeat(answered):
    """Calls answered() for each answer."""
    file = Gio.File.new_for_path(__file__)

    async def query():
        while True:
            await file.query_info_async("standard::size", Gio.FileQueryInfoFlags.NONE, 0)
            answered()

    await asyncio.gather(*(query() for _ in range(IN_FLIGHT)))


if __name__ == "__main__":
    loops.new_loop(sys.argv[1]).run_until_complete(repeat(lambda: None))
