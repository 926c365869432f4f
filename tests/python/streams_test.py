"""Operations of GIO's streams over descriptors, which the engine's poller waits for."""

import asyncio
import gc
import os
import resource
import socket
import subprocess
import threading

import pytest
from gi.repository import Gio, GLib

import gawait
from gawait import plans


class Ends:
    """A connection of GIO's, and the socket at its other end."""

    def __init__(self):
        near, self.far = socket.socketpair()
        self.socket = Gio.Socket.new_from_fd(near.detach())
        self.connection = self.socket.connection_factory_create_connection()
        self.input = self.connection.get_input_stream()
        self.output = self.connection.get_output_stream()
        self.far.setblocking(False)

    def received(self, most=1_000_000):
        try:
            return self.far.recv(most)
        except BlockingIOError:
            return b""


@pytest.fixture
def ends():
    made = Ends()
    yield made
    made.far.close()


def run(main):
    return gawait.run(asyncio.wait_for(main, 20))


async def waiting(operation):
    """Give an operation time to begin to wait."""
    await asyncio.sleep(0.005)
    assert not operation.done()
    return operation


# Results --------------------------------------------------------------------------


def test_each_function_gives_what_its_finish_function_gives(ends):
    async def main():
        ends.far.send(b"some bytes and more and the rest")
        assert await ends.input.read_async(4) == b"some"
        assert (await ends.input.read_bytes_async(6)).get_data() == b" bytes"
        assert await ends.input.skip_async(5) == 5
        buffer = bytearray(4)
        assert await ends.input.read_async(buffer) == 4
        assert buffer == b"more"
        assert await ends.input.read_all_async(4) == b" and"
        assert await ends.output.write_async(b"one ") == 4
        assert tuple(await ends.output.write_all_async(b"two ")) == (True, 4)
        assert await ends.output.write_bytes_async(GLib.Bytes.new(b"three")) == 5
        assert ends.received() == b"one two three"

    run(main())


def test_what_is_not_there_yet_is_waited_for(ends):
    async def main():
        for start, expected in (
            (lambda: ends.input.read_async(10), b"hello"),
            (lambda: ends.input.skip_async(5), 5),
            (lambda: ends.input.read_all_async(5), b"hello"),
        ):
            operation = await waiting(start())
            ends.far.send(b"hello")
            assert await operation == expected
        operation = await waiting(ends.input.read_bytes_async(10))
        ends.far.send(b"hello")
        assert (await operation).get_data() == b"hello"

    run(main())


def test_the_end_of_a_stream_is_no_bytes(ends):
    async def main():
        operation = await waiting(ends.input.read_all_async(10))
        ends.far.send(b"last")
        ends.far.close()
        assert await operation == b"last"
        assert await ends.input.read_async(10) == b""
        assert (await ends.input.read_bytes_async(10)).get_data() in (b"", None)
        assert await ends.input.skip_async(10) == 0

    run(main())


@pytest.mark.skipif(not plans.WANTED, reason="PyGObject passes on what GIO refuses")
def test_no_bytes_are_moved_at_once(ends):
    async def main():
        assert (await ends.input.read_bytes_async(0)).get_size() == 0
        assert await ends.output.write_bytes_async(GLib.Bytes.new(b"")) == 0

    run(main())


def test_a_large_write_goes_as_fast_as_it_is_read(ends):
    async def main():
        data = os.urandom(3_000_000)
        operation = await waiting(ends.output.write_all_async(data))
        received = b""
        while len(received) < len(data):
            received += ends.received()
            await asyncio.sleep(0)
        assert tuple(await operation) == (True, len(data))
        assert received == data

    run(main())


def test_pipes_are_waited_for_too():
    reads, writes = os.pipe()
    source = Gio.UnixInputStream.new(reads, True)
    sink = Gio.UnixOutputStream.new(writes, True)

    async def main():
        operation = await waiting(source.read_async(10))
        await sink.write_all_async(b"piped")
        assert await operation == b"piped"
        sink.close()
        assert await source.read_async(10) == b""

    run(main())


