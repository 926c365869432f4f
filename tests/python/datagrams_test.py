"""Transports of datagrams: what their protocols see on the stock loop and on ours."""

import asyncio
import contextlib
import gc
import logging
import os
import socket

import pytest


class Protocol(asyncio.DatagramProtocol):
    """Notes what happens."""

    def __init__(self):
        self.events = []
        self.changed = asyncio.Event()

    def note(self, *event):
        self.events.append(event)
        self.changed.set()

    def connection_made(self, transport):
        self.transport = transport
        self.note("made")

    def datagram_received(self, data, address):
        self.note("received", data, address)

    def error_received(self, failure):
        self.note("error", type(failure), failure.errno)

    def pause_writing(self):
        self.note("pause")

    def resume_writing(self):
        self.note("resume")

    def connection_lost(self, failure):
        self.note("lost", failure and type(failure))

    async def until(self, count):
        """Waits for so many events, and returns the last."""
        async with asyncio.timeout(5):
            while len(self.events) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.events[count - 1]


async def endpoint(loop, **options):
    options.setdefault("local_addr", ("127.0.0.1", 0))
    if options["local_addr"] is None:
        del options["local_addr"]
    transport, protocol = await loop.create_datagram_endpoint(Protocol, **options)
    return transport, protocol, transport.get_extra_info("sockname")


@pytest.fixture
def peer():
    """A bound socket of the standard library's."""
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


@pytest.fixture
def pair():
    """Two Unix datagram sockets that are connected and do not block."""
    with contextlib.ExitStack() as stack:
        both = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for each in both:
            stack.enter_context(each)
            each.setblocking(False)
        yield both


