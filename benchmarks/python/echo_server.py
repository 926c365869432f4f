"""Sends back what comes, over TCP and on one event loop, until its input ends.

usage: echo_server.py LOOP (protocol | sockets)

By a protocol, or by a task for each connection that calls the loop's socket methods. Prints the
port as its first line.
"""

import asyncio
import contextlib
import resource
import socket
import sys

import loops

# The most that is received at once: what the longest messages of the benchmark are.
MOST = 100 * 1024


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def send_back(loop, connection):
    with connection, contextlib.suppress(ConnectionResetError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := await loop.sock_recv(connection, MOST):
            await loop.sock_sendall(connection, data)


tasks = set()


def begin(loop, coroutine):
    tasks.add(task := loop.create_task(coroutine))
    task.add_done_callback(tasks.discard)


async def accept(loop, listening):
    listening.setblocking(False)
    while True:
        connection, _ = await loop.sock_accept(listening)
        begin(loop, send_back(loop, connection))


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = loops.new_loop(sys.argv[1])
    asyncio.set_event_loop(loop)
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    if sys.argv[2] == "sockets":
        begin(loop, accept(loop, listening))
    else:
        loop.run_until_complete(loop.create_server(Echo, sock=listening, backlog=4096))
    loop.add_reader(sys.stdin, loop.stop)
    print(listening.getsockname()[1], flush=True)
    loop.run_forever()


if __name__ == "__main__":
    main()
