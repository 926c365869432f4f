"""Servers: connections that are accepted, and the transports that they get."""

import asyncio
import contextvars
import gc
import os
import socket
import sys

import pytest

from gawait import _native

from .conftest import Recorder, reset, rounds

variable = contextvars.ContextVar("variable", default="outside")


async def test_a_server_waits_for_its_connections(loop):
    protocols = []

    def make():
        protocols.append(Recorder())
        return protocols[-1]

    server = await loop.create_server(make, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    peers = [socket.create_connection(address) for _ in range(20)]
    while len(protocols) < 20 or any(each.transport is None for each in protocols):
        await asyncio.sleep(0)
    assert {each.transport.get_extra_info("peername") for each in protocols} == {
        each.getsockname() for each in peers
    }
    assert all(each.transport._server is server for each in protocols)
    server.close()
    waiting = asyncio.ensure_future(server.wait_closed())
    await rounds()
    if sys.version_info >= (3, 12):
        assert not waiting.done()
    for each in peers:
        each.close()
    await waiting
    for each in protocols:
        await each.lost
    await rounds()


@pytest.mark.skipif(sys.version_info < (3, 13), reason="new in Python 3.13")
@pytest.mark.parametrize("method", ["close_clients", "abort_clients"])
async def test_a_server_ends_its_connections(loop, method):
    protocol = Recorder()
    server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await protocol.until("made")
    server.close()
    getattr(server, method)()
    await server.wait_closed()
    await protocol.lost
    writer.close()


async def test_a_unix_server_and_streams(loop, tmp_path):
    async def echo(reader, writer):
        writer.writelines([await reader.readline(), b"end"])
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(echo, tmp_path / "socket")
    reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
    writer.write(b"line\n")
    assert await reader.read() == b"line\nend"
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


async def test_streams_drain_at_the_speed_of_the_reader(loop):
    async def send(reader, writer):
        for _ in range(100):
            writer.write(b"x" * 100_000)
            await writer.drain()
            most.append(writer.transport.get_write_buffer_size())
        writer.close()

    most = []
    server = await asyncio.start_server(send, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    assert len(await reader.read()) == 10_000_000
    assert max(most) <= 64 * 1024
    writer.close()
    server.close()
    await rounds()


async def test_a_factory_that_raises_closes_the_connection(loop, reports):
    def fail():
        raise ZeroDivisionError

    loop.set_debug(True)
    server = await loop.create_server(fail, "127.0.0.1", 0)
    peer = socket.create_connection(server.sockets[0].getsockname())
    peer.setblocking(False)
    with peer:
        while not reports:
            await asyncio.sleep(0)
        report = reports.pop()
        assert report["message"] == "Error on transport creation for incoming connection"
        assert isinstance(report["exception"], ZeroDivisionError)
    server.close()
    del report
    gc.collect()


# Accepting ------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_the_address_of_the_other_side_is_told(loop, host):
    protocol = Recorder()
    server = await loop.create_server(lambda: protocol, host, 0)
    with socket.create_connection(server.sockets[0].getsockname()[:2]) as peer:
        await protocol.until("made")
        transport = protocol.transport
        assert transport.get_extra_info("peername") == peer.getsockname()
        assert transport.get_extra_info("sockname") == server.sockets[0].getsockname()
        ours, listening = transport.get_extra_info("socket"), server.sockets[0]
        assert (ours.family, ours.type) == (listening.family, listening.type)
        assert (ours.proto, ours.gettimeout()) == (listening.proto, 0)
        assert not os.get_inheritable(ours.fileno())
        assert not os.get_blocking(ours.fileno())
    await protocol.lost
    server.close()


@pytest.mark.parametrize("name", ["", "name"])
async def test_the_name_of_the_other_side_is_told(loop, tmp_path, name):
    protocol = Recorder()
    server = await loop.create_unix_server(lambda: protocol, tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as peer:
        if name:
            peer.bind(str(tmp_path / name))
        peer.connect(str(tmp_path / "socket"))
        await protocol.until("made")
        expected = str(tmp_path / name) if name else ""
        assert protocol.transport.get_extra_info("peername") == expected
    await protocol.lost
    server.close()


async def test_a_connection_that_was_reset_before_is_one_that_gets_lost(loop):
    protocol = Recorder()
    server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
    peer = socket.create_connection(server.sockets[0].getsockname())
    address = peer.getsockname()
    reset(peer)
    await protocol.lost
    assert protocol.events == [("made",), ("lost", "ConnectionResetError")]
    assert protocol.transport.get_extra_info("peername") == address
    server.close()


async def test_a_server_accepts_no_more_in_a_round_than_its_backlog(loop):
    protocols = []

    def make():
        protocols.append(Recorder())
        return protocols[-1]

    server = await loop.create_server(make, "127.0.0.1", 0, backlog=3)
    address = server.sockets[0].getsockname()
    peers = [socket.create_connection(address) for _ in range(3)]
    batches = []
    while len(protocols) < 3:
        await asyncio.sleep(0)
        batches.append(len(protocols))
    assert set(batches) <= {0, 3}
    for each in peers:
        each.close()
    for each in protocols:
        await each.lost
    server.close()


async def test_what_a_factory_sets_in_its_context_the_connection_sees_and_no_other(loop):
    seen = []

    def make():
        seen.append(variable.get())
        variable.set(len(seen))
        return Recorder(made=lambda _: seen.append(variable.get()))

    variable.set("of the server")
    server = await loop.create_server(make, "127.0.0.1", 0)
    for _ in range(2):
        count = len(seen)
        with socket.create_connection(server.sockets[0].getsockname()):
            while len(seen) < count + 2:
                await asyncio.sleep(0)
    assert seen == ["of the server", 1, "of the server", 3]
    server.close()
    await rounds(5)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_a_factory_may_end_the_program(our_loop, error):
    def fail():
        raise error

    server = our_loop.run_until_complete(our_loop.create_server(fail, "127.0.0.1", 0))
    with socket.create_connection(server.sockets[0].getsockname()):
        with pytest.raises(error):
            our_loop.run_forever()
    server.close()
    gc.collect()


async def test_a_task_factory_sees_a_task_of_each_connection(loop):
    names = []

    def make_task(loop, coroutine, **options):
        names.append(coroutine.__name__)
        return asyncio.Task(coroutine, loop=loop, **options)

    protocol = Recorder()
    loop.set_task_factory(make_task)
    server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
    socket.create_connection(server.sockets[0].getsockname()).close()
    await protocol.lost
    assert "_accept_connection2" in names
    server.close()


def test_accept_says_what_is_wrong():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        assert _native.accept(listening) is None
    with pytest.raises(OSError, match="Bad file descriptor"):
        _native.accept(listening)
    with pytest.raises(AttributeError):
        _native.accept(1)


async def test_a_listening_socket_with_methods_of_its_own_is_asked(loop):
    asked = []

    class Counting(socket.socket):
        def accept(self):
            asked.append("accept")
            return super().accept()

    listening = Counting()
    listening.bind(("127.0.0.1", 0))
    server = await loop.create_server(Recorder, sock=listening)
    with socket.create_connection(listening.getsockname()):
        while not asked:
            await asyncio.sleep(0.001)
        await rounds()
    server.close()
