"""What a loop counts."""

import asyncio
import os
import socket
import threading
import time

import pytest

import gawait
from gi.repository import Gio, GLib


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_loop_that_has_not_run_has_counted_nothing(loop):
    assert loop.counters() == gawait.Counters(0, 0, 0, 0, 0.0)


def test_each_callback_is_counted_once_whatever_brings_it_about(loop, pipe):
    reader, writer = pipe
    os.write(writer, b"x")

    def read():
        loop.remove_reader(reader)

    loop.add_reader(reader, read)
    loop.call_soon(int)
    loop.call_soon(int, priority=GLib.PRIORITY_LOW)
    loop.call_soon(int).cancel()
    loop.call_later(0, int)
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert loop.counters().callbacks == 5


def test_what_waits_for_a_socket_without_a_handle_is_counted(run):
    async def main(near, far):
        loop = asyncio.get_running_loop()
        receiving = asyncio.create_task(loop.sock_recv(near, 10))
        await asyncio.sleep(0)
        before = loop.counters()
        far.send(b"x")
        await receiving
        after = loop.counters()
        # That the socket is ready, the task's step, and what awaits the task.
        assert after.callbacks - before.callbacks == 3
        assert after.polls > before.polls

    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        run(main(near, far))


def test_many_callbacks_run_in_one_turn(loop):
    seen = []

    def again(left):
        seen.append(loop.counters())
        if left:
            loop.call_soon(again, left - 1)
        else:
            loop.stop()

    loop.call_soon(again, 999)
    loop.run_forever()
    assert [each.callbacks for each in seen] == list(range(1, 1001))
    # The context may have had another loop.
    assert seen[-1].turns - seen[0].turns < 500


def test_operations_are_in_flight_until_they_have_ended(run, pipe):
    reader, writer = pipe
    stream = Gio.UnixInputStream.new(reader, False)
    file = Gio.File.new_for_path("/dev/null")

    async def main():
        def in_flight():
            return asyncio.get_running_loop().counters().operations

        assert in_flight() == 0
        querying = file.query_info_async("*", 0, 0)
        reading = stream.read_bytes_async(1, 0)
        assert in_flight() == 2
        await querying
        assert in_flight() == 1
        os.write(writer, b"x")
        await reading
        assert in_flight() == 0
        waiting = asyncio.create_task(stream_task(stream))
        await asyncio.sleep(0)
        assert in_flight() == 1
        waiting.cancel()
        await asyncio.wait([waiting])
        assert in_flight() == 0

    run(main())


async def stream_task(stream):
    await stream.read_bytes_async(1, 0)


def test_the_longest_turn_is_that_of_the_callback_that_went_on_until_it_is_reset(loop):
    def block(seconds):
        loop.call_soon(time.sleep, seconds)
        loop.call_soon(loop.stop)
        loop.run_forever()
        return loop.counters().longest_turn

    assert 0.02 <= block(0.02) <= block(0.001)
    loop.reset_longest_turn()
    assert loop.counters().longest_turn == 0
    assert loop.counters().callbacks == 4
    assert block(0.001) >= 0.001


def test_another_thread_may_not_ask_while_the_loop_runs(run):
    async def main():
        loop = asyncio.get_running_loop()
        errors = []

        def ask():
            for function in (loop.counters, loop.reset_longest_turn):
                with pytest.raises(RuntimeError, match="in its thread alone") as caught:
                    function()
                errors.append(caught.value)

        await loop.run_in_executor(None, ask)
        assert len(errors) == 2

    run(main())


def test_another_thread_may_ask_while_nobody_runs_the_loop(loop):
    loop.run_until_complete(asyncio.sleep(0))
    answers = []
    asking = threading.Thread(target=lambda: answers.append(loop.counters()))
    asking.start()
    asking.join()
    assert answers == [loop.counters()]


def test_a_closed_loop_has_no_counters():
    loop = gawait.new_event_loop()
    loop.close()
    for function in (loop.counters, loop.reset_longest_turn):
        with pytest.raises(RuntimeError, match="closed"):
            function()
