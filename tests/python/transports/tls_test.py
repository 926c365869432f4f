"""TLS: what is received and sent through it, and what of it a program may replace."""

import asyncio
import contextlib
import gc
import logging
import random
import socket
import ssl
import weakref
from asyncio import sslproto

import pytest

from gawait.tls import SSLProtocol

from .conftest import LOOPS, PATIENCE, BufferedRecorder, Recorder, rounds

KIB = 1024
RECORD = 16 * KIB  # what one carries at most


class Peer:
    """The other side: a client, by the module ssl alone."""

    def __init__(self, sock, context):
        sock.setblocking(False)
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="127.0.0.1")

    async def work(self, function, *arguments):
        """The result of a method of the SSL object that may have to wait for the other side."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                result = function(*arguments)
            except ssl.SSLWantReadError:
                result = None
            await loop.sock_sendall(self.sock, self.outgoing.read())
            if result is not None:
                return result
            if data := await loop.sock_recv(self.sock, 64 * KIB):
                self.incoming.write(data)
            else:
                self.incoming.write_eof()

    async def shake_hands(self):
        await self.work(lambda: self.tls.do_handshake() or True)
        return self

    def encrypt(self, *pieces):
        """A record, or several, of each."""
        for each in pieces:
            while each:
                each = each[self.tls.write(each) :]
        return self.outgoing.read()

    async def send(self, *pieces):
        """All at once."""
        await asyncio.get_running_loop().sock_sendall(self.sock, self.encrypt(*pieces))

    async def receive(self, count=None):
        """So many bytes, or all until the end."""
        received = bytearray()
        while count is None or len(received) < count:
            try:
                data = await self.work(self.tls.read, 64 * KIB)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError, ConnectionError):
                break
            if not data:
                break
            received += data
        return bytes(received)

    async def end(self):
        """Says that nothing more comes, and waits until the other side has said so as well."""
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            await self.work(lambda: self.tls.unwrap() or True)
        self.sock.close()


async def from_the_beginning(loop, protocol, ours, context):
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, ours, ssl=context)
    return transport


async def by_start_tls(loop, protocol, ours, context):
    below, _ = await loop.connect_accepted_socket(asyncio.Protocol, ours)
    transport = await loop.start_tls(below, protocol, context, server_side=True)
    protocol.connection_made(transport)
    return transport


WAYS = [from_the_beginning, by_start_tls]


async def pair(loop, protocol, server_tls, client_tls, way=from_the_beginning, small=False):
    """The transport of a protocol, which is a server's, and its peer."""
    ours, theirs = socket.socketpair()
    if small:
        for each in ours, theirs:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * KIB)
    peer = Peer(theirs, client_tls)
    transport, _ = await asyncio.gather(
        way(loop, protocol, ours, server_tls), peer.shake_hands()
    )
    return transport, peer


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def connect(loop, server_tls, client_tls, request):
    """Gives a protocol a connection with TLS; returns its transport and its peer."""
    made = []

    async def connect(protocol, small=False):
        connected = await pair(loop, protocol, server_tls, client_tls, request.param, small)
        made.append(connected)
        return connected

    yield connect
    for transport, peer in made:
        peer.sock.close()
        transport.abort()
    loop.run_until_complete(asyncio.sleep(0.001))


def noise(size):
    return random.Random(size).randbytes(size)


# What comes -----------------------------------------------------------------------

SIZES = [1, 1000, RECORD - 1, RECORD, RECORD + 1, 100 * KIB, 1000 * KIB]


@pytest.mark.parametrize("size", SIZES)
async def test_messages_of_each_size_go_there_and_back(connect, size):
    protocol = Recorder()
    protocol.data_received = lambda data: protocol.transport.write(data)
    _, peer = await connect(protocol)
    for _ in range(2):
        sending = asyncio.ensure_future(peer.send(noise(size)))
        assert await peer.receive(size) == noise(size)
        await sending


