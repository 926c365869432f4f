"""The loop's socket methods, beside those of the stock loop where both can be asked."""

import asyncio
import contextlib
import errno
import gc
import inspect
import os
import resource
import signal
import socket
import ssl

import pytest

import gawait


@pytest.fixture
def pair():
    """Two stream sockets that are connected and do not block."""
    with contextlib.ExitStack() as stack:
        both = socket.socketpair()
        for each in both:
            stack.enter_context(each)
            each.setblocking(False)
        yield both


@pytest.fixture
def datagrams():
    """Two bound datagram sockets that do not block."""
    with contextlib.ExitStack() as stack:
        both = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2)]
        for each in both:
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        yield both


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def fill(sender):
    """Sends until nothing more goes; returns how much that was."""
    sent = 0
    for size in (65536, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                sent += sender.send(bytes(size))
    return sent


def drain(receiver):
    received = b""
    with contextlib.suppress(BlockingIOError):
        while data := receiver.recv(1 << 20):
            received += data
    return received


@contextlib.contextmanager
def no_descriptors_left():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    filling = []
    try:
        with contextlib.suppress(OSError):
            while True:
                filling.append(os.dup(0))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for each in filling:
            os.close(each)


def is_watched(sock):
    """Whether any epoll set of this process has the socket."""
    for number in os.listdir("/proc/self/fdinfo"):
        with contextlib.suppress(OSError), open(f"/proc/self/fdinfo/{number}") as info:
            for line in info:
                if line.startswith("tfd:") and int(line.split()[1]) == sock.fileno():
                    return True
    return False


async def begun(coroutine):
    """A task that has tried once and waits."""
    task = asyncio.ensure_future(coroutine)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def turns(count=4):
    for _ in range(count):
        await asyncio.sleep(0)


async def outcome(awaited):
    """What awaiting gives, or which exception with which text."""
    try:
        return await asyncio.wait_for(awaited, 5)
    except Exception as failure:
        return type(failure), str(failure)


# What is there is taken at once -----------------------------------------------------


def test_what_is_there_is_received_without_waiting(either, pair):
    async def main(loop):
        pair[1].send(b"0123456789")
        assert await loop.sock_recv(pair[0], 4) == b"0123"
        buffer = bytearray(b"......")
        assert await loop.sock_recv_into(pair[0], buffer) == 6
        assert buffer == b"456789"
        assert not is_watched(pair[0])

    either(main)


def test_the_end_of_a_stream_is_no_bytes(either, pair):
    async def main(loop):
        pair[1].close()
        assert await loop.sock_recv(pair[0], 10) == b""
        assert await loop.sock_recv_into(pair[0], bytearray(10)) == 0

    either(main)


def test_nothing_happens_before_it_is_awaited(either, pair):
    async def main(loop):
        receiving = loop.sock_recv(pair[0], 10)
        sending = loop.sock_sendall(pair[0], b"answer")
        pair[1].send(b"question")
        await turns()
        assert drain(pair[0]) == b"question" and drain(pair[1]) == b""
        await sending
        receiving.close()

    either(main)


def test_datagrams_come_with_their_address(either, datagrams):
    async def main(loop):
        here, there = datagrams
        assert await loop.sock_sendto(there, b"question", here.getsockname()) == 8
        assert await loop.sock_recvfrom(here, 100) == (b"question", there.getsockname())
        await loop.sock_sendto(there, b"question", here.getsockname())
        buffer = bytearray(b".......... ")
        received = await loop.sock_recvfrom_into(here, buffer)
        assert received == (8, there.getsockname()) and buffer == b"question.. "
        await loop.sock_sendto(there, b"question", here.getsockname())
        assert (await loop.sock_recvfrom_into(here, buffer, 4))[0] == 4
        await loop.sock_sendto(there, b"", here.getsockname())
        assert await loop.sock_recvfrom(here, 100) == (b"", there.getsockname())

    either(main)


def test_a_connection_that_was_accepted_does_not_block(either, listening):
    async def main(loop):
        with socket.create_connection(listening.getsockname()) as client:
            connection, address = await loop.sock_accept(listening)
            with connection:
                assert connection.gettimeout() == 0
                assert address == client.getsockname()
                assert type(connection) is socket.socket

    either(main)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_a_socket_is_connected_and_sends(either, family, tmp_path):
    where = {
        socket.AF_INET: ("127.0.0.1", 0),
        socket.AF_INET6: ("::1", 0),
        socket.AF_UNIX: str(tmp_path / "socket"),
    }[family]

    async def main(loop):
        with socket.socket(family) as listener, socket.socket(family) as client:
            listener.bind(where)
            listener.listen()
            listener.setblocking(False)
            client.setblocking(False)
            assert await loop.sock_connect(client, listener.getsockname()) is None
            connection, _ = await loop.sock_accept(listener)
            with connection:
                await loop.sock_sendall(client, b"data")
                assert await loop.sock_recv(connection, 9) == b"data"
        if family == socket.AF_UNIX:
            os.unlink(where)

    either(main)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("port", [int, str])
def test_the_address_to_connect_to_may_be_a_name(either, listening, host, port):
    async def main(loop):
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, (host, port(listening.getsockname()[1])))
            assert client.getpeername() == listening.getsockname()

    either(main)


