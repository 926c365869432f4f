"""Stream transports: what is written, in which order, and what holds up a fast protocol."""

import asyncio
import contextlib
import logging
import random
import socket
import sys

import pytest

from .conftest import Recorder, fill, receive, rounds

KIB = 1024


async def test_a_write_is_tried_before_the_next_callback(connect):
    transport, peer = await connect(Recorder())
    transport.write(b"now")
    assert transport.get_write_buffer_size() == 0
    assert peer.recv(100) == b"now"
    transport.write(b"and then")
    await asyncio.sleep(0)
    assert peer.recv(100) == b"and then"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_data_may_be_of_each_kind_of_bytes(connect, kind):
    transport, peer = await connect(Recorder())
    transport.write(kind(b"data"))
    await asyncio.sleep(0)
    assert peer.recv(100) == b"data"


async def test_a_slice_of_memory_is_written_alone(connect):
    transport, peer = await connect(Recorder())
    transport.write(memoryview(b"0123456789")[3:7])
    await asyncio.sleep(0)
    assert peer.recv(100) == b"3456"


@pytest.mark.parametrize("empty", [b"", bytearray(), memoryview(b"")])
async def test_writing_nothing_does_nothing(connect, empty):
    transport, peer = await connect(Recorder())
    transport.write(empty)
    transport.writelines([])
    transport.writelines([empty, empty])
    assert transport.get_write_buffer_size() == 0
    with pytest.raises(BlockingIOError):
        peer.recv(1)


@pytest.mark.parametrize("wrong", ["text", 1, [b"x"]])
async def test_writing_anything_else_is_refused(connect, wrong):
    transport, peer = await connect(Recorder())
    message = "bytearray, or memoryview" if sys.version_info >= (3, 14) else "bytes-like object"
    with pytest.raises(TypeError, match=f"data argument must be .*{message}.*, not "):
        transport.write(wrong)
    with pytest.raises(TypeError):
        transport.writelines([b"first", wrong])
    with pytest.raises(BlockingIOError):
        peer.recv(1)
    assert transport.get_write_buffer_size() == 0


async def test_memory_with_gaps_ends_the_connection_with_a_report(connect, reports):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    transport.write(memoryview(b"0123456789")[::2])
    await protocol.lost
    assert reports.pop()["message"] == "Fatal write error on socket transport"
    assert protocol.events == [("made",), ("lost", "BufferError")]


async def test_what_the_socket_does_not_take_follows_in_order(connect):
    transport, peer = await connect(Recorder(), small=True)
    numbers = random.Random(1)
    expected = b""
    for _ in range(500):
        data = numbers.randbytes(numbers.randrange(2000))
        expected += data
        transport.write(numbers.choice([bytes, bytearray, memoryview])(data))
    assert 0 < transport.get_write_buffer_size() < len(expected)
    assert await receive(peer, len(expected)) == expected
    assert transport.get_write_buffer_size() == 0


async def test_many_small_writes_that_wait_arrive_in_order(connect):
    transport, peer = await connect(Recorder(), small=True)
    size = fill(transport)
    expected = b"".join(b"%04d" % number for number in range(3000))
    for start in range(0, len(expected), 4):
        transport.write(expected[start : start + 4])
    received = await receive(peer, size + len(expected))
    assert received[size:] == expected


async def test_memory_may_change_after_it_was_written(our_loop, connect):
    transport, peer = await connect(Recorder(), small=True)
    size = fill(transport)
    changing = bytearray(b"as it was written")
    transport.write(changing)
    transport.write(memoryview(changing))
    transport.writelines([changing])
    changing[:] = b"changed, and longer than it was"
    received = await receive(peer, size + 3 * 17)
    assert received[size:] == 3 * b"as it was written"


async def test_bytes_are_kept_without_a_copy(our_loop, connect):
    transport, peer = await connect(Recorder(), small=True)
    fill(transport)
    data = bytes(KIB)
    before = sys.getrefcount(data)
    transport.write(data)
    assert sys.getrefcount(data) == before + 1
    transport.abort()
    assert sys.getrefcount(data) == before


async def test_a_subclass_of_bytes_that_waits_is_copied(our_loop, connect):
    class Data(bytes):
        pass

    transport, peer = await connect(Recorder(), small=True)
    fill(transport)
    data = Data(b"x" * KIB)
    before = sys.getrefcount(data)
    transport.write(data)
    assert sys.getrefcount(data) == before


# Several at once ------------------------------------------------------------------


@contextlib.asynccontextmanager
async def calls_of(our_loop):
    """A transport whose system calls its peer can tell apart."""
    ours, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for each in (ours, peer):
        each.setblocking(False)
    with peer:
        transport = our_loop._make_socket_transport(ours, Recorder())
        yield transport, peer
        transport.abort()
        await rounds()


