"""gawait.testing.VirtualTime."""

import asyncio
import os
import socket
import sys
import threading
import time

import pytest

import gawait
from gawait import testing
from gi.repository import Gio, GLib


@pytest.fixture
def run(gawait_loop, virtual_time):
    """Runs a coroutine function in virtual time; returns how much of it has passed."""

    async def measured(main, arguments):
        began = gawait_loop.time()
        await main(*arguments)
        # Of two large numbers, which do not differ by exactly that.
        return round(gawait_loop.time() - began, 6)

    return lambda main, *arguments: gawait_loop.run_until_complete(measured(main, arguments))


def exactly(seconds):
    return pytest.approx(seconds, abs=1e-6)


async def never():
    await asyncio.get_running_loop().create_future()


# What follows it ------------------------------------------------------------------


def test_a_sleep_takes_its_time_exactly(run):
    assert run(asyncio.sleep, 3600) == exactly(3600)


def test_it_stands_still_while_the_program_works(run):
    async def main():
        for _ in range(3):
            await asyncio.sleep(1)
            time.sleep(0.01)

    assert run(main) == exactly(3)


def test_a_thousand_sleeps_end_in_the_order_of_their_times(run):
    ended = []

    async def sleep(length):
        await asyncio.sleep(length)
        ended.append(length)

    async def main():
        await asyncio.gather(*(sleep(each * 7919 % 1000 * 60) for each in range(1000)))

    assert run(main) == exactly(999 * 60)
    assert ended == [each * 60 for each in range(1000)]


def test_time_outs_come_in_it(run):
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await never()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(never(), 3600)

    assert run(main) == exactly(7200)


def test_callbacks_are_called_when_they_are_due(run):
    async def main():
        loop = asyncio.get_running_loop()
        began, called = loop.time(), []
        for delay in (5, 1, 3):
            loop.call_later(delay, lambda: called.append(loop.time() - began))
        loop.call_at(began + 4, lambda: called.append(loop.time() - began))
        await asyncio.sleep(10)
        assert called == [exactly(each) for each in (1, 3, 4, 5)]

    run(main)


def test_what_was_to_be_called_before_it_ran_follows_it(gawait_loop, virtual_time):
    gawait_loop.call_later(3600, gawait_loop.stop)
    began = gawait_loop.time()
    gawait_loop.run_forever()
    assert gawait_loop.time() - began == pytest.approx(3600, abs=1)


def test_it_is_of_whatever_loop_the_thread_runs():
    async def main():
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        assert asyncio.get_running_loop().time() - began == exactly(3600)

    with testing.VirtualTime():
        for loop_factory in (None, gawait.new_event_loop, testing.new_event_loop):
            if loop_factory is None:
                gawait.run(main())
                continue
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(main())
                runner.run(main())


def test_it_is_of_the_loop_that_runs_where_it_begins():
    async def main():
        await asyncio.sleep(0.001)
        with testing.VirtualTime():
            await asyncio.sleep(3600)
        await asyncio.sleep(0.001)

    gawait.run(main())


def test_it_is_of_a_loop_that_runs_along_with_an_application():
    application = Gio.Application(flags=Gio.ApplicationFlags.NON_UNIQUE)
    slept = []

    async def main():
        application.hold()
        await asyncio.sleep(3600)
        slept.append(True)
        application.release()

    application.connect("activate", lambda _: gawait.create_background_task(main()))
    with testing.VirtualTime():
        application.run([])
    assert slept


# What is in flight ----------------------------------------------------------------


def test_it_does_not_jump_while_a_thread_works(run):
    async def main():
        async with asyncio.timeout(3600):
            await asyncio.to_thread(time.sleep, 0.02)
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.02)

    assert run(main) < 3600


def test_it_goes_on_as_the_real_one_while_a_thread_works(run):
    ended = threading.Event()

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await asyncio.to_thread(ended.wait)

    try:
        assert 0.02 <= run(main) < 3600
    finally:
        ended.set()