# What is not there is waited for ----------------------------------------------------


def test_what_comes_later_is_waited_for(either, pair, datagrams, listening):
    async def main(loop):
        here, there = datagrams
        buffers = [bytearray(4), bytearray(4)]
        tasks = [
            await begun(loop.sock_recv(pair[0], 4)),
            await begun(loop.sock_recv_into(pair[1], buffers[0])),
            await begun(loop.sock_recvfrom(here, 4)),
            await begun(loop.sock_recvfrom_into(there, buffers[1])),
            await begun(loop.sock_accept(listening)),
        ]
        assert not any(task.done() for task in tasks)
        pair[0].send(b"into")
        pair[1].send(b"recv")
        here.sendto(b"INTO", there.getsockname())
        there.sendto(b"from", here.getsockname())
        with socket.create_connection(listening.getsockname()) as client:
            *results, (connection, address) = await asyncio.gather(*tasks)
            connection.close()
            assert address == client.getsockname()
        assert results == [
            b"recv",
            4,
            (b"from", there.getsockname()),
            (4, here.getsockname()),
        ]
        assert buffers == [b"into", b"INTO"]

    either(main)


def test_all_is_sent_however_little_goes_at_a_time(either, pair):
    data = os.urandom(3_000_000)

    async def main(loop):
        pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sending = await begun(loop.sock_sendall(pair[0], data))
        received = b""
        while len(received) < len(data):
            received += await loop.sock_recv(pair[1], 100_000)
        assert await sending is None
        assert received == data

    either(main)


def test_a_sender_sees_what_its_buffer_holds_when_it_is_sent(either, pair):
    async def main(loop):
        fill(pair[0])
        data = bytearray(b"first")
        sending = await begun(loop.sock_sendall(pair[0], data))
        data[:] = b"later"
        with pytest.raises(BufferError):
            data.append(0)
        received = drain(pair[1])
        await sending
        assert (received + drain(pair[1])).endswith(b"later")
        data.append(0)  # let go of

    either(main)


def test_a_buffer_may_change_its_size_while_it_is_waited_for(either, pair):
    async def main(loop):
        buffer = bytearray(2)
        receiving = await begun(loop.sock_recv_into(pair[0], buffer))
        buffer.extend(bytes(1000))
        pair[1].send(b"longer")
        assert await receiving == 6
        assert buffer[:7] == b"longer\0"

    either(main)


def test_any_buffer_is_sent_whole(either, pair):
    async def main(loop):
        for data in (b"", bytearray(b"ab"), memoryview(b"cdef")[::1], memoryview(b"ghij")[1:3]):
            await loop.sock_sendall(pair[0], data)
        assert drain(pair[1]) == b"abcdefhi"

    either(main)


def test_elements_of_a_buffer_may_be_longer_than_a_byte(ours, pair):
    async def main(loop):
        fill(pair[0])
        data = memoryview(bytes(range(8))).cast("I")
        sending = await begun(loop.sock_sendall(pair[0], data))
        received = drain(pair[1])
        await sending
        assert (received + drain(pair[1])).endswith(bytes(range(8)))

    ours(main)


def test_one_socket_is_received_from_and_sent_to_at_once(either, pair):
    async def main(loop):
        filled = fill(pair[0])
        sending = await begun(loop.sock_sendall(pair[0], b"out"))
        receiving = await begun(loop.sock_recv(pair[0], 10))
        pair[1].send(b"in")
        assert await receiving == b"in"
        assert not sending.done()
        received = drain(pair[1])
        await sending
        received += drain(pair[1])
        assert len(received) == filled + 3

    either(main)