def test_an_end_comes_in_a_later_round_unless_it_is_awaited(ends):
    async def main():
        ends.far.send(b"there")
        operation = ends.input.read_async(10)
        assert not operation.done()
        assert ends.input.has_pending()
        await asyncio.sleep(0.001)
        assert operation.done()
        assert not ends.input.has_pending()
        assert await operation == b"there"

    run(main())


def test_operations_that_never_wait_let_others_have_their_turn(ends):
    async def main():
        ended = False

        async def write_on():
            while not ended:
                await ends.output.write_all_async(b"x")
                ends.received()

        task = asyncio.create_task(write_on())
        await asyncio.sleep(0.01)
        ended = True
        await task

    run(main())


# Pending, closed, errors ----------------------------------------------------------


def test_a_second_operation_is_refused_as_gio_refuses_it(ends):
    async def main():
        first = await waiting(ends.input.read_async(10))
        assert ends.input.has_pending()
        for second in (ends.input.read_bytes_async, ends.input.read_async):
            with pytest.raises(GLib.Error, match="outstanding operation") as caught:
                await second(10)
            assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.PENDING)
        ends.far.send(b"first")
        assert await first == b"first"
        writes = ends.output.write_async(b"one"), ends.output.write_async(b"two")
        assert await writes[0] == 3
        with pytest.raises(GLib.Error, match="outstanding operation"):
            await writes[1]

    run(main())


def test_a_closed_stream_is_refused_as_gio_refuses_it(ends):
    async def main():
        ends.connection.close()
        with pytest.raises(GLib.Error, match="closed") as caught:
            await ends.input.read_async(10)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED)

    run(main())


def test_a_socket_that_is_closed_ends_what_waits_for_it(ends):
    async def main():
        reading = await waiting(ends.input.read_async(10))
        ends.socket.close()
        with pytest.raises(GLib.Error) as caught:
            await reading
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED)
        assert not ends.input.has_pending()

    run(main())


def test_a_broken_pipe_is_the_error_of_gio(ends):
    async def main():
        ends.far.close()
        with pytest.raises(GLib.Error) as caught:
            await ends.output.write_all_async(b"x")
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BROKEN_PIPE)

    run(main())


def test_the_time_limit_of_a_socket_is_heeded(ends):
    async def main():
        ends.socket.set_timeout(1)
        with pytest.raises(GLib.Error) as caught:
            await ends.input.read_async(10)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)

    run(main())


# Cancellation ---------------------------------------------------------------------


def test_a_cancelled_operation_ends_and_the_stream_goes_on(ends):
    async def main():
        operation = await waiting(ends.input.read_async(10))
        assert operation.cancel()
        assert not operation.done()
        with pytest.raises(asyncio.CancelledError):
            await operation
        assert operation.cancellable.is_cancelled()
        assert not ends.input.has_pending()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):
                await ends.input.read_bytes_async(10)
        ends.far.send(b"after")
        assert await ends.input.read_async(10) == b"after"

    run(main())


def test_an_operation_that_is_cancelled_when_it_has_its_result_is_cancelled(ends):
    async def main():
        ends.far.send(b"there")
        operation = ends.input.read_async(10)
        assert operation.cancel()
        with pytest.raises(asyncio.CancelledError):
            await operation
        assert not ends.input.has_pending()

    run(main())


@pytest.mark.parametrize("passed", (True, False))
@pytest.mark.parametrize("elsewhere", (True, False))
def test_a_cancellable_that_is_cancelled_is_the_error_of_gio(ends, passed, elsewhere):
    async def main():
        cancellable = Gio.Cancellable() if passed else None
        operation = await waiting(ends.input.read_async(10, 0, cancellable))
        cancellable = cancellable or operation.cancellable
        if elsewhere:
            thread = threading.Thread(target=cancellable.cancel)
            thread.start()
        else:
            cancellable.cancel()
        with pytest.raises(GLib.Error, match="cancelled") as caught:
            await operation
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
        assert not ends.input.has_pending()
        if elsewhere:
            thread.join()

    run(main())