@pytest.mark.parametrize(
    ("size", "room"),
    [
        (size, room)
        for size in SIZES
        for room in (1, 999, RECORD, 70 * KIB)
        if size <= 10_000 * room  # more rounds take long
    ],
)
async def test_a_buffered_protocol_gets_all_in_what_room_it_has(connect, size, room):
    protocol = BufferedRecorder(room)
    protocol.buffer = memoryview(protocol.buffer)  # asyncio takes no other
    _, peer = await connect(protocol)
    sending = asyncio.ensure_future(peer.send(noise(size)))
    came = b""
    while len(came) < size:
        await asyncio.sleep(0)
        came = b"".join(what[0] for name, *what in protocol.events if name == "updated")
    assert came == noise(size)
    await sending


async def test_a_buffer_may_be_any_that_can_be_written(our_loop, connect):
    protocol = BufferedRecorder(70 * KIB)
    _, peer = await connect(protocol)
    await peer.send(noise(50 * KIB))
    await protocol.until("updated")
    await rounds()
    came = b"".join(what[0] for name, *what in protocol.events if name == "updated")
    assert came == noise(50 * KIB)


async def test_what_comes_together_is_received_together(connect):
    protocol = Recorder()
    _, peer = await connect(protocol)
    await peer.send(b"one", b"two", b"three")
    await protocol.until("data")
    await rounds()
    assert protocol.events == [("made",), ("data", b"onetwothree")]


async def test_a_record_may_come_in_pieces(connect):
    protocol = Recorder()
    _, peer = await connect(protocol)
    record = peer.encrypt(b"whole") + peer.encrypt(b"next")
    for position in range(len(record)):
        peer.sock.send(record[position : position + 1])
        await rounds()
    assert protocol.events == [("made",), ("data", b"whole"), ("data", b"next")]


async def test_the_end_is_told_after_what_came_with_it(connect):
    protocol = Recorder()
    _, peer = await connect(protocol)
    last = peer.encrypt(b"last")
    with pytest.raises(ssl.SSLWantReadError):
        peer.tls.unwrap()
    peer.sock.send(last + peer.outgoing.read())
    await protocol.until("eof")
    peer.sock.close()
    await protocol.lost
    assert protocol.names == ["made", "data", "eof", "lost"]
    assert protocol.received == b"last"


async def test_a_broken_record_loses_the_connection(loop, connect, caplog):
    loop.set_debug(True)
    caplog.set_level(logging.DEBUG, "asyncio")
    protocol = Recorder()
    _, peer = await connect(protocol)
    record = bytearray(peer.encrypt(b"a message"))
    record[-1] ^= 1
    peer.sock.send(record)
    await protocol.lost
    assert protocol.events == [("made",), ("lost", "SSLError")]
    # It is an OSError, of which the log tells in debug mode, with its traceback.
    (record,) = [each for each in caplog.records if "Fatal error" in each.getMessage()]
    assert issubclass(record.exc_info[0], ssl.SSLError)


# Pausing reading ------------------------------------------------------------------


async def test_nothing_is_received_while_reading_is_paused(connect):
    protocol = Recorder(data=lambda transport: transport.pause_reading())
    transport, peer = await connect(protocol)
    sending = asyncio.ensure_future(peer.send(*[b"x" * KIB] * 2000))
    await protocol.until("data")
    assert not transport.is_reading()
    first = protocol.received
    await rounds(20)
    assert protocol.received == first
    assert not sending.done()  # since the transport below is paused as well
    protocol.reactions.clear()
    transport.resume_reading()
    while len(protocol.received) < 2000 * KIB:
        await asyncio.sleep(0)
    assert protocol.received == b"x" * KIB * 2000
    await sending