async def test_what_a_callback_writes_goes_out_in_one_system_call(our_loop):
    async with calls_of(our_loop) as (transport, peer):
        transport.write(b"one")
        transport.writelines([b" two", b" three"])
        transport.write(b"")
        await asyncio.sleep(0)
        assert peer.recv(100) == b"one two three"


async def test_what_two_callbacks_write_goes_out_as_they_return(our_loop):
    seen = []
    async with calls_of(our_loop) as (transport, peer):
        our_loop.call_soon(transport.write, b"one")
        our_loop.call_soon(lambda: seen.append(peer.recv(100)))
        our_loop.call_soon(transport.write, b"two")
        await rounds()
        assert seen == [b"one"] and peer.recv(100) == b"two"


SENDS_FIRST = {
    "size": lambda transport: transport.get_write_buffer_size(),
    "limits": lambda transport: transport.set_write_buffer_limits(100),
    "eof": lambda transport: transport.write_eof(),
    "close": lambda transport: transport.close(),
    "abort": lambda transport: transport.abort(),
    "what may change": lambda transport: transport.write(bytearray(b" more")),
    "much": lambda transport: transport.write(bytes(65536)),
}


@pytest.mark.parametrize("what", SENDS_FIRST)
async def test_whatever_could_tell_sends_what_was_written_before(connect, what):
    transport, peer = await connect(Recorder())
    transport.write(b"first")
    SENDS_FIRST[what](transport)
    assert peer.recv(5) == b"first"


def test_what_is_written_outside_of_callbacks_goes_out_at_once(loop, connect):
    async def main():
        return await connect(Recorder())

    transport, peer = loop.run_until_complete(main())
    transport.write(b"now")
    assert peer.recv(100) == b"now"


@pytest.mark.parametrize("failure", [ValueError, SystemExit])
def test_a_callback_that_fails_has_written(loop, connect, reports, failure):
    async def main():
        transport, peer = await connect(Recorder())
        loop.call_soon(write_and_fail, transport)
        await asyncio.sleep(0.001)
        return peer

    def write_and_fail(transport):
        transport.write(b"last")
        raise failure("on purpose")

    task = loop.create_task(main())
    try:
        loop.run_until_complete(task)
    except SystemExit:
        loop.run_until_complete(task)
    assert task.result().recv(100) == b"last"
    reports.clear()


def parts():
    return [b"one", bytearray(b" two"), b"", memoryview(b" three")]


@pytest.mark.parametrize("lines", [parts, lambda: tuple(parts()), lambda: iter(parts())])
async def test_lines_are_written_in_their_order(connect, lines):
    transport, peer = await connect(Recorder())
    transport.writelines(lines())
    await asyncio.sleep(0)
    assert peer.recv(100) == b"one two three"


async def test_lines_go_out_in_one_system_call(our_loop):
    async with calls_of(our_loop) as (transport, peer):
        transport.writelines(parts())
        assert peer.recv(100) == b"one two three"


async def test_more_lines_than_a_system_call_takes_arrive(connect):
    transport, peer = await connect(Recorder())
    lines = [b"%05d" % number for number in range(5000)]
    transport.writelines(lines)
    assert await receive(peer, 25000) == b"".join(lines)


async def test_lines_wait_behind_what_waits_already(connect):
    transport, peer = await connect(Recorder(), small=True)
    size = fill(transport)
    transport.writelines(parts())
    transport.write(b" four")
    transport.write_eof()
    assert (await receive(peer))[size:] == b"one two three four"


async def test_lines_that_the_socket_takes_in_part_arrive(connect):
    transport, peer = await connect(Recorder(), small=True)
    lines = [bytes([number]) * 10_000 for number in range(100)]
    transport.writelines(lines)
    assert transport.get_write_buffer_size() > 0
    assert await receive(peer, 1_000_000) == b"".join(lines)


# The end of writing ---------------------------------------------------------------


async def test_write_eof_comes_behind_what_waits(connect):
    transport, peer = await connect(Recorder(eof=lambda _: True), small=True)
    assert transport.can_write_eof()
    size = fill(transport)
    transport.write_eof()
    transport.write_eof()
    assert len(await receive(peer)) == size
    peer.send(b"the other half is open")
    await transport.get_protocol().until("data")


async def test_nothing_is_written_after_write_eof(connect):
    transport, peer = await connect(Recorder())
    transport.write_eof()
    with pytest.raises(RuntimeError, match=r"Cannot call write\(\) after write_eof\(\)"):
        transport.write(b"")
    with pytest.raises(
        RuntimeError, match=r"Cannot call write(lines)?\(\) after write_eof\(\)"
    ):
        transport.writelines([b"x"])


