"""Sends back what comes, over TCP and on one event loop, until its input ends.

usage: echo_server.py LOOP

Prints the port as its first line.
"""

import asyncio
import resource
import socket
import sys

import loops


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = loops.new_loop(sys.argv[1])
    asyncio.set_event_loop(loop)
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    loop.run_until_complete(loop.create_server(Echo, sock=listening, backlog=4096))
    loop.add_reader(sys.stdin, loop.stop)
    print(listening.getsockname()[1], flush=True)
    loop.run_forever()


if __name__ == "__main__":
    main()