def test_a_cancellable_that_was_cancelled_before_leaves_the_stream_as_it_is(ends):
    async def main():
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        ends.far.send(b"unread")
        with pytest.raises(GLib.Error, match="cancelled"):
            await ends.input.read_async(10, 0, cancellable)
        with pytest.raises(GLib.Error, match="cancelled"):
            await ends.output.write_async(b"unwritten", 0, cancellable)
        assert ends.received() == b""
        assert await ends.input.read_async(10) == b"unread"

    run(main())


def test_a_cancelled_skip_says_how_far_it_came(ends):
    async def main():
        cancellable = Gio.Cancellable()
        operation = ends.input.skip_async(10, 0, cancellable)
        ends.far.send(b"some")
        await waiting(operation)
        cancellable.cancel()
        assert await operation == 4

    run(main())


# The usual way --------------------------------------------------------------------


def test_streams_that_are_not_over_a_descriptor_are_awaited_as_before(ends):
    async def main():
        memory = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"memory"))
        assert await memory.read_async(3) == b"mem"
        buffered = Gio.BufferedInputStream.new(ends.input)
        ends.far.send(b"buffered")
        assert await buffered.read_async(8) == b"buffered"
        compressed = Gio.MemoryOutputStream.new_resizable()
        compressor = Gio.ZlibCompressor.new(Gio.ZlibCompressorFormat.RAW, -1)
        converter = Gio.ConverterOutputStream.new(compressed, compressor)
        await converter.write_all_async(b"converted")
        await converter.close_async()
        decompressor = Gio.ZlibDecompressor.new(Gio.ZlibCompressorFormat.RAW)
        source = Gio.MemoryInputStream.new_from_bytes(compressed.steal_as_bytes())
        converted = Gio.ConverterInputStream.new(source, decompressor)
        assert await converted.read_all_async(100) == b"converted"

    run(main())


def make_certificate(folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    command = [*command.split(), "-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    return Gio.TlsCertificate.new_from_files(str(certificate), str(key))


def test_tls_over_a_socket_is_awaited_as_before(tmp_path):
    if not Gio.TlsBackend.get_default().supports_tls():
        pytest.skip("GIO has no TLS here")
    certificate = make_certificate(tmp_path)

    async def main():
        near, far = (
            Gio.Socket.new_from_fd(end.detach()).connection_factory_create_connection()
            for end in socket.socketpair()
        )
        server = Gio.TlsServerConnection.new(near, certificate)
        client = Gio.TlsClientConnection.new(far, None)
        client.connect("accept-certificate", lambda *_: True)
        data = os.urandom(500_000)
        reading = asyncio.ensure_future(server.get_input_stream().read_all_async(len(data)))
        written = await client.get_output_stream().write_all_async(data)
        assert tuple(written) == (True, len(data))
        assert await reading == data
        waiting_again = await waiting(client.get_input_stream().read_bytes_async(100))
        await server.get_output_stream().write_async(b"back")
        assert (await waiting_again).get_data() == b"back"

    run(main())


# Nothing stays --------------------------------------------------------------------


def registered():
    """How many descriptors are in epoll sets of this process."""
    lines = []
    for each in os.listdir("/proc/self/fdinfo"):
        try:
            with open(f"/proc/self/fdinfo/{each}") as info:
                lines += info.readlines()
        except FileNotFoundError:
            pass
    return sum(line.startswith("tfd:") for line in lines)


@pytest.mark.skipif(not plans.WANTED, reason="PyGObject keeps memory of each call")
def test_many_operations_leave_nothing_behind():
    async def some(count):
        for _ in range(count):
            ends = Ends()
            operation = ends.input.read_bytes_async(10)
            await asyncio.sleep(0)
            ends.far.send(b"x")
            await operation
            await ends.output.write_all_async(b"y")
            ends.far.close()
        del ends, operation
        await asyncio.sleep(0.01)  # the last is closed a moment later
        gc.collect()

    async def main():
        await some(1000)
        before = registered(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await some(10_000)
        after = registered(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert after[0] == before[0]
        assert after[1] - before[1] < 2000  # kB

    gawait.run(main())