def test_calls_are_made_again_and_again(either, pair):
    async def echo(loop, sock):
        while data := await loop.sock_recv(sock, 100):
            await loop.sock_sendall(sock, data)

    async def main(loop):
        echoing = await begun(echo(loop, pair[1]))
        for number in range(1000):
            await loop.sock_sendall(pair[0], b"%d" % number)
            assert await loop.sock_recv(pair[0], 100) == b"%d" % number
        pair[0].close()
        await echoing

    either(main)


# What they return -------------------------------------------------------------------


def test_what_they_return_is_a_coroutine_to_asyncio(either, pair):
    async def main(loop):
        pair[1].send(b"0123")
        for wrap in (
            loop.create_task,
            asyncio.ensure_future,
            lambda each: asyncio.wait_for(each, 5),
            lambda each: asyncio.shield(each),
        ):
            receiving = loop.sock_recv(pair[0], 1)
            assert asyncio.iscoroutine(receiving) and inspect.isawaitable(receiving)
            assert await wrap(receiving)
        async with asyncio.TaskGroup() as group:
            receiving = group.create_task(loop.sock_recv(pair[0], 1))
            group.create_task(loop.sock_sendall(pair[1], b"4"))
        assert receiving.result() == b"4"

    either(main)


def test_it_may_be_run_from_another_thread(either, pair):
    async def main(loop):
        def other_thread():
            receiving = asyncio.run_coroutine_threadsafe(loop.sock_recv(pair[0], 9), loop)
            pair[1].send(b"answer")
            return receiving.result(5)

        assert await asyncio.to_thread(other_thread) == b"answer"

    either(main)


def test_it_may_be_what_the_loop_runs(pair):
    loop = gawait.new_event_loop()
    pair[1].send(b"answer")
    assert loop.run_until_complete(loop.sock_recv(pair[0], 9)) == b"answer"
    loop.close()


def test_a_task_tells_what_it_awaits(ours, pair):
    async def main(loop):
        task = await begun(loop.sock_recv(pair[0], 9))
        assert "EventLoop.sock_recv()" in repr(task)
        assert all("gawait" in frame.f_code.co_filename for frame in task.get_stack())
        task.cancel()

    ours(main)


def test_it_is_awaited_once(either, pair):
    async def main(loop):
        sending = loop.sock_sendall(pair[0], b"x")
        await sending
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await sending
        closed = loop.sock_sendall(pair[0], b"x")
        closed.close()
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await closed

    either(main)


def test_one_that_is_never_awaited_is_warned_of(ours, pair):
    async def main(loop):
        with pytest.warns(RuntimeWarning) as seen:
            loop.sock_recv(pair[0], 1)
            gc.collect()
        assert [str(each.message) for each in seen] == [
            "coroutine 'EventLoop.sock_recv' was never awaited"
        ]

    ours(main)


def test_a_result_may_be_any_object(ours, listening):
    # StopIteration, by which coroutines return, takes a tuple for its arguments.
    async def main(loop):
        with socket.create_connection(listening.getsockname()):
            accepting = loop.sock_accept(listening)
            with pytest.raises(StopIteration) as stop:
                next(accepting)
            connection, _ = stop.value.value
            connection.close()

    ours(main)


def test_it_takes_part_in_a_chain_of_awaits(either, pair):
    async def inner(loop):
        return await loop.sock_recv(pair[0], 9)

    async def outer(loop):
        try:
            return await inner(loop)
        except asyncio.CancelledError:
            return "cancelled"

    async def main(loop):
        task = await begun(outer(loop))
        task.cancel()
        assert await task == "cancelled"
        task = await begun(outer(loop))
        pair[1].send(b"answer")
        assert await task == b"answer"

    either(main)


# Cancelling ---------------------------------------------------------------------------


WAITING = {
    "recv": lambda loop, s: loop.sock_recv(s["pair"][0], 9),
    "recv_into": lambda loop, s: loop.sock_recv_into(s["pair"][0], bytearray(9)),
    "recvfrom": lambda loop, s: loop.sock_recvfrom(s["datagrams"][0], 9),
    "recvfrom_into": lambda loop, s: loop.sock_recvfrom_into(s["datagrams"][0], bytearray(9)),
    "accept": lambda loop, s: loop.sock_accept(s["listening"]),
    "sendall": lambda loop, s: loop.sock_sendall(s["full"][0], b"answer"),
    "connect": lambda loop, s: loop.sock_connect(s["late"], s["busy"].getsockname()),
}


