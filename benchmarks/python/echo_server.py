"""Sends back what comes, on one event loop, until its input ends.

usage: echo_server.py LOOP WAY WHERE [CERTIFICATE]

WAY    sockets     sock_recv() and sock_sendall(), in a task for each connection
       streams     asyncio's streams
       protocols   asyncio's transports and protocols
       callbacks   GIO's streams by callbacks, in a Gio.SocketService; LOOP iterates its context
       awaits      the same by awaits
WHERE  tcp or unix:PATH

With a certificate, a file in PEM that has it and its key, it speaks TLS. Prints its address as its
first line.
"""

import asyncio
import resource
import socket
import ssl
import sys

import loops
from listening import BACKLOG, listen_tcp, listen_unix

MOST = 256 * 1024


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def protocols(loop, listening, tls):
    of_family = {socket.AF_INET: loop.create_server, socket.AF_UNIX: loop.create_unix_server}
    create = of_family[listening.family]
    return await create(Echo, sock=listening, backlog=BACKLOG, ssl=tls)


async def streams(loop, listening, tls):
    async def serve(reader, writer):
        try:
            while data := await reader.read(MOST):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # the client is gone
        writer.close()

    of_family = {
        socket.AF_INET: asyncio.start_server,
        socket.AF_UNIX: asyncio.start_unix_server,
    }
    start = of_family[listening.family]
    return await start(serve, sock=listening, backlog=BACKLOG, ssl=tls, limit=MOST)


async def sockets(loop, listening, tls):
    if tls:
        raise ValueError("sockets have no TLS")
    listening.setblocking(False)
    return loop.create_task(accept(loop, listening))


async def accept(loop, listening):
    serving = set()
    while True:
        accepted, _ = await loop.sock_accept(listening)
        task = loop.create_task(serve_socket(loop, accepted))
        serving.add(task)
        task.add_done_callback(serving.discard)


async def serve_socket(loop, accepted):
    if accepted.family == socket.AF_INET:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with accepted:
        try:
            while data := await loop.sock_recv(accepted, MOST):
                await loop.sock_sendall(accepted, data)
        except OSError:
            pass  # the client is gone


def new_service(listening):
    """A Gio.SocketService on a socket."""
    from gi.repository import Gio

    service = Gio.SocketService.new()
    service.add_socket(Gio.Socket.new_from_fd(listening.detach()), None)
    return service


async def callbacks(loop, listening, tls):
    """Each callback is passed the two streams, and the connection that owns them."""
    from gi.repository import GLib

    priority = GLib.PRIORITY_DEFAULT

    def on_incoming(_service, connection, _source):
        prepare(connection)
        reader, writer = connection.get_input_stream(), connection.get_output_stream()
        reader.read_bytes_async(MOST, priority, None, on_read, (reader, writer, connection))
        return True

    def on_read(reader, result, streams):
        try:
            data = reader.read_bytes_finish(result)
        except GLib.Error:
            return  # the client is gone
        if data.get_size():
            write(data, streams)

    def write(data, streams):
        streams[1].write_bytes_async(data, priority, None, on_written, (data, streams))

    def on_written(writer, result, written):
        data, streams = written
        try:
            length = writer.write_bytes_finish(result)
        except GLib.Error:
            return
        if length < data.get_size():
            write(GLib.Bytes.new_from_bytes(data, length, data.get_size() - length), streams)
        else:
            streams[0].read_bytes_async(MOST, priority, None, on_read, streams)

    service = new_service(listening)
    service.connect("incoming", on_incoming)
    service.start()
    return service


async def awaits(loop, listening, tls):
    from gi.repository import GLib

    priority = GLib.PRIORITY_DEFAULT
    serving = set()

    async def serve(connection):
        reader, writer = connection.get_input_stream(), connection.get_output_stream()
        try:
            while (data := await reader.read_bytes_async(MOST, priority)).get_size():
                size, written = data.get_size(), 0
                while written < size:
                    if written:
                        data = GLib.Bytes.new_from_bytes(data, written, size - written)
                        size, written = size - written, 0
                    written += await writer.write_bytes_async(data, priority)
        except GLib.Error:
            pass  # the client is gone

    def on_incoming(_service, connection, _source):
        prepare(connection)
        task = loop.create_task(serve(connection))
        serving.add(task)
        task.add_done_callback(serving.discard)
        return True

    service = new_service(listening)
    service.connect("incoming", on_incoming)
    service.start()
    return service


def prepare(connection):
    from gi.repository import Gio

    sock = connection.get_socket()
    if sock.get_family() == Gio.SocketFamily.IPV4:
        sock.set_option(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def listen(where):
    """Gives the socket, and the address as a client is told it."""
    if path := where.partition(":")[2]:
        return listen_unix(path), path
    listening = listen_tcp()
    return listening, listening.getsockname()[1]


def new_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


WAYS = {each.__name__: each for each in (sockets, streams, protocols, callbacks, awaits)}


def main():
    loop_name, way, where, *certificate = sys.argv[1:]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)
    tls = new_tls(*certificate) if certificate else None
    listening, address = listen(where)
    serving = loop.run_until_complete(WAYS[way](loop, listening, tls))
    loop.add_reader(sys.stdin, loop.stop)
    kind = where.partition(":")[0] + ("+tls" if tls else "")
    print(f"{kind}:{address}", flush=True)
    loop.run_forever()
    del serving  # is kept until here


if __name__ == "__main__":
    main()
