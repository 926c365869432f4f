"""Stream transports as objects: what they tell, what they are, and what becomes of them."""

import asyncio
import errno
import gc
import os
import socket

import warnings
import weakref
from asyncio import trsock

import pytest

import gawait
from gawait import _native

from .conftest import Recorder, fill, rounds


async def test_it_is_one_of_asyncio(connect):
    transport, _ = await connect(Recorder())
    assert isinstance(transport, asyncio.Transport)


async def test_it_tells_both_addresses_and_the_socket(connect):
    transport, peer = await connect(Recorder(), "tcp")
    assert transport.get_extra_info("sockname") == peer.getpeername()
    assert transport.get_extra_info("peername") == peer.getsockname()
    shown = transport.get_extra_info("socket")
    assert isinstance(shown, trsock.TransportSocket)
    assert shown.getsockname() == peer.getpeername()
    assert transport.get_extra_info("nothing") is None
    assert transport.get_extra_info("nothing", "default") == "default"


async def test_it_tells_the_address_that_it_had_once_it_is_closed(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, "tcp")
    address = transport.get_extra_info("sockname")
    transport.abort()
    await protocol.lost
    assert transport.get_extra_info("sockname") == address


async def test_it_looks_as_what_it_does(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    name = type(transport).__name__
    fd = transport.get_extra_info("socket").fileno()
    assert repr(transport) == f"<{name} fd={fd} read=polling write=<idle, bufsize=0>>"
    transport.pause_reading()
    fill(transport)
    size = transport.get_write_buffer_size()
    assert repr(transport) == f"<{name} fd={fd} read=idle write=<polling, bufsize={size}>>"
    transport.close()
    assert repr(transport).startswith(f"<{name} closing fd={fd} read=idle write=<polling")
    transport.abort()
    await protocol.lost
    await rounds()
    assert repr(transport) == f"<{name} closed fd={fd}>"


async def test_the_loop_refuses_readers_and_writers_of_its_socket(loop, connect):
    transport, _ = await connect(Recorder())
    fd = transport.get_extra_info("socket").fileno()
    for method in loop.add_reader, loop.add_writer:
        with pytest.raises(RuntimeError, match=f"{fd} is used by transport <"):
            method(fd, print)
    for method in loop.remove_reader, loop.remove_writer:
        with pytest.raises(RuntimeError, match="is used by transport"):
            method(fd)


async def test_a_socket_has_one_transport(our_loop, connect):
    transport, _ = await connect(Recorder())
    with pytest.raises(RuntimeError, match="is used by transport"):
        await our_loop.create_connection(Recorder, sock=transport._sock)


async def test_what_libraries_look_at_is_there(connect):
    protocol = Recorder()
    transport, _ = await connect(protocol)
    assert transport._loop is asyncio.get_running_loop()
    assert transport._protocol is protocol
    assert transport._server is None
    assert transport._sock.fileno() == transport._sock_fd
    assert transport._start_tls_compatible
    assert not (transport._closing or transport._eof or transport._paused)
    assert not transport._protocol_paused
    assert transport._conn_lost == 0
    transport.note = "one of a user's own"
    transport.abort()
    await protocol.lost
    await rounds()
    assert transport._loop is transport._protocol is transport._sock is None


async def test_the_socket_is_closed_when_the_protocol_was_told(connect):
    seen = []
    protocol = Recorder(lost=lambda transport: seen.append(ours.fileno()))
    transport, _ = await connect(protocol)
    ours = transport.get_extra_info("socket")
    transport.close()
    transport.close()
    transport.abort()
    await protocol.lost
    assert seen != [-1]
    assert ours.fileno() == -1
    assert transport.get_protocol() is None
    transport.abort()
    transport.close()


async def test_a_protocol_that_raises_when_it_loses_the_connection_leaves_it_closed(
    connect, reports
):
    def fail(_):
        raise ZeroDivisionError

    protocol = Recorder(lost=fail)
    transport, _ = await connect(protocol)
    ours = transport.get_extra_info("socket")
    transport.close()
    await protocol.lost
    await rounds()
    assert ours.fileno() == -1
    assert reports.pop()["message"].startswith("Exception in callback")


async def test_arguments_may_be_given_by_name(connect):
    transport, peer = await connect(Recorder())
    transport.write(data=b"1")
    transport.writelines(list_of_data=[b"2", b"3"])
    await asyncio.sleep(0)
    assert peer.recv(10) == b"123"
    other = Recorder()
    transport.set_protocol(protocol=other)
    assert transport.get_protocol() is other
    for wrong in {"bytes": b"x"}, {"data": b"x", "more": b"y"}, {}:
        with pytest.raises(TypeError):
            transport.write(**wrong)


# Garbage --------------------------------------------------------------------------


def test_a_transport_that_nobody_closed_warns_and_closes_its_socket(loop):
    async def make():
        transport, _ = await loop.create_connection(Recorder, sock=ours)
        transport.pause_reading()
        return weakref.ref(transport), transport.get_extra_info("socket")

    ours, peer = socket.socketpair()
    with peer, pytest.warns(ResourceWarning, match="unclosed transport <.*read=idle") as seen:
        transport, shown = loop.run_until_complete(make())
        gc.collect()
    assert transport() is None
    assert shown.fileno() == -1
    assert [each.source is not None for each in seen] == [True]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_warning_that_is_an_error_still_closes_the_socket(loop):
    async def make():
        transport, _ = await loop.create_connection(Recorder, sock=ours)
        transport.pause_reading()
        return transport.get_extra_info("socket")

    ours, peer = socket.socketpair()
    with peer, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        shown = loop.run_until_complete(make())
        gc.collect()
    if isinstance(loop, gawait.EventLoop):
        assert shown.fileno() == -1


def test_a_transport_outlives_its_loop():
    async def make():
        protocol = Recorder()
        await loop.create_connection(lambda: protocol, sock=ours)
        return protocol.transport

    loop = gawait.EventLoop()
    ours, peer = socket.socketpair()
    with peer, pytest.warns(ResourceWarning, match="unclosed transport"):
        transport = loop.run_until_complete(make())
        loop.close()
        assert repr(transport) == f"<StreamTransport fd={ours.fileno()}>"
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            transport.abort()
        del transport
        gc.collect()
    ours.close()


def test_a_cycle_of_transport_and_protocol_is_collected():
    async def make():
        transport, protocol = await loop.create_connection(Recorder, sock=ours)
        protocol.itself = protocol
        transport.note = transport
        transport.abort()
        await rounds()
        return weakref.ref(protocol), weakref.ref(transport)

    loop = gawait.EventLoop()
    ours, peer = socket.socketpair()
    with peer:
        references = loop.run_until_complete(make())
    loop.close()
    gc.collect()
    assert [each() for each in references] == [None, None]


async def test_a_thousand_connections_leave_nothing(our_loop):
    async def talk():
        ours, peer = socket.socketpair()
        protocol = Recorder()
        transport, _ = await our_loop.create_connection(lambda: protocol, sock=ours)
        with peer:
            peer.send(b"hello")
            transport.write(b"hello")
        await protocol.lost

    await rounds(100)  # in which the loop gets its io_uring
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        await asyncio.gather(*(talk() for _ in range(100)))
    await rounds()
    assert len(os.listdir("/proc/self/fd")) == before
    gc.collect()
    assert [
        each for each in gc.get_objects() if isinstance(each, _native.StreamTransport)
    ] == []


def test_it_is_made_by_its_loop_alone(our_loop):
    with pytest.raises(TypeError):
        _native.StreamTransport()
    with pytest.raises(TypeError):
        _native.StreamTransport(asyncio.new_event_loop, None, None)
    with pytest.raises(TypeError, match="'extra' must be a dict"):
        _native.StreamTransport(our_loop, None, None, extra=[])
    with pytest.raises(AttributeError, match="fileno"):
        _native.StreamTransport(our_loop, None, None)
    unfinished = _native.StreamTransport.__new__(_native.StreamTransport)
    assert repr(unfinished) == "<StreamTransport closed fd=-1>"
    unfinished.close()
    unfinished.abort()
    unfinished.write(b"x")
    unfinished.pause_reading()
    unfinished.resume_reading()
    unfinished.write_eof()
    assert unfinished.get_protocol() is None


async def test_a_socket_that_is_closed_already_makes_a_transport_that_fails(our_loop):
    ours, peer = socket.socketpair()
    peer.close()
    ours.close()
    with pytest.raises(OSError) as caught:
        await our_loop.create_connection(Recorder, sock=ours)
    assert caught.value.errno == errno.EBADF


async def test_a_socket_with_methods_of_its_own_is_asked(loop):
    asked = []

    class Counting(socket.socket):
        def send(self, *arguments):
            asked.append("send")
            return super().send(*arguments)

        def recv(self, *arguments):
            asked.append("recv")
            return super().recv(*arguments)

    plain, peer = socket.socketpair()
    counting = Counting(fileno=plain.detach())
    counting.setblocking(False)
    with peer:
        transport, protocol = await loop.create_unix_connection(Recorder, sock=counting)
        transport.write(b"sent")
        peer.sendall(b"received")
        while "recv" not in asked:
            await asyncio.sleep(0.001)
        assert asked == ["send", "recv"]
        transport.close()
        await protocol.lost
