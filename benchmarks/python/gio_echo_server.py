"""Sends back what comes over TCP, by awaiting GIO's streams on gawait's loop, until its input ends.

Prints the port as its first line.
"""

import asyncio
import resource
import sys

import gawait
from gi.repository import Gio, GLib

SIZE = 64 * 1024


async def serve(connection):
    reads, writes = connection.get_input_stream(), connection.get_output_stream()
    try:
        while data := await reads.read_async(SIZE):
            await writes.write_all_async(data)
    except GLib.Error:
        pass  # the other end has gone


async def main():
    tasks = set()

    def incoming(_, connection, source):
        task = asyncio.create_task(serve(connection))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return True

    service = Gio.SocketService()
    service.set_backlog(4096)
    address = Gio.InetSocketAddress.new_from_string("127.0.0.1", 0)
    _, effective = service.add_address(
        address, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP, None
    )
    service.connect("incoming", incoming)
    print(effective.get_port(), flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    await ended.wait()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gawait.run(main())
