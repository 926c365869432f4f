"""What the tests of the transports share. Each runs on asyncio's own loop and on ours."""

import asyncio
import inspect
import socket
import struct

import pytest

import gawait

LOOPS = {"asyncio": asyncio.SelectorEventLoop, "gawait": gawait.EventLoop}
PATIENCE = 20  # seconds for what takes none


def pytest_generate_tests(metafunc):
    if "loop" in metafunc.fixturenames:
        loops = ["gawait"] if "our_loop" in metafunc.fixturenames else LOOPS
        metafunc.parametrize("loop", loops, indirect=True)


@pytest.fixture
def loop(request):
    created = LOOPS[request.param]()
    yield created
    created.close()


@pytest.fixture
def our_loop(loop):
    """Of a test of what asyncio's own transports, in some version of Python, do not do: it runs
    on ours alone."""
    return loop


@pytest.fixture(autouse=True)
def nothing_else_is_reported(request):
    """A test takes the reports that it expects out of the list."""
    reports = request.getfixturevalue("reports") if "loop" in request.fixturenames else []
    yield
    assert reports == []


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A test may be a coroutine, which runs on the loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    loop = pyfuncitem.funcargs["loop"]
    loop.run_until_complete(asyncio.wait_for(pyfuncitem.obj(**arguments), PATIENCE))
    return True


class Log:
    """What happens to a protocol, in its order, and what the protocol does then."""

    def __init__(self, **reactions):
        self.events = []
        self.reactions = reactions
        self.transport = None
        self.lost = asyncio.get_running_loop().create_future()

    def note(self, name, *what):
        self.events.append((name, *what))
        reaction = self.reactions.get(name)
        return reaction(self.transport) if reaction else None

    def connection_made(self, transport):
        self.transport = transport
        self.note("made")

    def eof_received(self):
        return self.note("eof")

    def pause_writing(self):
        self.note("pause")

    def resume_writing(self):
        self.note("resume")

    def connection_lost(self, error):
        if not self.lost.done():
            self.lost.set_result(None)
        self.note("lost", type(error).__name__)

    async def until(self, name):
        """Until something has happened for the first time."""
        while name not in self.names:
            await asyncio.sleep(0)

    @property
    def names(self):
        return [name for name, *_ in self.events]


class Recorder(Log, asyncio.Protocol):
    def data_received(self, data):
        self.note("data", data)

    @property
    def received(self):
        return b"".join(what[0] for name, *what in self.events if name == "data")


class BufferedRecorder(Log, asyncio.BufferedProtocol):
    def __init__(self, size=1000, **reactions):
        super().__init__(**reactions)
        self.buffer = bytearray(size)

    def get_buffer(self, hint):
        instead = self.note("get_buffer", hint)
        return self.buffer if instead is None else instead

    def buffer_updated(self, count):
        self.note("updated", bytes(self.buffer[:count]))


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        return ours, listening.accept()[0]


PAIRS = {"unix": socket.socketpair, "tcp": tcp_pair}


def reset(peer):
    """Closes a TCP connection in such a way that the other side sees it reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


@pytest.fixture
def connect(loop):
    """Gives a protocol a connection; returns its transport, and the socket of the other side."""
    peers = []
    transports = []

    async def connect(protocol, family="unix", small=False):
        ours, peer = PAIRS[family]()
        if small:
            for each in ours, peer:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.setblocking(False)
        peers.append(peer)
        transport, _ = await loop.create_connection(lambda: protocol, sock=ours)
        transports.append(transport)
        return transport, peer

    yield connect
    for each in peers:
        each.close()
    for each in transports:
        if each.get_protocol() is not None:
            each.abort()
    loop.run_until_complete(asyncio.sleep(0.001))
    assert [each for each in transports if each.get_protocol() is not None] == []


async def receive(peer, count=None):
    """So many bytes, or all until the end."""
    loop = asyncio.get_running_loop()
    received = bytearray()
    while count is None or len(received) < count:
        data = await loop.sock_recv(peer, 65536)
        if not data:
            break
        received += data
    return bytes(received)


def fill(transport, chunk=b"x" * 65536):
    """Writes until the socket takes no more; returns how much that was."""
    written = 0
    while transport.get_write_buffer_size() == 0 and not transport.is_closing():
        transport.write(chunk)
        written += len(chunk)
    return written


async def rounds(number=3):
    """Lets the loop look at its descriptors so many times."""
    for _ in range(number):
        await asyncio.sleep(0)