@contextlib.contextmanager
def listening_to_nobody():
    """A socket whose queue of connections is full, and one that can't be connected to it."""
    with contextlib.ExitStack() as stack:
        busy = stack.enter_context(socket.socket())
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(busy.getsockname())
        late = stack.enter_context(socket.socket())
        late.setblocking(False)
        yield busy, late


@pytest.fixture(params=WAITING)
def waiting(request, pair, datagrams, listening):
    """What waits on a loop, and its socket."""
    full = socket.socketpair()
    full[0].setblocking(False)
    fill(full[0])
    sockets = dict(pair=pair, datagrams=datagrams, listening=listening, full=full)
    kind = request.param
    sock = {"recvfrom": datagrams[0], "recvfrom_into": datagrams[0], "accept": listening}
    with listening_to_nobody() as (busy, late):
        sockets |= dict(busy=busy, late=late)
        sock |= {"sendall": full[0], "connect": late}
        yield lambda loop: (WAITING[kind](loop, sockets), sock.get(kind, pair[0]))
    for each in full:
        each.close()


def test_a_call_that_is_cancelled_leaves_nothing_watched(either, waiting):
    async def main(loop):
        for _ in range(3):
            calling, sock = waiting(loop)
            task = await begun(calling)
            assert is_watched(sock)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not is_watched(sock)
        calling, sock = waiting(loop)
        task = asyncio.ensure_future(calling)
        task.cancel()  # before it begins
        await asyncio.wait([task])
        assert task.cancelled() and not is_watched(sock)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting(loop)[0], 0.01)
        assert not is_watched(sock)

    either(main)


def test_a_call_that_has_ended_leaves_nothing_watched(either, pair):
    async def main(loop):
        receiving = await begun(loop.sock_recv(pair[0], 9))
        assert is_watched(pair[0])
        pair[1].send(b"answer")
        assert await receiving == b"answer"
        await turns()
        assert not is_watched(pair[0])

    either(main)


def test_who_receives_again_at_once_is_still_watched(ours, pair):
    async def main(loop):
        async def receive_twice():
            await loop.sock_recv(pair[0], 9)
            kept = is_watched(pair[0])
            return kept, await loop.sock_recv(pair[0], 9)

        receiving = await begun(receive_twice())
        pair[1].send(b"first")
        await turns()
        assert not receiving.done() and is_watched(pair[0])
        pair[1].send(b"second")
        assert await receiving == (True, b"second")

    ours(main)


def test_what_comes_after_a_cancellation_is_left_to_others(either, pair):
    async def main(loop):
        receiving = await begun(loop.sock_recv(pair[0], 9))
        pair[1].send(b"answer")
        receiving.cancel()
        await turns()
        assert receiving.cancelled()
        assert await loop.sock_recv(pair[0], 9) == b"answer"

    either(main)


def test_a_cancelled_call_does_not_end_the_wait_of_the_next(either, pair):
    async def main(loop):
        receiving = await begun(loop.sock_recv(pair[0], 9))
        receiving.cancel()
        following = await begun(loop.sock_recv(pair[0], 9))
        await turns()
        assert is_watched(pair[0])
        pair[1].send(b"answer")
        assert await asyncio.wait_for(following, 5) == b"answer"

    either(main)


def test_a_coroutine_that_is_closed_leaves_nothing_watched(ours, pair):
    async def main(loop):
        receiving = loop.sock_recv(pair[0], 9)
        assert asyncio.isfuture(receiving.send(None))
        assert is_watched(pair[0])
        receiving.close()
        assert not is_watched(pair[0])

    ours(main)


def test_what_waits_when_the_loop_is_closed_is_let_go_of(pair, count_objects):
    class Marked(bytearray):
        pass

    loop = gawait.new_event_loop()
    task = loop.create_task(loop.sock_recv_into(pair[0], Marked(9)))
    loop.run_until_complete(asyncio.sleep(0.01))
    assert is_watched(pair[0])
    task._log_destroy_pending = False
    del task
    loop.close()
    del loop
    assert not is_watched(pair[0])
    assert count_objects(Marked) == 0


# Errors -------------------------------------------------------------------------------