def test_it_does_not_jump_while_an_operation_is_in_flight(run, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    writer = threading.Timer(0.02, (tmp_path / "fifo").write_text, ["text"])

    async def main():
        writer.start()
        async with asyncio.timeout(3600):
            # Blocks a thread of GIO's until somebody writes.
            path = str(tmp_path / "fifo")
            _, contents, _ = await Gio.File.new_for_path(path).load_contents_async()
            assert contents == b"text"
        await asyncio.sleep(3600)

    assert 3600 <= run(main) < 7200


def test_it_does_not_jump_while_the_bus_answers(run, private_bus):
    async def main():
        async with asyncio.timeout(3600):
            answer = await private_bus.connect().call(
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus",
                "GetId",
                None,
                None,
                Gio.DBusCallFlags.NONE,
                -1,
                None,
            )
            assert answer.unpack()[0]

    assert run(main) < 3600


def test_it_does_not_jump_while_a_process_runs(run):
    async def main():
        async with asyncio.timeout(3600):
            program = "import time; time.sleep(0.02); print('done')"
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
            )
            assert await process.communicate() == (b"done\n", None)
        await asyncio.sleep(3600)

    assert 3600 <= run(main) < 7200


def test_it_does_not_jump_while_it_is_told_that_something_is_in_flight(run, virtual_time):
    async def main():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, theirs:
            threading.Timer(0.02, theirs.send, [b"!"]).start()
            async with asyncio.timeout(3600):
                with virtual_time.in_flight():
                    assert await asyncio.get_running_loop().sock_recv(ours, 1) == b"!"

    assert run(main) < 3600


def test_in_flight_is_for_where_its_loop_runs(virtual_time):
    with pytest.raises(RuntimeError, match="in_flight"):
        with virtual_time.in_flight():
            pass


def test_what_a_task_has_sent_to_another_is_seen_before_it_jumps(run):
    async def answer(reader, writer):
        while await reader.read(1):
            await asyncio.sleep(1)
            writer.write(b"!")
        writer.close()

    async def main():
        server = await asyncio.start_unix_server(answer, "\0gawait-virtual-time")
        async with server:
            reader, writer = await asyncio.open_unix_connection("\0gawait-virtual-time")
            for _ in range(100):
                writer.write(b"?")
                async with asyncio.timeout(1.001):
                    assert await reader.read(1) == b"!"
            writer.close()

    assert run(main) == exactly(100)


# Its beginning and end --------------------------------------------------------------


def test_when_it_ends_timers_keep_the_time_that_is_left(gawait_loop):
    async def main():
        loop = asyncio.get_running_loop()
        began = loop.time()
        with testing.VirtualTime():
            last = asyncio.create_task(asyncio.sleep(3600.01))
            await asyncio.sleep(3600)
        await last
        assert 3600.01 <= loop.time() - began < 7200

    gawait_loop.run_until_complete(main())


def test_two_loops_have_each_their_own():
    async def sleep(hours):
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(hours * 3600)
        return round(asyncio.get_running_loop().time() - began, 6)

    def elsewhere():
        with testing.VirtualTime(), asyncio.Runner(
            loop_factory=testing.new_event_loop
        ) as other:
            return other.run(sleep(100))

    async def main():
        slept, there = await asyncio.gather(sleep(1), asyncio.to_thread(elsewhere))
        assert there == exactly(360_000)
        assert 3600 <= slept

    with testing.VirtualTime():
        gawait.run(asyncio.wait_for(main(), 7200))


def test_a_loop_has_one_at_a_time(run):
    async def main():
        with pytest.raises(RuntimeError, match="virtual time already"):
            with testing.VirtualTime():
                pass
        await asyncio.sleep(3600)

    assert run(main) == exactly(3600)


def test_another_loop_than_gawaits_is_refused():
    async def main():
        with pytest.raises(TypeError, match="gawait"):
            with testing.VirtualTime():
                pass

    asyncio.run(main())


def test_debug_mode_measures_real_time(gawait_loop, virtual_time, caplog):
    async def main():
        await asyncio.sleep(3600)

    gawait_loop.set_debug(True)
    gawait_loop.run_until_complete(main())
    assert "took" not in caplog.text


def test_the_loop_of_another_thread_is_left_alone(run):
    read = []

    async def main():
        read.extend([GLib.get_monotonic_time(), asyncio.get_running_loop().time() * 1e6])
        read.append(GLib.get_monotonic_time() + 1)

    def other():
        with asyncio.Runner(loop_factory=testing.new_event_loop) as runner:
            runner.run(main())

    run(asyncio.sleep, 3600)
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert read == sorted(read)