async def test_write_eof_of_a_closing_transport_does_nothing(connect):
    transport, peer = await connect(Recorder())
    transport.close()
    transport.write_eof()
    transport.write(b"dropped")
    assert await receive(peer) == b""


async def test_close_sends_what_waits(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    size = fill(transport)
    transport.close()
    transport.write(b"also")
    assert len(await receive(peer)) == size + 4
    await protocol.lost
    assert protocol.events[-1] == ("lost", "NoneType")


async def test_abort_drops_what_waits(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    size = fill(transport)
    transport.abort()
    assert transport.get_write_buffer_size() == 0
    await protocol.lost
    assert len(await receive(peer)) < size


@pytest.mark.parametrize("lines", [False, True])
async def test_who_writes_on_after_an_error_is_warned(our_loop, connect, caplog, lines):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    peer.close()
    for number in range(10):
        transport.writelines([b"x"]) if lines else transport.write(b"x")
        assert transport.get_write_buffer_size() == 0
    warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert {each.getMessage() for each in warnings} == {"socket.send() raised exception."}
    assert len(warnings) == 5
    await protocol.lost
    assert protocol.events == [("made",), ("lost", "BrokenPipeError")]


async def test_who_writes_when_told_to_resume_may_close_when_all_is_sent(connect):
    class Last(Recorder):
        def resume_writing(self):
            super().resume_writing()
            transport.write(b"last")

    protocol = Last()
    transport, peer = await connect(protocol, small=True)
    size = fill(transport)
    while transport.get_write_buffer_size() <= transport.get_write_buffer_limits()[1]:
        transport.write(b"x" * 65536)
        size += 65536
    assert (await receive(peer, size + 4))[size:] == b"last"
    await rounds()
    transport.close()
    await protocol.lost
    assert await receive(peer) == b""


# Flow control ---------------------------------------------------------------------


async def test_limits_are_64_and_16_kib(connect):
    transport, _ = await connect(Recorder())
    assert transport.get_write_buffer_limits() == (16 * KIB, 64 * KIB)


@pytest.mark.parametrize(
    "given, limits",
    [
        ({}, (16 * KIB, 64 * KIB)),
        ({"high": 1000}, (250, 1000)),
        ({"low": 1000}, (1000, 4000)),
        ({"high": 1000, "low": 1}, (1, 1000)),
        ({"high": 0}, (0, 0)),
        ({"high": None, "low": None}, (16 * KIB, 64 * KIB)),
    ],
)
async def test_limits_may_be_set(connect, given, limits):
    transport, _ = await connect(Recorder())
    transport.set_write_buffer_limits(**given)
    assert transport.get_write_buffer_limits() == limits
    transport.set_write_buffer_limits(given.get("high"), given.get("low"))
    assert transport.get_write_buffer_limits() == limits


@pytest.mark.parametrize("given", [{"high": 1, "low": 2}, {"high": -1}, {"low": -1}])
async def test_limits_that_are_none_are_refused_and_change_nothing(connect, given):
    transport, _ = await connect(Recorder())
    with pytest.raises(
        ValueError, match=r"high \(-?\d+\) must be >= low \(-?\d+\) must be >= 0"
    ):
        transport.set_write_buffer_limits(**given)
    assert transport.get_write_buffer_limits() == (16 * KIB, 64 * KIB)


async def test_limits_beyond_memory_are_none(our_loop, connect):
    transport, _ = await connect(Recorder())
    transport.set_write_buffer_limits(low=1 << 100)
    assert transport.get_write_buffer_limits() == (sys.maxsize, sys.maxsize)
    with pytest.raises(TypeError):
        transport.set_write_buffer_limits(high="many")


async def test_a_protocol_pauses_above_the_upper_limit_and_resumes_at_the_lower(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    size = fill(transport, b"x" * KIB)
    waits = transport.get_write_buffer_size()
    transport.set_write_buffer_limits(high=waits + 10 * KIB, low=KIB)
    transport.write(b"x" * 10 * KIB)
    assert protocol.names == ["made"]
    transport.write(b"x")
    transport.write(b"x")
    assert protocol.names == ["made", "pause"]
    await receive(peer, size)
    await protocol.until("resume")
    assert transport.get_write_buffer_size() <= KIB
    assert protocol.names == ["made", "pause", "resume"]


async def test_lowering_the_limits_pauses_a_protocol(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    fill(transport, b"x" * KIB)
    transport.set_write_buffer_limits(high=0)
    assert protocol.names == ["made", "pause"]


async def test_a_peer_that_stops_reading_pauses_the_protocol_once(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    for _ in range(100):
        transport.write(b"x" * 10_000)
    await rounds(20)
    assert protocol.names == ["made", "pause"]
    assert len(await receive(peer, 1_000_000)) == 1_000_000
    await protocol.until("resume")


async def test_a_protocol_may_write_when_it_resumes(connect):
    protocol = Recorder(resume=lambda transport: transport.write(b"!" * 100))
    transport, peer = await connect(protocol, small=True)
    transport.set_write_buffer_limits(high=10 * KIB, low=0)
    size = fill(transport, b"x" * 64 * KIB)
    received = await receive(peer, size + 100)
    assert received[size:] == b"!" * 100
    assert protocol.names == ["made", "pause", "resume"]


@pytest.mark.parametrize("failing", ["pause", "resume"])
async def test_what_a_protocol_raises_when_it_pauses_or_resumes_is_reported(
    connect, reports, failing
):
    def fail(_):
        raise ZeroDivisionError(failing)

    protocol = Recorder(**{failing: fail})
    transport, peer = await connect(protocol, small=True)
    transport.set_write_buffer_limits(high=0)
    size = fill(transport)
    await receive(peer, size)
    await protocol.until("resume")
    report = reports.pop()
    assert report.pop("message") == f"protocol.{failing}_writing() failed"
    assert str(report.pop("exception")) == failing
    assert report == {"transport": transport, "protocol": protocol}
    assert not transport.is_closing()


async def test_a_report_of_a_protocol_that_was_replaced_has_the_one_that_failed(
    our_loop, connect, reports
):
    def fail(transport):
        transport.set_protocol(Recorder())
        raise ZeroDivisionError

    protocol = Recorder(pause=fail)
    transport, peer = await connect(protocol, small=True)
    transport.set_write_buffer_limits(high=0)
    fill(transport)
    assert reports.pop()["protocol"] is protocol


@pytest.mark.parametrize("end", ["abort", "close"])
async def test_a_protocol_that_ends_the_connection_when_it_resumes_loses_it_once(
    our_loop, connect, end
):
    protocol = Recorder(resume=lambda transport: getattr(transport, end)())
    transport, peer = await connect(protocol, small=True)
    transport.set_write_buffer_limits(high=0)
    fill(transport, b"x" * 64 * KIB)
    await receive(peer)
    await protocol.lost
    await rounds()
    assert protocol.events == [("made",), ("pause",), ("resume",), ("lost", "NoneType")]


# Files ----------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(random.Random(1).randbytes(300_000))
    with path.open("rb") as opened:
        yield opened


async def check_that_a_file_is_sent_behind_what_waits(loop, connect, file, fallback):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    size = fill(transport)
    sending = asyncio.ensure_future(loop.sendfile(transport, file, 1000, fallback=fallback))
    received = await receive(peer, size + 299_000)
    assert await sending == 299_000
    file.seek(1000)
    assert received[size:] == file.read()
    transport.write(b"and on")
    assert await receive(peer, 6) == b"and on"


async def test_a_file_is_sent_behind_what_waits(loop, connect, file):
    await check_that_a_file_is_sent_behind_what_waits(loop, connect, file, fallback=False)


async def test_a_file_that_the_system_does_not_send_is_sent_behind_what_waits(
    our_loop, connect, file, monkeypatch
):
    # asyncio sends what the buffer holds by then, since Python 3.12.
    async def unavailable(*_):
        raise asyncio.SendfileNotAvailableError

    monkeypatch.setattr(our_loop, "_sendfile_native", unavailable)
    await check_that_a_file_is_sent_behind_what_waits(our_loop, connect, file, fallback=True)


async def test_nothing_is_written_into_a_file_that_is_sent(loop, connect, file):
    transport, peer = await connect(Recorder(), small=True)
    size = fill(transport)
    sending = asyncio.ensure_future(loop.sendfile(transport, file))
    await rounds()
    with pytest.raises(RuntimeError, match="unable to write; sendfile is in progress"):
        transport.write(b"x")
    with pytest.raises(RuntimeError, match="unable to write(lines)?; sendfile is in progress"):
        transport.writelines([b"x"])
    assert len(await receive(peer, size + 300_000)) == size + 300_000
    await sending


async def test_a_file_is_not_sent_when_the_connection_is_lost_before(our_loop, connect, file):
    transport, peer = await connect(Recorder(), small=True)
    fill(transport)
    sending = asyncio.ensure_future(our_loop.sendfile(transport, file))
    await rounds()
    transport.abort()
    with pytest.raises(ConnectionError):
        await sending


async def test_cancelling_a_file_that_waits_leaves_what_is_before_it(our_loop, connect, file):
    transport, peer = await connect(Recorder(), small=True)
    size = fill(transport)
    sending = asyncio.ensure_future(our_loop.sendfile(transport, file))
    await rounds()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert len(await receive(peer, size)) == size
    await rounds()


# Options --------------------------------------------------------------------------


async def test_tcp_sends_small_messages_at_once(connect):
    transport, _ = await connect(Recorder(), "tcp")
    ours = transport.get_extra_info("socket")
    assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