@pytest.fixture
def slow(tmp_path):
    """A Unix datagram socket that does not block, which takes few datagrams at once."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "slow"))
        made.setblocking(False)
        yield made


async def endpoint_to(loop, receiver):
    options = dict(remote_addr=receiver.getsockname(), family=socket.AF_UNIX)
    return (await endpoint(loop, local_addr=None, **options))[:2]


def drain(receiver):
    received = []
    with contextlib.suppress(BlockingIOError):
        while True:
            received.append(receiver.recv(1 << 20))
    return received


def test_a_datagram_goes_there_and_back(either, peer):
    async def main(loop):
        transport, protocol, address = await endpoint(loop)
        peer.sendto(b"question", address)
        assert await protocol.until(2) == ("received", b"question", peer.getsockname())
        transport.sendto(b"answer", peer.getsockname())
        assert peer.recvfrom(100) == (b"answer", address)
        transport.close()
        assert await protocol.until(3) == ("lost", None)

    either(main)


@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
def test_addresses_are_those_of_the_socket_module(on_both, host):
    async def main(loop):
        try:
            one, first, first_address = await endpoint(loop, local_addr=(host, 0))
        except OSError:
            pytest.skip(f"there is no {host}")
        other, second, second_address = await endpoint(loop, local_addr=(host, 0))
        one.sendto(b"question", second_address)
        _, data, sender = await second.until(2)
        assert sender == first_address
        other.sendto(data, sender[:2])
        assert await first.until(2) == ("received", b"question", second_address)
        one.close()
        other.close()
        await first.until(3)
        return [type(part) for part in sender]

    on_both(main)


@pytest.mark.parametrize("size", [0, 1, 1400, 9000, 65507])
def test_a_datagram_comes_whole_whatever_its_size(either, peer, size):
    data = os.urandom(size)

    async def main(loop):
        transport, protocol, address = await endpoint(loop)
        peer.sendto(data, address)
        assert await protocol.until(2) == ("received", data, peer.getsockname())
        transport.abort()
        await protocol.until(3)

    either(main)


def test_a_large_datagram_of_a_unix_socket_comes_whole(either, pair):
    data = os.urandom(150_000)

    async def main(loop):
        transport, protocol, _ = await endpoint(loop, sock=pair[0], local_addr=None)
        pair[1].send(data)
        assert await protocol.until(2) == ("received", data, None)
        transport.abort()
        await protocol.until(3)

    either(main)


def test_unix_sockets_have_paths_and_abstract_names_for_addresses(on_both, tmp_path):
    async def main(loop):
        where = str(tmp_path / f"socket{id(loop)}")
        transport, protocol, _ = await endpoint(loop, local_addr=where, family=socket.AF_UNIX)
        senders = []
        for name in (str(tmp_path / f"other{id(loop)}"), b"\0gawait%d" % id(loop), None):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                if name:
                    other.bind(name)
                other.sendto(b"question", where)
                _, _, sender = await protocol.until(len(senders) + 2)
                senders.append(sender == name)
                if name:
                    transport.sendto(b"answer", sender)
                    assert other.recvfrom(10) == (b"answer", where)
        transport.close()
        await protocol.until(5)
        return senders

    assert on_both(main) == [True, True, True]


def test_what_a_connected_transport_sends_goes_to_its_peer(either, peer):
    async def main(loop):
        there = peer.getsockname()
        transport, protocol, here = await endpoint(loop, remote_addr=there)
        transport.sendto(b"one")
        transport.sendto(b"two", None)
        transport.sendto(bytearray(b"three"), there)
        transport.sendto(memoryview(b"four"))
        assert [peer.recvfrom(10) for _ in range(4)] == [
            (data, here) for data in (b"one", b"two", b"three", b"four")
        ]
        with pytest.raises(ValueError, match="Invalid address: must be None or"):
            transport.sendto(b"five", ("127.0.0.1", 9))
        assert transport.get_extra_info("peername") == there
        transport.close()
        await protocol.until(2)

    either(main)


WRONG = {
    "text": ("text", ("127.0.0.1", 9)),
    "nothing": (None, ("127.0.0.1", 9)),
    "no address": (b"data", None),
    "address alone": (b"data", "127.0.0.1"),
    "port": (b"data", ("127.0.0.1", 1 << 20)),
    "negative port": (b"data", ("127.0.0.1", -1)),
    "name": (b"data", ("no such host.invalid", 9)),
    "too long": (bytes(70_000), ("127.0.0.1", 9)),
    "IPv6": (b"data", ("::1", 9)),
    "unreachable": (b"data", ("255.255.255.255", 9)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arguments_fail_as_on_the_stock_loop(on_both, wrong):
    async def main(loop):
        reports = []
        loop.set_exception_handler(lambda _, context: reports.append(context))
        transport, protocol, _ = await endpoint(loop)
        raised = None
        try:
            transport.sendto(*WRONG[wrong])
        except Exception as failure:
            raised = type(failure), str(failure)
        await asyncio.sleep(0)
        transport.abort()
        await asyncio.sleep(0.01)
        told = [(each["message"], repr(each["exception"])) for each in reports]
        return raised, protocol.events, told

    on_both(main)


def test_an_ipv4_address_is_none_of_an_ipv6_socket(on_both):
    async def main(loop):
        try:
            transport, protocol, _ = await endpoint(loop, local_addr=("::1", 0))
        except OSError:
            pytest.skip("there is no IPv6")
        transport.sendto(b"data", ("127.0.0.1", 9))
        transport.abort()
        await protocol.until(3)
        return protocol.events

    on_both(main)


def test_an_empty_datagram_is_sent_where_the_standard_library_does(on_both, peer):
    async def main(loop):
        transport, protocol, _ = await endpoint(loop)
        transport.sendto(b"", peer.getsockname())
        transport.sendto(b"behind", peer.getsockname())
        transport.close()
        await protocol.until(2)
        received = []
        while b"behind" not in received:
            received.append(peer.recv(10))
        return received

    on_both(main)


def test_who_is_not_there_is_told_of_to_the_protocol(on_both, peer):
    async def main(loop):
        with socket.socket(type=socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            there = gone.getsockname()
        transport, protocol, _ = await endpoint(loop, remote_addr=there)
        transport.sendto(b"anybody?")
        await protocol.until(2)
        transport.sendto(b"anybody?")
        transport.sendto(b"anybody?")  # the kernel tells the next call, which is this
        events = list(protocol.events)
        transport.abort()
        await asyncio.sleep(0.01)
        return events

    refused = ("error", ConnectionRefusedError, 111)
    assert on_both(main) == [("made",), refused, refused]


def test_what_does_not_go_at_once_is_queued_and_the_protocol_told(on_both, slow):
    async def main(loop):
        transport, protocol = await endpoint_to(loop, slow)
        transport.set_write_buffer_limits(high=3000, low=1000)
        data = bytearray(1000)
        count = 0
        while ("pause",) not in protocol.events:
            transport.sendto(data)
            count += 1
        data[:] = b"x" * 1000
        sizes = [transport.get_write_buffer_size()]
        received = []
        while ("resume",) not in protocol.events:
            received += drain(slow)
            await asyncio.sleep(0)
        sizes.append(transport.get_write_buffer_size())
        while not transport.get_write_buffer_size():
            transport.sendto(bytes(1000))
            count += 1
        transport.close()
        while ("lost", None) not in protocol.events:
            received += drain(slow)
            await asyncio.sleep(0)
        received += drain(slow)
        assert received == [bytes(1000)] * count
        return count, sizes, protocol.events

    _, _, events = on_both(main)
    assert events == [("made",), ("pause",), ("resume",), ("lost", None)]


def test_abort_forgets_what_is_queued(on_both, slow):
    async def main(loop):
        transport, protocol = await endpoint_to(loop, slow)
        count = 0
        while not transport.get_write_buffer_size():
            transport.sendto(bytes(1000))
            count += 1
        transport.abort()
        await protocol.until(2)
        return len(drain(slow)) - count, protocol.events, transport.is_closing()

    assert on_both(main) == (-1, [("made",), ("lost", None)], True)


def test_a_failure_of_what_was_queued_is_told(on_both, tmp_path):
    async def main(loop):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as slow:
            slow.bind(str(tmp_path / str(id(loop))))
            transport, protocol = await endpoint_to(loop, slow)
            while not transport.get_write_buffer_size():
                transport.sendto(bytes(1000))
        event = await protocol.until(2)
        transport.abort()
        await asyncio.sleep(0)
        return event

    assert on_both(main) == ("error", ConnectionRefusedError, 111)


def test_what_a_protocol_raises_is_reported_and_the_next_datagram_comes(either, peer):
    class Failing(Protocol):
        def datagram_received(self, data, address):
            super().datagram_received(data, address)
            if data == b"bad":
                raise ValueError("bad")

    async def main(loop):
        reports = []
        loop.set_exception_handler(lambda _, context: reports.append(context["exception"]))
        transport, protocol = await loop.create_datagram_endpoint(
            Failing, local_addr=("127.0.0.1", 0)
        )
        for data in (b"bad", b"good"):
            peer.sendto(data, transport.get_extra_info("sockname"))
        assert (await protocol.until(3))[1] == b"good"
        assert [str(each) for each in reports] == ["bad"]
        transport.close()
        await protocol.until(4)

    either(main)


def test_nothing_is_received_after_close(either, peer):
    async def main(loop):
        transport, protocol, address = await endpoint(loop)
        peer.sendto(b"question", address)
        transport.close()
        transport.close()
        await asyncio.sleep(0.01)
        assert protocol.events == [("made",), ("lost", None)]
        assert transport.is_closing()
        assert transport.get_extra_info("socket").fileno() == -1

    either(main)


def test_a_socket_that_was_closed_fails_and_its_number_is_not_used(on_both, peer):
    async def main(loop):
        transport, protocol, _ = await endpoint(loop)
        sock = transport.get_extra_info("socket")._sock
        number = sock.fileno()
        sock.close()
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            assert other.fileno() == number
            transport.sendto(b"data", peer.getsockname())
            events = list(protocol.events)
            other.bind(("127.0.0.1", 0))
        transport.abort()
        await asyncio.sleep(0.01)
        return events

    assert on_both(main) == [("made",), ("error", OSError, 9)]


def test_writes_after_a_connection_is_lost_are_warned_of(on_both, peer, caplog):
    async def main(loop):
        transport, protocol, _ = await endpoint(loop, remote_addr=peer.getsockname())
        transport.close()
        caplog.clear()
        with caplog.at_level(logging.WARNING, "asyncio"):
            for _ in range(10):
                transport.sendto(b"data")
        await protocol.until(2)
        return [each.message for each in caplog.records]

    assert on_both(main)


def test_what_it_says_of_itself(on_both, peer):
    async def main(loop):
        transport, protocol, address = await endpoint(loop)
        await asyncio.sleep(0)

        def said():
            text = repr(transport).replace(type(transport).__name__, "Transport")
            return text.replace(f"fd={transport._sock_fd}", "fd=9")

        texts = [said()]
        info = [transport.get_extra_info(each) is None for each in ("peername", "socket", "x")]
        kept = transport.get_protocol() is protocol, transport._sock_fd, transport._loop is loop
        assert transport._sock.getsockname() == address
        other = Protocol()
        transport.set_protocol(other)
        peer.sendto(b"question", address)
        event = await other.until(1)
        transport.close()
        await other.until(2)
        texts.append(said())
        return texts, info, kept[0], kept[2], event[1]

    on_both(main)


def test_one_that_was_not_closed_is_warned_of(either):
    async def main(loop):
        transport, protocol, _ = await endpoint(loop)
        await asyncio.sleep(0)
        loop._remove_reader(transport._sock_fd)
        del transport, protocol
        with pytest.warns(ResourceWarning, match="unclosed transport <"):
            gc.collect()

    either(main)


def test_a_descriptor_of_a_transport_is_refused(either):
    async def main(loop):
        transport, protocol, _ = await endpoint(loop)
        with pytest.raises(RuntimeError, match="is used by transport"):
            loop.add_reader(transport._sock_fd, print)
        transport.close()
        await protocol.until(2)

    either(main)


def test_a_socket_with_methods_of_its_own_is_called_by_them(either, peer):
    class Loud(socket.socket):
        def recvfrom(self, *arguments):
            data, address = super().recvfrom(*arguments)
            return data.upper(), address

        def sendto(self, data, *arguments):
            return super().sendto(data.upper(), *arguments)

    async def main(loop):
        sock = Loud(type=socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        transport, protocol, address = await endpoint(loop, sock=sock, local_addr=None)
        peer.sendto(b"question", address)
        assert (await protocol.until(2))[1] == b"QUESTION"
        transport.sendto(b"answer", peer.getsockname())
        assert peer.recv(10) == b"ANSWER"
        transport.close()
        await protocol.until(3)

    either(main)


def test_the_largest_size_may_be_changed(either, peer):
    async def main(loop):
        transport, protocol, address = await endpoint(loop)
        for size, length in ((4, 4), (1 << 20, 8)):
            transport.max_size = size
            peer.sendto(b"question", address)
            event = await protocol.until(len(protocol.events) + 1)
            assert len(event[1]) == length
        transport.close()
        await protocol.until(4)

    either(main)


def test_datagrams_of_another_family_are_the_standard_librarys(on_both):
    async def main(loop):
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
        sock.setblocking(False)
        protocol = Protocol()
        transport = loop._make_datagram_transport(sock, protocol)
        await protocol.until(1)
        request = (20).to_bytes(4, "little") + bytes.fromhex("1200 0503 01000000 00000000")
        transport.sendto(request + bytes(4), (0, 0))
        _, data, sender = await protocol.until(2)
        transport.abort()
        await asyncio.sleep(0)
        return len(data) > 0, sender

    on_both(main)
