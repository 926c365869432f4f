"""Stream transports: protocols that raise, close or abort from inside each of their callbacks."""

import asyncio
import contextlib
import socket
import sys

import pytest

import gawait
from gi.repository import GLib

from .conftest import LOOPS, BufferedRecorder, Recorder, fill, receive, rounds


class Odd(Exception):
    pass


def fail(transport):
    raise Odd


ACTIONS = {
    "raises": fail,
    "closes": lambda transport: transport.close(),
    "aborts": lambda transport: transport.abort(),
    "writes": lambda transport: transport.write(b"more"),
    "ends writing": lambda transport: transport.write_eof(),
    "pauses": lambda transport: transport.pause_reading(),
    "does all": lambda transport: (
        transport.write(b"more"),
        transport.pause_reading(),
        transport.resume_reading(),
        transport.close(),
        transport.abort(),
        transport.close(),
    ),
}
CALLBACKS = ["made", "data", "eof", "pause", "lost", "get_buffer", "updated"]


async def run_through(callback, action, reports):
    """What happens in the life of a connection in one of whose callbacks something is done."""

    def act(transport):
        ACTIONS[action](transport)
        return None

    kind = BufferedRecorder if callback in ("get_buffer", "updated") else Recorder
    protocol = kind(**{callback: act})
    ours, peer = socket.socketpair()
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: protocol, sock=ours)
    with peer:
        with contextlib.suppress(BrokenPipeError):
            peer.send(b"data")
        await rounds(5)
        transport.set_write_buffer_limits(high=10)
        if callback == "pause" and not transport.is_closing():
            fill(transport)
        sent = 0
        with contextlib.suppress(ConnectionResetError):
            while transport.get_write_buffer_size() > 0:
                sent += len(await receive(peer, 1))
                await rounds()
            peer.shutdown(socket.SHUT_WR)
            await rounds(5)
            transport.resume_reading()
            sent += len(await receive(peer))
        await protocol.lost
        await rounds(5)
    return (
        protocol.events,
        sent,
        [
            # The names of the classes differ.
            (each["message"].split()[:3], type(each["exception"]))
            for each in reports
        ],
    )


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("callback", CALLBACKS)
def test_it_comes_as_on_the_loop_of_asyncio(callback, action):
    if (callback, action) == ("made", "pauses") and sys.version_info < (3, 12):
        pytest.skip("asyncio reads nevertheless")
    outcomes = {}
    for name, make in LOOPS.items():
        reports = []
        loop = make()
        loop.set_exception_handler(lambda loop, context: reports.append(context))
        try:
            outcomes[name] = loop.run_until_complete(
                asyncio.wait_for(run_through(callback, action, reports), 20)
            )
        finally:
            loop.close()
    assert outcomes["gawait"] == outcomes["asyncio"]
    events = outcomes["gawait"][0]
    assert [name for name, *_ in events].count("lost") == 1


# Reports --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "callback, message",
    [
        ("data", "Fatal error: protocol.data_received() call failed."),
        ("eof", "Fatal error: protocol.eof_received() call failed."),
        ("get_buffer", "Fatal error: protocol.get_buffer() call failed."),
        ("updated", "Fatal error: protocol.buffer_updated() call failed."),
    ],
)
async def test_what_a_callback_raises_is_reported_and_loses_the_connection(
    connect, reports, callback, message
):
    kind = BufferedRecorder if callback in ("get_buffer", "updated") else Recorder
    protocol = kind(**{callback: fail})
    transport, peer = await connect(protocol)
    peer.send(b"data")
    await rounds(5)
    peer.close()
    await protocol.lost
    report = reports.pop()
    assert report.pop("message") == message
    assert isinstance(report.pop("exception"), Odd)
    assert report == {"transport": transport, "protocol": protocol}
    assert protocol.events[-1] == ("lost", "Odd")


@pytest.mark.parametrize("debug", [False, True])
async def test_an_os_error_of_a_callback_is_logged_in_debug_mode_alone(
    loop, connect, caplog, debug
):
    def fail(_):
        raise ConnectionAbortedError

    loop.set_debug(debug)
    caplog.set_level("DEBUG", "asyncio")
    protocol = Recorder(data=fail)
    transport, peer = await connect(protocol)
    caplog.clear()
    peer.send(b"data")
    await protocol.lost
    logged = [
        each for each in caplog.records if "data_received() call failed" in each.getMessage()
    ]
    assert len(logged) == debug
    if debug:
        assert logged[0].exc_info[0] is ConnectionAbortedError
    assert protocol.events[-1] == ("lost", "ConnectionAbortedError")


async def test_debug_mode_logs_pauses_and_ends(loop, connect, caplog):
    loop.set_debug(True)
    caplog.set_level("DEBUG", "asyncio")
    protocol = Recorder()
    transport, peer = await connect(protocol)
    transport.pause_reading()
    transport.resume_reading()
    peer.close()
    await protocol.lost
    texts = [each.getMessage() for each in caplog.records]
    for what in "pauses reading", "resumes reading", "received EOF":
        assert any(text.endswith(what) for text in texts)


async def test_a_cancellation_that_a_callback_raises_is_reported(connect, reports):
    def fail(_):
        raise asyncio.CancelledError

    protocol = Recorder(data=fail)
    transport, peer = await connect(protocol)
    peer.send(b"data")
    await protocol.lost
    assert isinstance(reports.pop()["exception"], asyncio.CancelledError)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("callback", ["data", "eof", "pause", "get_buffer", "updated", "lost"])
def test_what_ends_a_program_ends_the_run(loop, reports, callback, error):
    def fail(transport):
        raise error

    async def make():
        kind = BufferedRecorder if callback in ("get_buffer", "updated") else Recorder
        protocol = kind(**{callback: fail})
        await loop.create_connection(lambda: protocol, sock=ours)
        return protocol

    ours, peer = socket.socketpair()
    with peer:
        protocol = loop.run_until_complete(make())
        peer.send(b"data")
        if callback in ("eof", "lost"):
            peer.shutdown(socket.SHUT_WR)
        if callback == "pause":
            protocol.transport.set_write_buffer_limits(high=0)
            loop.call_soon(fill, protocol.transport)
        with pytest.raises(error):
            loop.run_forever()
        protocol.reactions = {}
        protocol.transport.abort()
        loop.run_until_complete(rounds())
    assert reports == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_connection_may_be_lost_in_a_run_of_the_loop_within_a_callback():
    loop = gawait.EventLoop()
    seen = []

    def data(transport):
        transport.abort()
        nested = GLib.MainLoop()  # whose run() runs the loop along
        protocol.lost.add_done_callback(lambda _: nested.quit())
        nested.run()
        seen.append(transport.get_protocol())
        raise Odd

    async def main():
        nonlocal protocol
        protocol = Recorder(data=data)
        await loop.create_connection(lambda: protocol, sock=ours)
        peer.send(b"data")
        while not seen:
            await asyncio.sleep(0.001)

    protocol = None
    ours, peer = socket.socketpair()
    with peer:
        loop.run_until_complete(main())
    loop.close()
    assert seen == [None]
