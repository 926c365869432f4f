"""Transports of pipes: what their protocols see on the stock loop and on ours."""

import asyncio
import contextlib
import gc
import logging
import os
import pty
import socket
import stat
import sys
import tty

import pytest


class Protocol(asyncio.Protocol):
    """Notes what happens."""

    def __init__(self):
        self.events = []
        self.received = b""
        self.changed = asyncio.Event()

    def note(self, *event):
        self.events.append(event)
        self.changed.set()

    def connection_made(self, transport):
        self.transport = transport
        self.note("made")

    def data_received(self, data):
        assert type(data) is bytes
        self.received += data
        self.changed.set()

    def eof_received(self):
        self.note("eof")

    def pause_writing(self):
        self.note("pause")

    def resume_writing(self):
        self.note("resume")

    def connection_lost(self, failure):
        self.note("lost", failure and type(failure))

    async def until(self, reached):
        async with asyncio.timeout(5):
            while not reached(self):
                self.changed.clear()
                await self.changed.wait()

    async def until_lost(self):
        await self.until(lambda self: self.events[-1][0] == "lost")
        return self.events


async def reader_of(loop, file):
    return await loop.connect_read_pipe(Protocol, file)


async def writer_of(loop, file):
    return await loop.connect_write_pipe(Protocol, file)


def a_pipe():
    here, there = os.pipe()
    return open(here, "rb", 0), open(there, "wb", 0)


def a_terminal():
    here, there = pty.openpty()
    tty.setraw(there)
    return open(here, "rb", 0), open(there, "wb", 0)


def a_socket():
    return socket.socketpair()


def write_to(file, data):
    (file.sendall if isinstance(file, socket.socket) else file.write)(data)


def read_from(file, size):
    """What there is, at most size bytes, without waiting."""
    os.set_blocking(file.fileno(), False)
    try:
        return os.read(file.fileno(), size)
    except BlockingIOError:
        return b""


async def read_all_from(file, size):
    """So many bytes; a terminal passes them on later."""
    received = b""
    async with asyncio.timeout(5):
        while len(received) < size:
            received += read_from(file, size - len(received))
            await asyncio.sleep(0)
    return received


@pytest.fixture(params=[a_pipe, a_socket, a_terminal], ids=["pipe", "socket", "terminal"])
def ends(request):
    """Makes pairs of an end to read from and one to write to, closed in the end."""
    with contextlib.ExitStack() as stack:

        def make():
            both = request.param()
            for each in both:
                stack.enter_context(contextlib.closing(each))
            return both

        yield make


@pytest.fixture
def pipes():
    with contextlib.ExitStack() as stack:

        def make():
            return tuple(stack.enter_context(contextlib.closing(each)) for each in a_pipe())

        yield make


# Reading ----------------------------------------------------------------------------


def test_what_is_written_is_read(either, ends):
    async def main(loop):
        here, there = ends()
        transport, protocol = await reader_of(loop, here)
        for data in (b"x", b"some text\n", bytes(3000)):
            write_to(there, data)
            await protocol.until(lambda self: len(self.received) == len(data))
            assert protocol.received == data
            protocol.received = b""
        transport.close()
        assert await protocol.until_lost() == [("made",), ("lost", None)]

    either(main)


def test_all_of_much_is_read(either, pipes):
    data = os.urandom(1_000_000)

    async def main(loop):
        here, there = pipes()
        transport, protocol = await reader_of(loop, here)
        writing = asyncio.to_thread(lambda: (there.write(data), there.close()))
        await asyncio.gather(writing, protocol.until_lost())
        return protocol.received == data, protocol.events

    assert either(main) == (True, [("made",), ("eof",), ("lost", None)])