WRONG = {
    "no bytes": lambda loop, s: loop.sock_recv(s, 0),
    "negative": lambda loop, s: loop.sock_recv(s, -1),
    "huge": lambda loop, s: loop.sock_recv(s, 1 << 70),
    "too much": lambda loop, s: loop.sock_recv(s, (1 << 63) - 1),
    "no number": lambda loop, s: loop.sock_recv(s, "9"),
    "no buffer": lambda loop, s: loop.sock_recv_into(s, 9),
    "read-only": lambda loop, s: loop.sock_recv_into(s, b"9"),
    "empty": lambda loop, s: loop.sock_recv_into(s, bytearray()),
    "negative from": lambda loop, s: loop.sock_recvfrom(s, -1),
    "read-only from": lambda loop, s: loop.sock_recvfrom_into(s, b"9"),
    "too many from": lambda loop, s: loop.sock_recvfrom_into(s, bytearray(2), 3),
    "text": lambda loop, s: loop.sock_sendall(s, "text"),
    "nothing": lambda loop, s: loop.sock_sendall(s, None),
    "not contiguous": lambda loop, s: loop.sock_sendall(s, memoryview(b"abcd")[::2]),
    "no address": lambda loop, s: loop.sock_sendto(s, b"data", None),
    "not listening": lambda loop, s: loop.sock_accept(s),
    "no address to connect to": lambda loop, s: loop.sock_connect(s, None),
    "connected": lambda loop, s: loop.sock_connect(s, "/nowhere"),
    "no socket": lambda loop, s: loop.sock_recv(None, 9),
    "a descriptor": lambda loop, s: loop.sock_recv(s.fileno(), 9),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arguments_fail_as_on_the_stock_loop(on_both, wrong, pair):
    async def main(loop):
        return await outcome(WRONG[wrong](loop, pair[0]))

    on_both(main)


@pytest.mark.parametrize(
    "call",
    [
        lambda loop, s: loop.sock_recv(s),
        lambda loop, s: loop.sock_recv(),
        lambda loop, s: loop.sock_recv(s, 1, 2),
        lambda loop, s: loop.sock_recv(s, size=1),
        lambda loop, s: loop.sock_recvfrom_into(s, bytearray(1), 1, 1),
    ],
)
def test_a_wrong_number_of_arguments_is_refused_at_once(on_both, call, pair):
    async def main(loop):
        with pytest.raises(TypeError) as refused:
            call(loop, pair[0])
        return str(refused.value)

    on_both(main)


def test_arguments_have_names(either, pair):
    async def main(loop):
        await loop.sock_sendall(sock=pair[1], data=b"answer")
        assert await loop.sock_recv(pair[0], n=2) == b"an"
        buffer = bytearray(9)
        assert await loop.sock_recv_into(sock=pair[0], buf=buffer) == 4

    either(main)


@pytest.mark.parametrize(
    "call",
    [
        lambda loop, s: loop.sock_recv(s, 9),
        lambda loop, s: loop.sock_recv_into(s, bytearray(9)),
        lambda loop, s: loop.sock_recvfrom(s, 9),
        lambda loop, s: loop.sock_recvfrom_into(s, bytearray(9)),
        lambda loop, s: loop.sock_sendall(s, b"data"),
        lambda loop, s: loop.sock_sendto(s, b"data", ("127.0.0.1", 9)),
        lambda loop, s: loop.sock_accept(s),
        lambda loop, s: loop.sock_connect(s, ("127.0.0.1", 9)),
    ],
)
def test_a_closed_socket_fails_as_on_the_stock_loop(on_both, call):
    async def main(loop):
        sock = socket.socket()
        sock.setblocking(False)
        sock.close()
        return await outcome(call(loop, sock))

    assert on_both(main) == (OSError, "[Errno 9] Bad file descriptor")


def test_a_peer_that_is_gone_fails_what_sends(either, pair):
    async def main(loop):
        fill(pair[0])
        sending = await begun(loop.sock_sendall(pair[0], b"answer"))
        pair[1].close()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            await sending
        with pytest.raises(BrokenPipeError):
            await loop.sock_sendall(pair[0], b"answer")

    either(main)


def test_a_connection_that_is_reset_fails_what_receives(either, listening):
    async def main(loop):
        client = socket.create_connection(listening.getsockname())
        connection, _ = await loop.sock_accept(listening)
        with connection:
            receiving = await begun(loop.sock_recv(connection, 9))
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.close()
            with pytest.raises(ConnectionResetError) as reset:
                await receiving
            assert reset.value.errno == errno.ECONNRESET
            await turns()
            assert not is_watched(connection)

    either(main)


REFUSED = {
    "IPv4": (socket.AF_INET, lambda port: ("127.0.0.1", port)),
    "IPv6": (socket.AF_INET6, lambda port: ("::1", port)),
    "IPv6 in full": (socket.AF_INET6, lambda port: ("::1", port, 0, 0)),
    "a number too many": (socket.AF_INET, lambda port: ("127.0.0.1", port, 0)),
    "a number too large": (socket.AF_INET, lambda port: ("127.0.0.1", 1 << 20)),
    "no number": (socket.AF_INET, lambda port: ("127.0.0.1", 1.5)),
    "a list": (socket.AF_INET, lambda port: ["127.0.0.1", port]),
    "no path": (socket.AF_UNIX, lambda port: "/nowhere/at/all"),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_a_connection_that_is_refused_fails_as_on_the_stock_loop(on_both, refused):
    family, address = REFUSED[refused]
    with socket.socket(family if family != socket.AF_UNIX else socket.AF_INET) as unused:
        unused.bind(("", 0))
        port = unused.getsockname()[1]

        async def main(loop):
            with socket.socket(family) as client:
                client.setblocking(False)
                return await outcome(loop.sock_connect(client, address(port)))

        failure, _ = on_both(main)
        assert issubclass(failure, Exception)


def test_a_datagram_that_is_refused_fails_what_receives_the_answer(either):
    async def main(loop):
        with socket.socket(type=socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            address = gone.getsockname()
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(address)
            receiving = await begun(loop.sock_recvfrom(sock, 9))
            sock.send(b"anybody?")
            with pytest.raises(ConnectionRefusedError):
                await receiving

    either(main)


def test_accepting_without_descriptors_left_fails(either, listening):
    async def main(loop):
        accepting = await begun(loop.sock_accept(listening))
        with socket.create_connection(listening.getsockname()):
            with no_descriptors_left(), pytest.raises(OSError) as failure:
                await accepting
            assert failure.value.errno == errno.EMFILE
            connection, _ = await loop.sock_accept(listening)
            connection.close()

    either(main)


def test_a_socket_that_is_closed_under_a_call_ends_it(ours, waiting):
    async def main(loop):
        calling, sock = waiting(loop)
        task = await begun(calling)
        sock.close()
        with pytest.raises(OSError) as failure:
            await asyncio.wait_for(task, 5)
        assert failure.value.errno == errno.EBADF

    ours(main)


def test_a_call_does_not_take_the_data_of_who_has_its_descriptor_now(ours, pair):
    async def main(loop):
        task = await begun(loop.sock_recv(pair[0], 9))
        number = pair[0].fileno()
        pair[0].close()
        here, there = socket.socketpair()
        with here, there:
            assert here.fileno() == number
            here.setblocking(False)
            there.send(b"others")
            assert await loop.sock_recv(here, 9) == b"others"
            following = await begun(loop.sock_recv(here, 9))
            there.send(b"later")
            assert await asyncio.wait_for(following, 5) == b"later"
        assert task.done() is False or isinstance(task.exception(), OSError)
        task.cancel()
        await asyncio.wait([task])

    ours(main)


# Other sockets, other ways ------------------------------------------------------------


@pytest.mark.parametrize("call", [*WRONG, "recv"])
def test_a_blocking_socket_is_refused_in_debug_mode(on_both, call, pair):
    async def main(loop):
        loop.set_debug(True)
        pair[0].setblocking(True)
        calling = WRONG.get(call, lambda loop, s: loop.sock_recv(s, 9))
        return await outcome(calling(loop, pair[0]))

    on_both(main)


def test_calls_work_in_debug_mode(either, pair):
    async def main(loop):
        loop.set_debug(True)
        receiving = await begun(loop.sock_recv(pair[0], 9))
        await loop.sock_sendall(pair[1], b"answer")
        assert await receiving == b"answer"

    either(main)


def test_a_tls_socket_is_refused(on_both):
    async def main(loop):
        context = ssl.create_default_context()
        with context.wrap_socket(
            socket.socket(), do_handshake_on_connect=False, server_hostname="localhost"
        ) as sock:
            sock.setblocking(False)
            return [
                await outcome(loop.sock_recv(sock, 9)),
                await outcome(loop.sock_recv_into(sock, bytearray(9))),
                await outcome(loop.sock_recvfrom(sock, 9)),
                await outcome(loop.sock_recvfrom_into(sock, bytearray(9))),
                await outcome(loop.sock_sendall(sock, b"data")),
                await outcome(loop.sock_sendto(sock, b"data", ("127.0.0.1", 9))),
                await outcome(loop.sock_accept(sock)),
            ]

    refused = (TypeError, "Socket cannot be of type SSLSocket")
    assert on_both(main) == [refused] * 7


def test_a_socket_with_methods_of_its_own_is_called_by_them(either):
    class Loud(socket.socket):
        def recv(self, *arguments):
            return super().recv(*arguments).upper()

        def send(self, data, *arguments):
            return super().send(bytes(data).upper(), *arguments)

    async def main(loop):
        plain, other = socket.socketpair()
        with plain, Loud(fileno=other.detach()) as loud:
            plain.setblocking(False)
            loud.setblocking(False)
            receiving = await begun(loop.sock_recv(loud, 9))
            await loop.sock_sendall(plain, b"question")
            assert await receiving == b"QUESTION"
            await loop.sock_sendall(loud, b"answer")
            assert await loop.sock_recv(plain, 9) == b"ANSWER"

    either(main)


def test_a_descriptor_of_a_transport_is_refused(on_both, pair):
    async def main(loop):
        mine, other = socket.socketpair()
        mine_fd = mine.fileno()
        with other:
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=mine)
            results = [
                await outcome(loop.sock_recv(mine, 9)),
                await outcome(loop.sock_accept(mine)),
            ]
            transport.abort()
            await turns()
        (kind, text), failure = results
        return kind, text.startswith(f"File descriptor {mine_fd} is used by transport"), failure

    assert on_both(main) == (RuntimeError, True, (OSError, "[Errno 22] Invalid argument"))


def test_a_reader_takes_the_place_of_a_call(either, pair):
    async def main(loop):
        receiving = await begun(loop.sock_recv(pair[0], 9))
        read = loop.create_future()
        loop.add_reader(pair[0], lambda: read.done() or read.set_result(pair[0].recv(9)))
        pair[1].send(b"answer")
        assert await asyncio.wait_for(read, 5) == b"answer"
        receiving.cancel()
        await turns()
        assert is_watched(pair[0])  # the reader is not the call's to remove
        assert loop.remove_reader(pair[0]) is True
        assert loop.remove_reader(pair[0]) is False

    either(main)


def test_a_call_takes_the_place_of_a_reader(either, pair):
    async def main(loop):
        seen = []
        loop.add_reader(pair[0], seen.append, "reader")
        receiving = await begun(loop.sock_recv(pair[0], 9))
        pair[1].send(b"answer")
        assert await receiving == b"answer"
        await turns()
        assert seen == [] and not is_watched(pair[0])

    either(main)


def test_a_reader_may_follow_a_call_in_the_same_round(either, pair):
    async def receive(loop, seen):
        await loop.sock_recv(pair[0], 9)
        loop.add_reader(pair[0], seen.append, "reader")

    async def main(loop):
        seen = []
        task = await begun(receive(loop, seen))
        pair[1].send(b"answer")
        await task
        await turns()
        assert seen == [] and is_watched(pair[0])
        loop.remove_reader(pair[0])
        assert not is_watched(pair[0])

    either(main)


def test_a_call_waits_while_its_loop_does_not_run(pair):
    loop = gawait.new_event_loop()
    task = loop.create_task(loop.sock_recv(pair[0], 9))
    loop.run_until_complete(asyncio.sleep(0.01))
    pair[1].send(b"answer")
    other = gawait.new_event_loop()
    other.run_until_complete(asyncio.sleep(0.01))  # on the same context
    assert not task.done()
    assert loop.run_until_complete(task) == b"answer"
    loop.close()
    other.close()


def test_what_a_signal_handler_raises_ends_the_run_and_not_the_call(listening):
    loop = gawait.new_event_loop()
    task = loop.create_task(loop.sock_accept(listening))
    loop.call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(task)
    with socket.create_connection(listening.getsockname()):
        connection, _ = loop.run_until_complete(task)
        connection.close()
    loop.close()


def test_a_blocking_socket_does_not_block_the_loop(ours, pair):
    async def main(loop):
        pair[0].setblocking(True)
        receiving = await begun(loop.sock_recv(pair[0], 9))
        pair[1].send(b"answer")
        assert await receiving == b"answer"

    ours(main)
