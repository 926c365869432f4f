"""Stream transports: what is read, how reading is held up, and how it ends."""

import asyncio
import contextvars
import os
import random
import socket

import pytest

from .conftest import BufferedRecorder, Recorder, receive, reset, rounds

variable = contextvars.ContextVar("variable", default="outside")


async def test_a_connection_is_made_before_anything_is_read(loop, connect):
    ours, peer = socket.socketpair()
    with peer:
        peer.send(b"there already")
        protocol = Recorder()
        transport, same = await loop.create_connection(lambda: protocol, sock=ours)
        assert same is protocol
        assert protocol.events[0] == ("made",)
        await protocol.until("data")
        assert protocol.received == b"there already"
        transport.abort()
        await protocol.lost


@pytest.mark.parametrize("size", [1, 1000, 65_536, 65_537, 200_000, 3_000_000])
async def test_what_a_peer_sends_arrives_as_bytes_in_order(loop, connect, size):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    sent = random.Random(size).randbytes(size)
    await loop.sock_sendall(peer, sent)
    while len(protocol.received) < size:
        await asyncio.sleep(0)
    assert protocol.received == sent
    assert {type(what[0]) for name, *what in protocol.events if name == "data"} == {bytes}


async def test_messages_of_all_sizes_in_turn_arrive(loop, connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    numbers = random.Random(1)
    sent = b""
    for size in [10, 100_000, 10, 10, 300_000, 1, 70_000, 16_384, 16_385, 5]:
        data = numbers.randbytes(size)
        sent += data
        await loop.sock_sendall(peer, data)
        while len(protocol.received) < len(sent):
            await asyncio.sleep(0)
    assert protocol.received == sent


# The end --------------------------------------------------------------------------


async def test_the_end_closes_the_connection(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    peer.shutdown(socket.SHUT_WR)
    await protocol.lost
    assert transport.is_closing()
    assert protocol.events == [("made",), ("eof",), ("lost", "NoneType")]
    assert await receive(peer) == b""


async def test_a_protocol_may_keep_its_half_open(connect):
    protocol = Recorder(eof=lambda _: True)
    transport, peer = await connect(protocol)
    peer.shutdown(socket.SHUT_WR)
    await protocol.until("eof")
    await rounds(10)
    transport.write(b"answer")
    transport.close()
    assert await receive(peer) == b"answer"
    await protocol.lost
    assert protocol.names == ["made", "eof", "lost"]


async def test_what_was_sent_before_the_end_comes_before_it(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    peer.send(b"last")
    peer.close()
    await protocol.lost
    assert protocol.events == [("made",), ("data", b"last"), ("eof",), ("lost", "NoneType")]


# Pausing --------------------------------------------------------------------------


async def test_a_paused_transport_reads_nothing_until_it_resumes(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    assert transport.is_reading()
    transport.pause_reading()
    transport.pause_reading()
    assert not transport.is_reading()
    peer.send(b"data")
    await rounds(10)
    assert protocol.received == b""
    transport.resume_reading()
    transport.resume_reading()
    assert transport.is_reading()
    await protocol.until("data")


async def test_a_protocol_may_pause_when_it_gets_data(connect):
    protocol = Recorder(data=lambda transport: transport.pause_reading())
    transport, peer = await connect(protocol)
    peer.send(b"first")
    await protocol.until("data")
    peer.send(b"second")
    await rounds(10)
    assert protocol.received == b"first"


async def test_a_protocol_may_pause_when_the_connection_is_made(our_loop, connect):
    protocol = Recorder(made=lambda transport: transport.pause_reading())
    transport, peer = await connect(protocol)
    peer.send(b"data")
    await rounds(10)
    assert protocol.events == [("made",)]
    transport.resume_reading()
    await protocol.until("data")


async def test_a_paused_transport_does_not_see_the_end(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    transport.pause_reading()
    peer.close()
    await rounds(10)
    assert protocol.events == [("made",)]
    transport.resume_reading()
    await protocol.lost


async def test_a_closing_transport_neither_pauses_nor_resumes(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    transport.close()
    assert not transport.is_reading()
    transport.pause_reading()
    transport.resume_reading()
    await protocol.lost
    transport.pause_reading()
    transport.resume_reading()
    assert protocol.events == [("made",), ("lost", "NoneType")]


# Protocols with buffers of their own ----------------------------------------------


async def test_a_buffered_protocol_is_filled(connect):
    protocol = BufferedRecorder()
    transport, peer = await connect(protocol)
    peer.send(b"data")
    await protocol.until("updated")
    peer.close()
    await protocol.lost
    assert protocol.events == [
        ("made",),
        ("get_buffer", -1),
        ("updated", b"data"),
        ("get_buffer", -1),
        ("eof",),
        ("lost", "NoneType"),
    ]


async def test_a_buffer_is_not_held_when_the_protocol_hears_of_it(connect):
    protocol = BufferedRecorder(updated=lambda _: protocol.buffer.extend(b"longer"))
    transport, peer = await connect(protocol)
    peer.send(b"data")
    await protocol.until("updated")
    await rounds()
    assert not transport.is_closing()


@pytest.mark.parametrize(
    "buffer, message, error",
    [
        (bytearray(), "Fatal error: protocol.get_buffer() call failed.", RuntimeError),
        (1, "Fatal error: protocol.get_buffer() call failed.", TypeError),
        (b"read-only", "Fatal read error on socket transport", TypeError),
    ],
)
async def test_a_buffer_that_is_none_ends_the_connection(
    connect, reports, buffer, message, error
):
    protocol = BufferedRecorder(get_buffer=lambda _: buffer)
    transport, peer = await connect(protocol)
    peer.send(b"data")
    await protocol.lost
    report = reports.pop()
    assert report["message"] == message
    assert type(report["exception"]) is error
    assert protocol.events[-1] == ("lost", error.__name__)


# Other protocols ------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Recorder, BufferedRecorder])
async def test_another_protocol_gets_what_comes_from_then_on(connect, kind):
    first, second = Recorder(), kind()
    transport, peer = await connect(first)
    peer.send(b"first")
    await first.until("data")
    transport.set_protocol(second)
    assert transport.get_protocol() is second
    peer.send(b"second")
    await second.until("data" if kind is Recorder else "updated")
    peer.close()
    await second.lost
    assert first.events == [("made",), ("data", b"first")]
    assert second.names[-2:] == ["eof", "lost"]


async def test_a_protocol_may_be_replaced_while_it_gets_data(connect):
    second = Recorder()
    first = Recorder(data=lambda transport: transport.set_protocol(second))
    transport, peer = await connect(first)
    peer.send(b"first")
    await first.until("data")
    peer.send(b"second")
    await second.until("data")
    assert second.received == b"second"


async def test_a_method_of_a_protocol_may_be_replaced(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    seen = []
    protocol.data_received = seen.append
    peer.send(b"data")
    while not seen:
        await asyncio.sleep(0)
    assert (seen, protocol.names) == ([b"data"], ["made"])


# Contexts -------------------------------------------------------------------------


async def test_callbacks_run_in_a_copy_of_the_context_of_who_connects(connect):
    seen = []
    protocol = Recorder(
        **{name: lambda _: seen.append(variable.get()) for name in ["made", "data", "lost"]}
    )
    token = variable.set("of who connects")
    transport, peer = await connect(protocol)
    variable.reset(token)
    peer.send(b"data")
    await protocol.until("data")
    transport.close()
    await protocol.lost
    assert seen == ["of who connects", "of who connects", "outside"]


async def test_what_one_callback_sets_the_next_one_sees(connect):
    seen = []

    def data(transport):
        seen.append(variable.get())
        variable.set(len(seen))

    protocol = Recorder(data=data)
    transport, peer = await connect(protocol)
    for number in range(1, 4):
        peer.send(b"x")
        while len(seen) < number:
            await asyncio.sleep(0)
    transport.pause_reading()
    transport.resume_reading()  # in this context
    peer.send(b"x")
    while len(seen) < 4:
        await asyncio.sleep(0)
    assert seen == ["outside", 1, 2, "outside"]
    assert variable.get() == "outside"


# Faults ---------------------------------------------------------------------------


async def test_data_that_another_reader_took_is_not_missed(loop, connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    thief = transport.get_extra_info("socket").dup()
    thief.setblocking(False)
    with thief:
        for _ in range(100):
            stolen = []
            loop.call_soon(lambda: stolen.append(thief.recv(100)))
            peer.send(b"stolen")
            await rounds()
            assert stolen
        peer.send(b"not stolen")
        await protocol.until("data")
    assert protocol.received.endswith(b"not stolen")
    assert not transport.is_closing()


async def test_a_socket_that_somebody_closes_is_not_taken_for_the_next_file(loop, tmp_path):
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    protocol = Recorder()
    transport, _ = await loop.create_connection(lambda: protocol, sock=ours)
    number = ours.fileno()
    transport.pause_reading()
    ours.close()
    with peer, (tmp_path / "file").open("w+b", buffering=0) as file:
        if file.fileno() != number:
            os.dup2(file.fileno(), number)
        transport.write(b"not for the file")
        await protocol.lost
        assert file.seek(0, os.SEEK_END) == 0
        if file.fileno() != number:
            os.close(number)
    assert protocol.events == [("made",), ("lost", "OSError")]


STATES = {
    "idle": lambda transport, peer: None,
    "writing": lambda transport, peer: [transport.write(b"x" * 65536) for _ in range(100)],
    "half closed": lambda transport, peer: transport.write_eof(),
    "other half closed": lambda transport, peer: peer.shutdown(socket.SHUT_WR),
    "closing": lambda transport, peer: (
        [transport.write(b"x" * 65536) for _ in range(100)],
        transport.close(),
    ),
    "paused": lambda transport, peer: (
        transport.pause_reading(),
        transport.write(b"x" * 100),
        transport.get_write_buffer_size() == 0
        and peer.recv(1),  # what it did not read makes it a reset
    ),
    "lost": lambda transport, peer: transport.abort(),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("debug", [False, True])
async def test_a_reset_in_any_state_loses_the_connection_once_without_a_report(
    loop, connect, caplog, state, debug
):
    loop.set_debug(debug)
    protocol = Recorder(eof=lambda _: True)
    transport, peer = await connect(protocol, "tcp")
    STATES[state](transport, peer)
    await rounds(5)
    reset(peer)
    await rounds(5)
    unread = state in ("paused", "other half closed")
    if unread:  # only a write finds out
        transport.write(b"x")
        transport.write(b"x")
    await protocol.lost
    await rounds(5)
    error = "NoneType" if state == "lost" else "ConnectionResetError"
    if unread:
        error = protocol.events[-1][1]
        assert error in ("ConnectionResetError", "BrokenPipeError")
    assert [each for each in protocol.events if each[0] == "lost"] == [("lost", error)]
    assert transport.get_write_buffer_size() == 0
