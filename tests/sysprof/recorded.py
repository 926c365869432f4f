"""Does what sysprof is to be told of."""

import asyncio

import gawait
from gi.repository import Gio


async def look_at(path):
    await Gio.File.new_for_path(path).query_info_async("standard::type", 0, 0)


async def main():
    await asyncio.create_task(look_at("/"), name="root")
    await asyncio.sleep(0.02)


gawait.run(main())