# What is written ------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"0123",
        bytearray(b"0123"),
        memoryview(b"0123"),
        memoryview(b"x0123x")[1:5],
        memoryview(b"0123").cast("b"),
    ],
)
@pytest.mark.parametrize("method", ["write", "writelines"])
async def test_data_may_be_of_each_kind_of_bytes(connect, method, data):
    transport, peer = await connect(Recorder())
    getattr(transport, method)(*([[data, data]] if method == "writelines" else [data]))
    transport.close()
    assert await peer.receive() == b"0123" * (2 if method == "writelines" else 1)


@pytest.mark.parametrize("times", [1, 70])
async def test_bytes_that_change_later_are_sent_as_they_were(connect, times):
    transport, peer = await connect(Recorder())
    data = bytearray(b"before" * KIB * times)
    transport.write(data)
    data[:] = b"after"
    transport.close()
    assert await peer.receive() == b"before" * KIB * times


async def test_writing_nothing_sends_nothing(connect):
    transport, peer = await connect(Recorder())
    await asyncio.sleep(0.001)
    with contextlib.suppress(BlockingIOError):
        peer.sock.recv(100_000)  # the tickets of sessions
    for empty in b"", bytearray(), memoryview(b""):
        transport.write(empty)
    transport.writelines([])
    await rounds()
    with pytest.raises(BlockingIOError):
        peer.sock.recv(1)


@pytest.mark.parametrize("wrong", ["text", 1, [b"x"], None])
async def test_writing_anything_else_is_refused(connect, wrong):
    transport, _ = await connect(Recorder())
    with pytest.raises(TypeError, match="expecting a bytes-like instance, got"):
        transport.write(wrong)
    with pytest.raises(TypeError):
        transport.write()
    transport.write(data=b"by its name")


async def test_what_is_wrong_among_lines_loses_the_connection(connect, reports):
    protocol = Recorder()
    transport, _ = await connect(protocol)
    transport.writelines([b"right", "wrong"])
    await protocol.lost
    assert protocol.events == [("made",), ("lost", "TypeError")]
    assert reports.pop()["message"] == "Fatal error on SSL protocol"


async def test_what_a_callback_writes_keeps_its_order(connect):
    numbers = random.Random(3)
    pieces = [numbers.randbytes(numbers.choice([1, 100, 5000, 40_000])) for _ in range(40)]

    def answer(transport):
        for each in pieces[::2]:
            transport.write(each)
            transport.writelines([pieces[pieces.index(each) + 1]])

    transport, peer = await connect(Recorder(data=answer), small=True)
    transport.write(b"first")
    await peer.send(b"ask")
    expected = b"first" + b"".join(pieces)
    assert await peer.receive(len(expected)) == expected