def test_the_end_is_told_once(either, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await reader_of(loop, here)
        there.write(b"last")
        there.close()
        events = await protocol.until_lost()
        assert protocol.received == b"last" and here.closed and transport.is_closing()
        assert events == [("made",), ("eof",), ("lost", None)]

    either(main)


def test_the_other_end_of_a_terminal_that_is_gone_fails(on_both):
    async def main(loop):
        here, there = a_terminal()
        reports = []
        loop.set_exception_handler(lambda _, context: reports.append(context["message"]))
        transport, protocol = await reader_of(loop, here)
        there.close()
        return await protocol.until_lost(), reports

    assert on_both(main) == ([("made",), ("lost", OSError)], [])


def test_what_cannot_be_read_any_more_is_reported(on_both, pipes):
    async def main(loop):
        here, there = pipes()
        reports = []
        loop.set_exception_handler(lambda _, context: reports.append(context))
        transport, protocol = await reader_of(loop, here)
        with open(os.devnull, "wb") as unreadable:
            # An error that a device would give, on a pipe.
            spare = os.dup(here.fileno())
            there.write(b"data")
            await protocol.until(lambda self: self.received)
            os.dup2(unreadable.fileno(), here.fileno())
            transport._read_ready()
            os.dup2(spare, here.fileno())
            os.close(spare)
        await protocol.until_lost()
        [report] = reports
        assert report["transport"] is transport and report["protocol"] is protocol
        return protocol.events, report["message"], repr(report["exception"])

    events, message, _ = on_both(main)
    assert events == [("made",), ("lost", OSError)]
    assert message == "Fatal read error on pipe transport"


def test_reading_is_paused_and_resumed(either, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await reader_of(loop, here)
        transport.pause_reading()
        transport.pause_reading()
        there.write(b"later")
        await asyncio.sleep(0.01)
        assert protocol.received == b""
        transport.resume_reading()
        transport.resume_reading()
        await protocol.until(lambda self: self.received == b"later")
        transport.close()
        await protocol.until_lost()
        transport.pause_reading()
        transport.resume_reading()

    either(main)


def test_no_more_is_read_at_once_than_the_largest_size(either, pipes):
    class Sizes(Protocol):
        def data_received(self, data):
            super().data_received(data)
            self.note(len(data))

    async def main(loop):
        here, there = pipes()
        transport, protocol = await loop.connect_read_pipe(Sizes, here)
        transport.max_size = 4
        there.write(b"0123456789")
        await protocol.until(lambda self: len(self.received) == 10)
        assert protocol.events == [("made",), (4,), (4,), (2,)]
        transport.close()
        await protocol.until_lost()

    either(main)


def test_what_a_protocol_raises_is_reported_and_more_is_read(either, pipes):
    class Failing(Protocol):
        def data_received(self, data):
            super().data_received(data)
            if data == b"bad":
                raise ValueError("bad")

    async def main(loop):
        here, there = pipes()
        reports = []
        loop.set_exception_handler(lambda _, context: reports.append(context["exception"]))
        transport, protocol = await loop.connect_read_pipe(Failing, here)
        there.write(b"bad")
        await protocol.until(lambda self: self.received == b"bad")
        there.write(b"good")
        await protocol.until(lambda self: self.received == b"badgood")
        assert [str(each) for each in reports] == ["bad"]
        transport.close()
        await protocol.until_lost()

    either(main)


def test_another_protocol_takes_over(either, pipes):
    async def main(loop):
        here, there = pipes()
        transport, first = await reader_of(loop, here)
        second = Protocol()
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        there.write(b"data")
        await second.until(lambda self: self.received == b"data")
        transport.close()
        await asyncio.sleep(0.01)
        assert first.events == [("made",)] and second.events == [("lost", None)]

    either(main)


# Writing ----------------------------------------------------------------------------


def test_what_is_written_arrives(either, ends):
    async def main(loop):
        here, there = ends()
        transport, protocol = await writer_of(loop, there)
        for data in (b"bytes", bytearray(b"bytearray"), memoryview(b"memoryview"), b""):
            transport.write(data)
        assert transport.get_write_buffer_size() == 0
        assert await read_all_from(here, 24) == b"bytesbytearraymemoryview"
        transport.writelines([b"one", b"two"])
        assert await read_all_from(here, 6) == b"onetwo"
        transport.close()
        assert await protocol.until_lost() == [("made",), ("lost", None)]

    either(main)


def test_all_of_much_arrives_in_order(either, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        parts = [os.urandom(size) for size in (1, 100_000, 10, 300_000, 70_000)]
        for each in parts:
            transport.write(each)
        transport.write_eof()
        transport.write(b"too late")
        assert transport.can_write_eof() and transport.is_closing()
        received = b""
        while not here.closed and len(received) < sum(map(len, parts)):
            received += read_from(here, 1 << 20)
            await asyncio.sleep(0)
        assert received == b"".join(parts)
        assert (await protocol.until_lost())[-1] == ("lost", None)
        assert read_from(here, 100) == b""

    either(main)


def test_a_protocol_that_writes_too_much_is_told(on_both, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        transport.set_write_buffer_limits(high=1000, low=100)
        changing = bytearray(100_000)
        transport.write(changing)
        changing[:] = b"x" * len(changing)
        noted = [list(protocol.events), transport.get_write_buffer_size()]
        received = b""
        while ("resume",) not in protocol.events:
            received += read_from(here, 5000)
            await asyncio.sleep(0)
        noted.append(transport.get_write_buffer_size())
        received += read_from(here, 1 << 20)
        assert received == bytes(100_000)
        transport.close()
        return noted, await protocol.until_lost()

    _, events = on_both(main)
    assert events == [("made",), ("pause",), ("resume",), ("lost", None)]


def test_a_reader_that_vanishes_is_noticed(on_both, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        here.close()
        return await protocol.until_lost()

    assert on_both(main) == [("made",), ("lost", None)]


def test_a_reader_that_vanishes_before_all_was_read_breaks_the_pipe(on_both, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        transport.write(bytes(200_000))
        here.close()
        return await protocol.until_lost()

    assert on_both(main) == [("made",), ("pause",), ("lost", BrokenPipeError)]


def test_writing_to_a_reader_that_has_vanished_is_warned_of(on_both, pipes, caplog):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        here.close()
        caplog.clear()
        with caplog.at_level(logging.WARNING, "asyncio"):
            for _ in range(8):
                transport.write(b"data")
        return await protocol.until_lost(), [each.message for each in caplog.records]

    events, warnings = on_both(main)
    assert events == [("made",), ("lost", BrokenPipeError)] and warnings


def test_abort_forgets_what_was_not_written(on_both, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        transport.write(bytes(1_000_000))
        transport.abort()
        events = await protocol.until_lost()
        return len(read_from(here, 1 << 20)), events

    assert on_both(main)[1] == [("made",), ("pause",), ("lost", None)]


def test_what_is_no_data_is_refused(on_both, pipes):
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        refused = []
        for wrong in ("text", None, 9):
            with pytest.raises(Exception) as raised:
                transport.write(wrong)
            refused.append((type(raised.value), str(raised.value)))
        transport.close()
        await protocol.until_lost()
        return refused

    on_both(main)


def test_a_pipe_that_blocks_again_does_not_stop_the_other_threads(ours, pipes):
    # Whoever shares it, a child process, say, may make it block.
    async def main(loop):
        here, there = pipes()
        transport, protocol = await writer_of(loop, there)
        reading = asyncio.to_thread(lambda: len(here.read(100_000)) + len(here.read(100_000)))
        task = asyncio.ensure_future(reading)
        await asyncio.sleep(0)
        os.set_blocking(there.fileno(), True)
        transport.write(bytes(100_000))
        os.set_blocking(there.fileno(), False)
        assert await task
        transport.abort()
        await protocol.until_lost()

    ours(main)


# Both -------------------------------------------------------------------------------


def test_a_regular_file_is_refused(on_both, tmp_path):
    async def main(loop):
        texts = []
        for connect, mode in ((reader_of, "rb"), (writer_of, "wb")):
            (tmp_path / "file").touch()
            with open(tmp_path / "file", mode, 0) as file:
                with pytest.raises(ValueError) as refused:
                    await connect(loop, file)
                texts.append(str(refused.value))
        return texts

    on_both(main)


def test_what_they_say_of_themselves(on_both, pipes):
    async def main(loop):
        def said(transport, fd):
            text = repr(transport).replace(type(transport).__name__, "Transport")
            return text.replace(f"fd={fd}", "fd=9")

        here, there = pipes()
        texts = []
        for connect, file in ((reader_of, here), (writer_of, there)):
            transport, protocol = await connect(loop, file)
            await asyncio.sleep(0)
            fd = file.fileno()
            assert transport.get_extra_info("pipe") is file
            assert transport._pipe is file and transport._protocol is protocol
            assert stat.S_ISFIFO(os.fstat(fd).st_mode) and not os.get_blocking(fd)
            texts.append(said(transport, fd))
            transport.close()
            texts.append(said(transport, fd))
            await protocol.until_lost()
            texts.append(said(transport, fd))
        return texts

    on_both(main)


def test_one_that_was_not_closed_is_warned_of(either, pipes):
    async def main(loop):
        here, kept = pipes()
        kept_too, there = pipes()
        for connect, file in ((reader_of, here), (writer_of, there)):
            transport, protocol = await connect(loop, file)
            await asyncio.sleep(0)
            loop._remove_reader(file.fileno())
            del transport, protocol
            with pytest.warns(ResourceWarning, match="unclosed transport <"):
                gc.collect()
            assert file.closed

    either(main)


def test_streams_work_over_pipes(either, pipes):
    async def main(loop):
        here, there = pipes()
        reader = asyncio.StreamReader()
        reading, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), here
        )
        writing, protocol = await loop.connect_write_pipe(
            lambda: asyncio.streams.FlowControlMixin(), there
        )
        writer = asyncio.StreamWriter(writing, protocol, None, loop)
        for number in range(100):
            writer.write(b"line %d\n" % number + bytes(5000) + b"\n")
            assert await reader.readline() == b"line %d\n" % number
            assert len(await reader.readline()) == 5001
            await writer.drain()
        writing.close()
        assert await reader.read() == b""

    either(main)


def test_a_child_process_reads_and_writes_much(either):
    async def main(loop):
        data = os.urandom(2_000_000)
        process = await asyncio.create_subprocess_exec(
            "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(data), 30)
        assert out == data and process.returncode == 0

    either(main)


def test_a_child_process_that_ends_early_is_noticed(either):
    async def main(loop):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "import sys; sys.stdin.read(1)"),
            stdin=asyncio.subprocess.PIPE,
        )
        process.stdin.write(bytes(1_000_000))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            async with asyncio.timeout(10):
                while True:
                    await process.stdin.drain()
                    process.stdin.write(b"x")
                    await asyncio.sleep(0.001)
        assert await process.wait() == 0
        with pytest.raises(BrokenPipeError):
            await process.stdin.wait_closed()

    either(main)