async def test_a_writer_is_paused_and_resumed(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    transport.set_write_buffer_limits(high=100 * KIB, low=10 * KIB)
    written = 0
    while "pause" not in protocol.names:
        transport.write(noise(10 * KIB))
        written += 10 * KIB
        await asyncio.sleep(0)
    # Beside what the transport below and the kernel have taken.
    assert transport.get_write_buffer_size() >= 100 * KIB
    await rounds(10)
    assert "resume" not in protocol.names
    received = await peer.receive(written)
    assert received == noise(10 * KIB) * (written // (10 * KIB))
    await protocol.until("resume")
    assert protocol.names == ["made", "pause", "resume"]
    assert transport.get_write_buffer_size() == 0


@pytest.mark.parametrize("limit", [0, 10**30])
async def test_limits_may_be_any_numbers(connect, limit):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    transport.set_write_buffer_limits(high=limit, low=0)
    transport.set_read_buffer_limits(high=10**30, low=10)
    transport.write(b"data")
    assert await peer.receive(4) == b"data"
    await peer.send(b"more")
    await protocol.until("data")
    assert transport.get_write_buffer_limits() == (0, limit)


# Closing --------------------------------------------------------------------------


async def test_what_was_written_is_sent_before_the_end(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    transport.write(noise(1000 * KIB))
    transport.close()
    transport.write(b"too late")
    receiving = asyncio.ensure_future(peer.receive())
    assert await receiving == noise(1000 * KIB)
    await peer.end()
    await protocol.lost
    assert protocol.events[-1] == ("lost", "NoneType")


async def test_nothing_is_received_after_closing(connect):
    protocol = Recorder(data=lambda transport: transport.close())
    transport, peer = await connect(protocol)
    await peer.send(b"first")
    await protocol.until("data")
    with contextlib.suppress(OSError):
        await peer.send(b"second")
    await peer.end()
    await protocol.lost
    assert transport.is_closing()
    assert protocol.received.startswith(b"first")


async def test_an_aborted_connection_sends_nothing_more(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol, small=True)
    transport.write(noise(1000 * KIB))
    transport.abort()
    assert len(await peer.receive()) < 1000 * KIB
    await protocol.lost
    transport.write(b"more")
    assert protocol.names[-1] == "lost"


async def test_a_peer_that_vanishes_is_an_end(connect):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    await peer.send(b"data")
    await protocol.until("data")
    peer.sock.close()
    await protocol.lost
    transport.write(b"more")


async def test_nothing_of_a_connection_is_kept(loop, server_tls, client_tls):
    protocol = Recorder()
    transport, peer = await pair(loop, protocol, server_tls, client_tls)
    below = weakref.ref(transport._ssl_protocol)
    await peer.send(b"data")
    await protocol.until("data")
    transport.close()
    await peer.end()
    await protocol.lost
    await rounds()
    transport = protocol.transport = None
    gc.collect()
    assert below() is None


# What callbacks do ----------------------------------------------------------------


class Odd(Exception):
    pass


class OddBase(BaseException):
    pass


def fail(error):
    def fail(transport):
        raise error("on purpose")

    return fail


ACTIONS = {
    "fails": fail(Odd),
    "fails as what is cancelled": fail(asyncio.CancelledError),
    "fails for the system": fail(ConnectionAbortedError),
    "fails badly": fail(OddBase),
    "closes": lambda transport: transport.close(),
    "aborts": lambda transport: transport.abort(),
    "writes": lambda transport: transport.write(b"more"),
    "writes much": lambda transport: transport.write(bytes(100 * KIB)),
    "pauses": lambda transport: transport.pause_reading(),
    "pauses and resumes": lambda transport: (
        transport.pause_reading(),
        transport.resume_reading(),
    ),
    "writes and closes": lambda transport: (transport.write(b"more"), transport.close()),
    "writes and aborts": lambda transport: (transport.write(b"more"), transport.abort()),
}


async def run_through(callback, action, contexts, reports):
    """What happens in the life of a connection in one of whose callbacks something is done."""

    def act(transport):
        ACTIONS[action](transport)

    kind = BufferedRecorder if callback in ("get_buffer", "updated") else Recorder
    protocol = kind(**{callback: act})
    if kind is BufferedRecorder:
        protocol.buffer = memoryview(protocol.buffer)
    loop = asyncio.get_running_loop()
    transport, peer = await pair(loop, protocol, *contexts)
    with contextlib.suppress(OSError):
        await peer.send(b"data")
    await rounds(5)
    if callback == "pause":
        transport.set_write_buffer_limits(high=64 * KIB)
        transport.write(bytes(1000 * KIB))
    with contextlib.suppress(OSError):
        await peer.send(b"data")
    await rounds(5)
    receiving = asyncio.ensure_future(peer.receive())
    await asyncio.sleep(0.01)
    with contextlib.suppress(ssl.SSLError):
        peer.tls.unwrap()
    with contextlib.suppress(OSError):
        await loop.sock_sendall(peer.sock, peer.outgoing.read())
    while not receiving.done():
        if not transport.is_closing():
            transport.resume_reading()
        await asyncio.sleep(0.001)
    sent = receiving.result()
    peer.sock.close()
    await protocol.lost
    await rounds(5)
    told = [(each["message"], type(each["exception"])) for each in reports]
    # A buffer is asked for again in each round that resumes reading, when nothing came.
    events = [event for event in protocol.events if event != ("get_buffer", 0)]
    # How much of what waited still went is chance.
    return events, None if callback == "pause" else len(sent), told


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("callback", ["made", "data", "eof", "pause", "get_buffer", "updated"])
def test_it_comes_as_on_the_loop_of_asyncio(callback, action, server_tls, client_tls):
    outcomes = {}
    for name, make in LOOPS.items():
        reports = []
        loop = make()
        loop.set_exception_handler(lambda loop, context: reports.append(context))
        running = run_through(callback, action, (server_tls, client_tls), reports)
        try:
            outcomes[name] = loop.run_until_complete(asyncio.wait_for(running, PATIENCE))
        except (ssl.SSLError, ConnectionError, Odd, OddBase, asyncio.CancelledError) as error:
            outcomes[name] = type(error)  # of the handshake
        finally:
            loop.run_until_complete(asyncio.sleep(0.001))
            loop.close()
    assert outcomes["gawait"] == outcomes["asyncio"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_ends_the_run(loop, server_tls, client_tls, kind):
    async def main():
        protocol = Recorder(data=fail(kind))
        transport, peer = await pair(loop, protocol, server_tls, client_tls)
        kept.append((transport, peer))
        await peer.send(b"data")
        await asyncio.sleep(PATIENCE)

    kept = []
    with pytest.raises(kind):
        loop.run_until_complete(main())
    for transport, peer in kept:
        transport.abort()
        peer.sock.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.001))


# Another protocol, another transport ----------------------------------------------


@pytest.mark.parametrize("first", [Recorder, BufferedRecorder])
@pytest.mark.parametrize("second", [Recorder, BufferedRecorder])
async def test_a_protocol_may_give_way_to_another(connect, first, second):
    def give_way(transport):
        transport.set_protocol(later)
        transport.write(b"ready")

    event = {Recorder: "data", BufferedRecorder: "updated"}
    earlier, later = first(**{event[first]: give_way}), second()
    for each in earlier, later:
        each.buffer = memoryview(bytearray(1000))
    transport, peer = await connect(earlier)
    await peer.send(b"one")
    assert await peer.receive(5) == b"ready"
    assert transport.get_protocol() is later
    await peer.send(b"two")
    await later.until(event[second])
    assert [what for name, *what in earlier.events if name == event[first]] == [[b"one"]]
    assert [what for name, *what in later.events if name == event[second]] == [[b"two"]]
    await peer.end()
    await later.lost


async def test_tls_within_tls(loop, server_tls, client_tls):
    async def serve(reader, writer):
        await writer.start_tls(server_tls)
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls)
    address = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(*address, ssl=client_tls)
    await writer.start_tls(client_tls, server_hostname="127.0.0.1")
    for size in 1, 1000, 100 * KIB:
        writer.write(noise(size))
        assert await reader.readexactly(size) == noise(size)
    writer.close()
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()
    server.close()


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
async def test_each_version_of_tls(loop, server_tls, client_tls, version):
    client_tls.maximum_version = ssl.TLSVersion[version]
    protocol = Recorder(data=lambda transport: transport.write(bytes(100 * KIB)))
    transport, peer = await pair(loop, protocol, server_tls, client_tls)
    assert transport.get_extra_info("ssl_object").version() == version.replace("_", ".")
    await peer.send(b"data")
    assert await peer.receive(100 * KIB) == bytes(100 * KIB)
    await peer.end()
    await protocol.lost


@pytest.mark.parametrize("way", WAYS)
async def test_it_is_the_protocol_of_asyncio(our_loop, server_tls, client_tls, way):
    protocol = Recorder()
    transport, peer = await pair(our_loop, protocol, server_tls, client_tls, way)
    assert isinstance(transport, sslproto._SSLProtocolTransport)
    assert type(transport._ssl_protocol) is SSLProtocol
    assert isinstance(transport._ssl_protocol, sslproto.SSLProtocol)
    assert transport._ssl_protocol._state is sslproto.SSLProtocolState.WRAPPED
    await peer.end()
    await protocol.lost


# What a program has replaced ------------------------------------------------------

REPLACED = [
    (sslproto.SSLProtocol, "get_buffer"),
    (sslproto.SSLProtocol, "buffer_updated"),
    (sslproto.SSLProtocol, "_do_read"),
    (sslproto.SSLProtocol, "_do_read__copied"),
    (sslproto.SSLProtocol, "_write_appdata"),
    (sslproto.SSLProtocol, "_do_write"),
    (sslproto.SSLProtocol, "_process_outgoing"),
    (sslproto.SSLProtocol, "_control_app_writing"),
    (sslproto.SSLProtocol, "_control_ssl_reading"),
    (sslproto._SSLProtocolTransport, "write"),
    (ssl.SSLObject, "read"),
    (ssl.SSLObject, "write"),
]


def counting(function, calls):
    def called(*arguments, **named):
        calls.append(function)
        return function(*arguments, **named)

    return called


@pytest.mark.parametrize(
    "owner, name", REPLACED, ids=[f"{owner.__name__}.{name}" for owner, name in REPLACED]
)
async def test_a_method_that_was_replaced_is_called(connect, monkeypatch, owner, name):
    protocol = Recorder(data=lambda transport: transport.write(b"answer"))
    _, peer = await connect(protocol)
    calls = []
    for replaced in False, True, False:
        calls.clear()
        with monkeypatch.context() as patched:
            if replaced:
                patched.setattr(owner, name, counting(getattr(owner, name), calls))
            await peer.send(b"ask")
            assert await peer.receive(6) == b"answer"
        assert bool(calls) == replaced


@pytest.mark.parametrize("name", ["_do_read", "_do_read__copied", "_process_outgoing"])
async def test_so_is_one_of_this_object_alone(connect, name):
    protocol = Recorder(data=lambda transport: transport.write(b"answer"))
    transport, peer = await connect(protocol)
    calls = []
    below = transport._ssl_protocol
    setattr(below, name, counting(getattr(below, name), calls))
    await peer.send(b"ask")
    assert await peer.receive(6) == b"answer"
    assert calls


async def test_a_class_of_ssl_objects_of_a_programs_own_is_used(loop, server_tls, client_tls):
    class Counting(ssl.SSLObject):
        reads = writes = 0

        def read(self, *arguments):
            Counting.reads += 1
            return super().read(*arguments)

        def write(self, data):
            Counting.writes += 1
            return super().write(data)

    server_tls.sslobject_class = Counting
    protocol = Recorder(data=lambda transport: transport.write(b"answer"))
    _, peer = await pair(loop, protocol, server_tls, client_tls)
    await peer.send(b"ask")
    assert await peer.receive(6) == b"answer"
    assert Counting.reads and Counting.writes
    await peer.end()
    await protocol.lost


@pytest.mark.parametrize("way", WAYS)
async def test_a_class_in_the_place_of_asyncios_is_used(
    our_loop, server_tls, client_tls, monkeypatch, way
):
    class Own(sslproto.SSLProtocol):
        pass

    monkeypatch.setattr(sslproto, "SSLProtocol", Own)
    protocol = Recorder()
    transport, peer = await pair(our_loop, protocol, server_tls, client_tls, way)
    assert type(transport._ssl_protocol) is Own
    await peer.send(b"data")
    await protocol.until("data")
    await peer.end()
    await protocol.lost


async def test_what_is_deleted_is_missed_and_no_more(connect, reports):
    protocol = Recorder()
    transport, peer = await connect(protocol)
    del transport._ssl_protocol._incoming
    await peer.send(b"data")
    await protocol.lost
    assert isinstance(reports.pop()["exception"], AttributeError)
