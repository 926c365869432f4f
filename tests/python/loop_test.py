"""gawait.EventLoop: what CPython's own tests of event loops do not know."""

import asyncio
import contextvars
import errno
import gc
import os
import signal
import socket
import sys
import threading
import time
import types
import weakref

import pytest

import gawait
from gawait import policy
from gi.repository import GLib


def iteration(may_block):
    # Not the override of PyGObject 3.50, which pauses the loop meanwhile.
    super(GLib.MainContext, GLib.MainContext.default()).iteration(may_block)


def iterate(times=20):
    for _ in range(times):
        iteration(False)


# Callbacks ------------------------------------------------------------------------


def test_callbacks_of_one_round_run_before_those_that_they_schedule(loop):
    order = []

    def first():
        order.append("first")
        loop.call_soon(order.append, "third")

    loop.call_soon(first)
    loop.call_soon(order.append, "second")
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert order == ["first", "second", "third"]


def test_callbacks_wait_while_the_loop_does_not_run(loop):
    order = []
    loop.call_soon(order.append, "first")
    loop.call_later(0, order.append, "timer")
    iterate()
    loop.call_soon(order.append, "second")
    iterate()
    assert order == []
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert order == ["first", "second", "timer"]  # as if nobody had iterated


def test_two_loops_of_one_context_do_not_run_each_others_callbacks(loop):
    order = []
    other = gawait.new_event_loop()
    other.call_soon(order.append, "other")
    loop.call_soon(order.append, "loop")
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert order == ["loop"]
    other.call_soon(other.stop)
    other.run_forever()
    other.close()
    assert order == ["loop", "other"]


def test_stop_lets_the_round_end_and_begins_no_other(loop):
    order = []

    def stop():
        loop.stop()
        loop.call_soon(order.append, "next round")

    loop.call_soon(stop)
    loop.call_soon(order.append, "this round")
    loop.run_forever()
    assert order == ["this round"]
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert order == ["this round", "next round"]


def test_stop_before_running_runs_one_round(loop):
    order = []
    loop.call_soon(order.append, "ready")
    loop.stop()
    loop.run_forever()
    assert order == ["ready"]


def test_a_callback_runs_in_its_context(loop):
    variable = contextvars.ContextVar("variable", default="outside")
    context = contextvars.copy_context()
    context.run(variable.set, "inside")
    seen = []
    loop.call_soon(lambda: seen.append(variable.get()))
    loop.call_soon(lambda: seen.append(variable.get()), context=context)
    loop.call_later(0, lambda: seen.append(variable.get()), context=context)
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert seen == ["outside", "inside", "inside"]


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_a_callback_gets_its_arguments(loop, count):
    seen = []
    handle = loop.call_soon(lambda *arguments: seen.append(arguments), *range(count))
    assert handle._args == tuple(range(count))
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == [tuple(range(count))]


def test_positional_arguments_may_be_given_by_name(loop):
    order = []
    variable = contextvars.ContextVar("variable")
    context = contextvars.copy_context()
    context.run(variable.set, "of the context")
    loop.call_soon(callback=lambda: order.append("soon"))
    loop.call_soon_threadsafe(context=context, callback=lambda: order.append(variable.get()))
    loop.call_later(delay=0.02, callback=loop.stop)
    loop.call_later(0.01, callback=lambda: order.append("later"))
    loop.call_at(callback=lambda: order.append("at"), when=loop.time())
    loop.run_forever()
    assert order == ["soon", "of the context", "at", "later"]


@pytest.mark.parametrize(
    "call, missing",
    [
        (lambda loop: loop.call_soon(), "call_soon.*'callback'"),
        (lambda loop: loop.call_soon(context=None), "call_soon.*'callback'"),
        (lambda loop: loop.call_later(1), "call_later.*'callback'"),
        (lambda loop: loop.call_later(callback=print), "call_later.*'delay'"),
        (lambda loop: loop.call_at(), "call_at.*'when'"),
        (lambda loop: loop.add_reader(), "add_reader.*'fd'"),
        (lambda loop: loop.add_writer(1), "add_writer.*'callback'"),
    ],
)
def test_a_missing_argument_is_named(loop, call, missing):
    with pytest.raises(TypeError, match=missing):
        call(loop)


def test_a_callback_that_raises_is_reported_and_the_others_run(loop, reports):
    order = []
    handle = loop.call_soon(lambda: 1 / 0)
    loop.call_soon(order.append, "next")
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert order == ["next"]
    (report,) = reports
    assert isinstance(report["exception"], ZeroDivisionError)
    assert report["handle"] is handle
    assert report["message"].startswith("Exception in callback test_a_callback_that_raises")
    assert report["exception"].__traceback__.tb_frame.f_code.co_filename == __file__


@pytest.mark.parametrize("fatal", [KeyboardInterrupt, SystemExit])
def test_an_exit_ends_the_run_at_once_and_the_rest_stays(loop, reports, fatal):
    order = []

    def leave():
        raise fatal("out")

    loop.call_soon(leave)
    loop.call_soon(order.append, "after")
    with pytest.raises(fatal, match="out"):
        loop.run_forever()
    assert order == [] and reports == []
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert order == ["after"]


def test_a_cancelled_handle_is_not_called_and_lets_go_of_what_it_held(loop):
    class Argument:
        pass

    argument = Argument()
    gone = weakref.ref(argument)
    handle = loop.call_soon(print, argument)
    del argument
    handle.cancel()
    handle.cancel()
    assert handle.cancelled() and gone() is None
    loop.call_soon(loop.stop)
    loop.run_forever()


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda loop: loop.call_soon(), TypeError, "callback"),
        (lambda loop: loop.call_soon(print, context=1), TypeError, "context.*not int"),
        (lambda loop: loop.call_soon(print, sep=""), TypeError, "unexpected.*'sep'"),
        (lambda loop: loop.call_soon(print, priority="low"), TypeError, "'priority'.*not str"),
        (lambda loop: loop.call_soon(print, priority=1 << 31), OverflowError, "'priority'"),
        (lambda loop: loop.call_soon(print, priority=1 << 99), OverflowError, "'priority'"),
        (lambda loop: loop.call_later(None, print), TypeError, "delay must not be None"),
        (lambda loop: loop.call_later("1", print), TypeError, "delay.*not str"),
        (lambda loop: loop.call_later(float("nan"), print), ValueError, "delay.*NaN"),
        (lambda loop: loop.call_at(None, print), TypeError, "when must not be None"),
        (lambda loop: loop.call_at("1", print), TypeError, "when.*not str"),
        (lambda loop: loop.call_later(1), TypeError, "callback"),
        (lambda loop: loop.add_reader(-1, print), ValueError, "-1"),
        (lambda loop: loop.add_reader("x", print), ValueError, "'x'"),
        (lambda loop: loop.add_reader(10**6, print), OSError, "Bad file descriptor"),
        (lambda loop: gawait.EventLoop("default"), TypeError, "'context'.*not str"),
        (lambda loop: loop.running(None).__enter__(), TypeError, "'quit'.*not NoneType"),
    ],
)
def test_a_wrong_argument_is_named(loop, wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(loop)


def test_a_regular_file_cannot_be_watched(loop, tmp_path):
    with open(tmp_path / "file", "w") as file:
        with pytest.raises(PermissionError):
            loop.add_writer(file, print)


# Timers ---------------------------------------------------------------------------


def test_timers_run_in_the_order_of_their_times(loop):
    order = []
    now = loop.time()
    for delay in (0.003, 0.001, 0.002):
        loop.call_at(now + delay, order.append, delay)
    loop.call_at(now + 0.004, loop.stop)
    loop.run_forever()
    assert order == [0.001, 0.002, 0.003]


def test_a_timer_never_runs_early_and_needs_no_whole_millisecond(loop):
    late = []

    def note(handle_of):
        late.append(loop.time() - handle_of[0].when())

    for index in range(50):
        holder = []
        holder.append(loop.call_later(0.0001 * index, note, holder))
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert len(late) == 50 and min(late) >= 0


def test_timers_compare_as_those_of_asyncio(loop):
    first = loop.call_at(1e9, print)
    second = loop.call_at(2e9, print)
    same = loop.call_at(1e9, print)
    assert first < second and second > first and first <= same and first >= same
    assert first == same and first != second and hash(first) == hash(same)
    assert first != 1
    for each in (first, second, same):
        each.cancel()


def test_a_timer_that_never_comes_is_taken_back_when_the_loop_closes():
    class Argument:
        pass

    argument = Argument()
    gone = weakref.ref(argument)
    loop = gawait.new_event_loop()
    loop.call_later(float("inf"), print, argument)
    loop.call_later(1e9, print, argument)
    del argument
    assert gone() is not None
    loop.close()
    assert gone() is None


# Threads and contexts -------------------------------------------------------------


def test_call_soon_threadsafe_wakes_the_loop(loop):
    order = []

    def post():
        time.sleep(0.05)
        for index in range(1000):
            loop.call_soon_threadsafe(order.append, index)
        loop.call_soon_threadsafe(loop.stop)

    thread = threading.Thread(target=post)
    thread.start()
    loop.run_forever()
    thread.join()
    assert order == list(range(1000))


def test_a_loop_in_another_thread_has_a_context_of_its_own():
    contexts = []

    async def main():
        contexts.append(asyncio.get_running_loop()._context)
        assert GLib.MainContext.get_thread_default() == contexts[-1]
        await asyncio.sleep(0.001)

    threads = [threading.Thread(target=gawait.run, args=(main(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gawait.run(main_on_default())
    assert len({hash(context) for context in contexts}) == 3
    assert GLib.MainContext.default() not in contexts


async def main_on_default():
    assert asyncio.get_running_loop()._context == GLib.MainContext.default()


def run_in_thread(loop):
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    return thread


def test_a_loop_that_first_runs_in_another_thread_leaves_it_the_default_context():
    loop = gawait.new_event_loop()
    threads = set()
    GLib.idle_add(lambda: threads.add(threading.current_thread()))
    thread = run_in_thread(loop)
    future = asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01, "slept"), loop)
    assert future.result(10) == "slept"
    gawait.run(asyncio.sleep(0.01))
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    assert loop._context != GLib.MainContext.default()
    loop.close()
    assert threads == {threading.main_thread()}


def test_a_loop_made_within_another_one_first_runs_in_another_thread():
    async def main():
        loop = gawait.new_event_loop()
        thread = run_in_thread(loop)
        answer = asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01, "slept"), loop)
        assert await asyncio.wait_for(asyncio.wrap_future(answer), 10) == "slept"
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    gawait.run(main())


def test_what_a_loop_was_given_before_it_first_ran_is_done_where_it_runs():
    loop = gawait.new_event_loop()
    came = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        loop.add_reader(ours, lambda: came.append(("reader", ours.recv(1))))
        loop.add_writer(theirs, lambda: came.append("writer") or loop.remove_writer(theirs))
        loop.call_later(0.01, came.append, "timer")
        loop.call_later(0, came.append, "cancelled").cancel()
        loop.call_later(0.03, loop.stop)
        loop.call_soon(lambda: came.append(threading.current_thread()))
        thread = run_in_thread(loop)
        thread.join()
        assert loop.remove_reader(ours)
        assert came[0] is thread and came[-1] == "timer"
        assert set(came[1:-1]) == {("reader", b"x"), "writer"}
        loop.close()


def test_a_loop_that_has_not_run_refuses_what_cannot_be_watched(loop, tmp_path):
    with open(tmp_path / "file", "w") as file, pytest.raises(PermissionError):
        loop.add_reader(file, print)
    reading, writing = os.pipe()
    os.close(writing)
    os.close(reading)
    with pytest.raises(OSError, match="Bad file descriptor"):
        loop.add_writer(reading, print)
    assert not loop._has_work(loop._ssock.fileno())


def test_a_loop_in_the_main_thread_leaves_the_default_context_to_who_iterates_it():
    main_loop = GLib.MainLoop()
    running = threading.Event()
    GLib.idle_add(running.set)
    # Not what gawait and PyGObject make of it, for which a loop runs along.
    thread = threading.Thread(target=main_loop.run.__wrapped__, args=(main_loop,))
    thread.start()
    running.wait()
    try:
        assert gawait.run(asyncio.sleep(0.001, "slept")) == "slept"
    finally:
        main_loop.quit()
        thread.join()


def test_a_loop_stays_with_the_context_that_it_took(loop):
    async def context():
        return asyncio.get_running_loop()._context

    other = GLib.MainContext.new()
    other.push_thread_default()
    try:
        assert loop.run_until_complete(context()) == other
    finally:
        other.pop_thread_default()
    assert loop.run_until_complete(context()) == other


@pytest.mark.parametrize("chosen", [False, True])
def test_a_main_loop_leaves_the_loop_to_the_policy_of_PyGObject_that_was_chosen(
    monkeypatch, chosen
):
    """As of PyGObject 3.50, whose policy cannot be asked for a loop that there is already."""

    class GLibEventLoopPolicy(gawait.EventLoopPolicy):
        pass

    events = types.SimpleNamespace(GLibEventLoopPolicy=GLibEventLoopPolicy)
    monkeypatch.setitem(sys.modules, "gi.events", events)
    before = policy.get_event_loop_policy()
    policy.set_event_loop_policy(GLibEventLoopPolicy() if chosen else before)
    seen = []

    def look():
        seen.append(asyncio._get_running_loop())
        main_loop.quit()

    main_loop = GLib.MainLoop()
    GLib.idle_add(look)
    try:
        main_loop.run()
    finally:
        policy.set_event_loop_policy(before)
    assert isinstance(seen[0], gawait.EventLoop) is not chosen


def test_a_main_loop_runs_the_loop_that_was_made_for_it(loop):
    main_loop = GLib.MainLoop()
    seen = []

    async def main():
        seen.append(asyncio.get_running_loop())
        main_loop.quit()

    task = loop.create_task(main())
    main_loop.run()
    assert task.done() and seen == [loop]


@pytest.mark.parametrize("has_run", (True, False))
def test_an_older_loop_is_found_again_once_newer_ones_are_closed(loop, has_run):
    newer = gawait.new_event_loop()
    if has_run:
        loop.run_until_complete(asyncio.sleep(0))
        newer.run_until_complete(asyncio.sleep(0))
        assert gawait.EventLoop.of_context(loop._context) is newer
        gawait.run(asyncio.sleep(0))
        assert gawait.EventLoop.of_context(loop._context) is newer
    newer.close()

    async def running_loop():
        return asyncio.get_running_loop()

    task = loop.create_task(running_loop())
    main_loop = GLib.MainLoop()
    GLib.idle_add(main_loop.quit, priority=GLib.PRIORITY_LOW)
    main_loop.run()
    assert task.done() and task.result() is loop
    assert gawait.EventLoop.of_context(loop._context) is loop


def test_a_loop_runs_on_the_context_that_is_given():
    context = GLib.MainContext.new()

    async def main():
        assert asyncio.get_running_loop()._context == context
        await asyncio.sleep(0.001)
        return "done"

    assert gawait.run(main(), context=context) == "done"


def test_a_context_that_another_thread_iterates_is_refused():
    context = GLib.MainContext.new()
    main_loop = GLib.MainLoop.new(context, False)
    running = threading.Event()
    source = GLib.idle_source_new()
    source.set_callback(lambda *data: running.set())
    source.attach(context)
    thread = threading.Thread(target=main_loop.run)
    thread.start()
    running.wait()
    try:
        with pytest.raises(RuntimeError, match="iterated by another thread"):
            gawait.EventLoop(context)
    finally:
        main_loop.quit()
        thread.join()


def test_debug_mode_notices_the_wrong_thread(loop):
    loop.set_debug(True)
    errors = []

    def call():
        try:
            loop.call_soon(print)
        except RuntimeError as error:
            errors.append(str(error))
        loop.call_soon_threadsafe(loop.stop)

    loop.call_soon(threading.Thread(target=call).start)
    loop.run_forever()
    assert "Non-thread-safe operation" in errors[0]


@pytest.mark.parametrize("schedule", ["call_later", "call_at"])
def test_another_thread_may_schedule_timers(loop, schedule):
    came = []

    def call():
        begin = loop.time() if schedule == "call_at" else 0
        method = getattr(loop, schedule)
        never = method(begin + 0.01, came.append, "cancelled")
        same = begin + 0.02  # two of one time come in the order in which they were scheduled
        handles = [method(same, came.append, name) for name in ("first", "second")]
        never.cancel()
        assert not any(each.cancelled() for each in handles) and never.cancelled()
        method(begin + 0.05, loop.stop)

    loop.call_soon(threading.Thread(target=call).start)
    loop.call_later(10, loop.stop)
    loop.run_forever()
    assert came == ["first", "second"]


def test_a_timer_from_another_thread_that_never_comes_is_taken_back(loop):
    class Argument:
        pass

    def call(argument):
        loop.call_later(1000, print, argument)
        loop.call_soon_threadsafe(loop.stop)

    argument = Argument()
    gone = weakref.ref(argument)
    thread = threading.Thread(target=call, args=(argument,))
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()
    del argument
    assert gone() is not None
    loop.close()
    assert gone() is None


@pytest.fixture
def pair():
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def in_another_thread(function, *arguments):
    """What a function gives or raises there, while the loop of this thread runs."""
    return asyncio.to_thread(function, *arguments)


def test_another_thread_may_add_a_reader(loop, pair):
    async def main():
        ready = loop.create_future()

        def read():
            loop.remove_reader(pair[0])
            ready.set_result(pair[0].recv(9))

        await in_another_thread(loop.add_reader, pair[0], read)
        pair[1].send(b"seen")
        return await asyncio.wait_for(ready, 10)

    assert loop.run_until_complete(main()) == b"seen"


def test_another_thread_may_add_a_writer(loop, pair):
    async def main():
        ready = asyncio.Event()
        await in_another_thread(loop.add_writer, pair[0], ready.set)
        await asyncio.wait_for(ready.wait(), 10)
        return loop.remove_writer(pair[0])

    assert loop.run_until_complete(main())


def test_a_reader_that_another_thread_has_added_wakes_a_loop_that_waits(loop, pair):
    pair[1].send(b"there")

    def add():
        time.sleep(0.05)
        loop.add_reader(pair[0], loop.stop)

    loop.call_soon(threading.Thread(target=add).start)
    late = loop.call_later(10, loop.stop)
    loop.run_forever()
    assert loop.time() < late.when()


def test_another_thread_may_give_a_reader_another_callback(loop, pair):
    async def main():
        ready = asyncio.Event()
        seen = []
        loop.add_reader(pair[0], seen.append, "the first")
        await in_another_thread(loop.add_reader, pair[0], ready.set)
        pair[1].send(b"1")
        await asyncio.wait_for(ready.wait(), 10)
        loop.remove_reader(pair[0])
        return seen

    assert loop.run_until_complete(main()) == []


def test_a_reader_that_another_thread_has_removed_runs_no_more(loop, pair):
    async def main():
        seen = []
        pair[1].send(b"1")
        loop.add_reader(pair[0], seen.append, "ready")
        while not seen:
            await asyncio.sleep(0)
        removed = await in_another_thread(loop.remove_reader, pair[0])
        seen.clear()
        await asyncio.sleep(0.02)
        return removed, seen, loop.remove_reader(pair[0])

    assert loop.run_until_complete(main()) == (True, [], False)


def test_another_thread_may_remove_a_reader_and_add_it_again(loop, pair):
    async def main():
        ready = asyncio.Event()

        def renew():
            for _ in range(100):
                loop.remove_reader(pair[0])
                loop.add_reader(pair[0], ready.set)

        loop.add_reader(pair[0], print, "the first")
        await in_another_thread(renew)
        pair[1].send(b"1")
        await asyncio.wait_for(ready.wait(), 10)
        return loop.remove_reader(pair[0])

    assert loop.run_until_complete(main())


@pytest.mark.parametrize("what", ["closed", "a file"])
def test_another_thread_hears_at_once_of_what_cannot_be_watched(loop, pair, tmp_path, what):
    async def main():
        with open(tmp_path / "file", "w") as regular:
            descriptor = 12345 if what == "closed" else regular.fileno()
            with pytest.raises(OSError) as refused:
                await in_another_thread(loop.add_reader, descriptor, print)
            return refused.value.errno

    expected = errno.EBADF if what == "closed" else errno.EPERM
    assert loop.run_until_complete(main()) == expected


def test_what_another_thread_has_added_and_removed_is_let_go_of_by_close(loop, pair):
    class Argument:
        pass

    def call(argument):
        loop.add_reader(pair[0], print, argument)
        loop.remove_reader(pair[0])
        loop.add_writer(pair[1], print, argument)
        loop.call_soon_threadsafe(loop.stop)

    argument = Argument()
    gone = weakref.ref(argument)
    thread = threading.Thread(target=call, args=(argument,))
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()
    del argument, thread
    loop.close()
    assert gone() is None


def test_debug_mode_refuses_timers_from_the_wrong_thread(loop):
    errors = []

    def call():
        try:
            loop.call_later(1, print)
        except RuntimeError as error:
            errors.append(str(error))
        loop.call_soon_threadsafe(loop.stop)

    loop.set_debug(True)
    loop.call_soon(threading.Thread(target=call).start)
    loop.run_forever()
    assert "Non-thread-safe operation" in errors[0]


def test_debug_mode_says_what_was_slow_and_where_it_was_made(loop, caplog):
    loop.set_debug(True)
    loop.slow_callback_duration = 0.001
    loop.call_soon(time.sleep, 0.01)
    loop.call_soon(loop.stop)
    loop.run_forever()
    (record,) = [each for each in caplog.records if "Executing" in each.message]
    assert "sleep(0.01)" in record.message and "loop_test.py" in record.message


# Readers and writers --------------------------------------------------------------


def test_a_reader_is_called_as_long_as_there_is_something_to_read(loop):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        read = []

        def on_readable():
            read.append(ours.recv(1))
            if len(read) == 3:
                loop.remove_reader(ours)
                loop.call_later(0.01, loop.stop)

        loop.add_reader(ours, on_readable)
        theirs.send(b"abcd")
        loop.run_forever()
        assert read == [b"a", b"b", b"c"]
        assert loop.remove_reader(ours) is False


def test_a_ready_descriptor_costs_nothing_while_the_loop_does_not_run(loop):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        calls = []

        def on_readable():
            calls.append(1)
            if len(calls) == 2:
                loop.stop()

        loop.add_reader(ours, on_readable)
        theirs.send(b"x")
        begin = time.process_time()
        GLib.timeout_add(100, lambda: main_loop.quit())
        main_loop = GLib.MainLoop()
        super(GLib.MainLoop, GLib.MainLoop).run(main_loop)
        assert time.process_time() - begin < 0.05
        assert calls == []
        loop.call_later(60, loop.stop)
        loop.run_forever()
        assert calls == [1, 1]
        loop.remove_reader(ours)


def test_a_reader_may_replace_and_remove_itself(loop):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        order = []

        def second():
            order.append("second")
            loop.remove_reader(ours)
            loop.stop()

        def first():
            order.append("first")
            loop.add_reader(ours, second)

        loop.add_reader(ours, first)
        theirs.send(b"x")
        loop.run_forever()
        assert order == ["first", "second"]


class File:
    """What has a fileno() until it is closed."""

    def __init__(self, fd):
        self.fd = fd

    def fileno(self):
        return self.fd


@pytest.mark.parametrize("ran", [False, True])
@pytest.mark.parametrize("which", ["reader", "writer"])
def test_a_file_object_that_was_closed_can_be_removed(loop, which, ran):
    add, remove = getattr(loop, f"add_{which}"), getattr(loop, f"remove_{which}")
    if ran:
        loop.run_until_complete(asyncio.sleep(0))
    ours, theirs = socket.socketpair()
    with theirs:
        add(ours, print)
        ours.close()
        assert remove(ours) is True
        with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
            remove(ours)
        with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
            add(ours, print)


def test_a_removed_file_object_is_let_go_of(loop):
    reading, writing = os.pipe()
    file = File(reading)
    gone = weakref.ref(file)
    loop.add_reader(file, print)
    file.fd = -1
    assert gone() is file and loop.remove_reader(file)
    del file
    assert gone() is None
    os.close(reading)
    os.close(writing)


def test_a_loop_is_collected_with_the_file_objects_that_it_watches():
    reading, writing = os.pipe()
    file = File(reading)
    gone = weakref.ref(file)
    file.loop = gawait.new_event_loop()
    file.loop.add_reader(file, print)
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        del file
        gc.collect()
    assert gone() is None
    os.close(reading)
    os.close(writing)


# Rounds ---------------------------------------------------------------------------


# Programs whose output tells in which order a loop runs what is ready; `new_loop` makes it.
READER_BEHIND_LONG_CALLBACKS = """
async def main():
    loop = asyncio.get_running_loop()
    here, there = os.pipe()
    os.write(there, b"x")
    calls = 0
    done = loop.create_future()

    def on_ready():
        nonlocal calls
        calls += 1
        loop.call_soon(stop)

    def stop():
        if loop.remove_reader(here):
            done.set_result(calls)

    loop.add_reader(here, on_ready)
    for _ in range(4):
        loop.call_soon(time.sleep, 0.0006)
    return await done

outcomes = [run(main()) for _ in range(200)]
"""

FUTURE_AS_READER = """
async def main():
    loop = asyncio.get_running_loop()
    failures = []
    loop.set_exception_handler(lambda loop, context: failures.append(context))
    here, there = os.pipe()
    os.write(there, b"x")
    ready = loop.create_future()
    ready.add_done_callback(lambda _: loop.remove_reader(here))
    loop.add_reader(here, ready.set_result, None)
    for _ in range(4):
        loop.call_soon(time.sleep, 0.0006)
    await ready
    for _ in range(4):
        await asyncio.sleep(0)
    return len(failures)

outcomes = [run(main()) for _ in range(200)]
"""

READER_BESIDE_SLEEPS = """
async def main():
    loop = asyncio.get_running_loop()
    here, there = os.pipe()
    read = False

    def on_ready():
        nonlocal read
        read = bool(os.read(here, 1))

    loop.add_reader(here, on_ready)
    sleeps = []
    for attempt in range(400):
        for _ in range(attempt % 50):
            await asyncio.sleep(0)
        read = False
        os.write(there, b"x")
        sleeps.append(0)
        while not read:
            await asyncio.sleep(0)
            sleeps[-1] += 1
    return sleeps

outcomes = run(main())
"""

DUE_TIMERS = """
async def main():
    loop = asyncio.get_running_loop()
    sleeps = []
    for attempt in range(200):
        for _ in range(attempt % 40):
            await asyncio.sleep(0)
        due = asyncio.Event()
        loop.call_at(loop.time(), due.set)
        sleeps.append(0)
        while not due.is_set():
            await asyncio.sleep(0)
            sleeps[-1] += 1
    return sleeps

outcomes = run(main())
"""

READERS_AND_TIMERS_BEHIND_CALLBACKS = """
async def main():
    loop = asyncio.get_running_loop()
    here, there = os.pipe()
    os.write(there, b"x")
    order = []
    log = order.append

    def first():
        log("first")
        loop.call_soon(log, "soon")
        loop.add_reader(here, on_ready)
        loop.call_at(loop.time(), log, "due")
        loop.call_soon(later)
        time.sleep(0.002)

    def on_ready():
        log("ready")
        loop.call_soon(log, "from the reader")
        loop.remove_reader(here)

    def later():
        log("later")
        loop.call_soon(log, "behind all")

    loop.call_soon(first)
    await asyncio.sleep(0.02)
    return order

outcomes = [run(main()) for _ in range(20)]
"""

A_READER_REPLACED_WHILE_IT_IS_READY = """
async def main():
    loop = asyncio.get_running_loop()
    pipes = [os.pipe() for _ in range(2)]
    order = []
    log = order.append

    def replace(which):
        log("replaces")
        for here, _ in pipes:
            loop.add_reader(here, replaced, here)
        loop.call_soon(log, "the next round")

    def replaced(here):
        log("replaced")
        loop.remove_reader(here)

    for here, there in pipes:
        os.write(there, b"x")
        loop.add_reader(here, replace, here)
    await asyncio.sleep(0.01)
    return order

outcomes = [run(main()) for _ in range(20)]
"""

NO_IO_URING = """
# A filter of system calls lets io_uring_setup() fail.
import ctypes
instruction = lambda *given: struct.pack("HBBI", *given)
code = b"".join([
    instruction(0x20, 0, 0, 0),
    instruction(0x15, 0, 1, 425),
    instruction(0x06, 0, 0, 0x00050001),
    instruction(0x06, 0, 0, 0x7FFF0000),
])
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
prctl = ctypes.CDLL(None, use_errno=True).prctl
unsigned = [ctypes.c_ulong(number) for number in (0, 0, 0)]
assert prctl(38, ctypes.c_ulong(1), *unsigned) == 0
assert prctl(22, ctypes.c_ulong(2), ctypes.byref(Filter(4, code)), *unsigned[1:]) == 0
assert ctypes.CDLL(None, use_errno=True).syscall(425, 1, None) == -1
assert ctypes.get_errno() == 1
"""


@pytest.mark.parametrize("before", ["", NO_IO_URING], ids=["", "without io_uring"])
@pytest.mark.parametrize(
    "program",
    [
        READER_BEHIND_LONG_CALLBACKS,
        FUTURE_AS_READER,
        READER_BESIDE_SLEEPS,
        DUE_TIMERS,
        READERS_AND_TIMERS_BEHIND_CALLBACKS,
        A_READER_REPLACED_WHILE_IT_IS_READY,
    ],
    ids=[
        "a reader behind long callbacks",
        "a future's result by a reader",
        "a reader beside sleep(0)",
        "due timers",
        "readers and timers behind callbacks",
        "a reader that is replaced while it is ready",
    ],
)
def test_the_order_is_that_of_the_stock_loop(run_script, program, before):
    def outcome(run):
        result = run_script(
            f"import asyncio, os, struct, time\n{before}{run}{program}print(outcomes)"
        )
        assert result.stderr == ""
        return result.stdout

    assert outcome("import gawait; run = gawait.run") == outcome("run = asyncio.run")


# GLib in the same thread ----------------------------------------------------------


def test_what_glib_dispatches_may_use_the_loop_and_wakes_it_at_once(run):
    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        GLib.idle_add(lambda: future.set_result("from an idle"))
        assert await future == "from an idle"

        called = asyncio.Event()
        GLib.timeout_add(1, lambda: loop.call_soon(called.set) and False)
        await called.wait()

        async def work():
            await asyncio.sleep(0.001)
            return "from a task"

        created = loop.create_future()
        GLib.idle_add(lambda: created.set_result(asyncio.create_task(work())))
        assert await (await created) == "from a task"

    run(main())


def test_nested_iteration_in_a_callback_runs_no_other_callback(loop):
    order = []

    def outer():
        order.append("begin")
        loop.call_soon(order.append, "soon")
        loop.call_later(0, order.append, "timer")
        iterate()
        order.append("end")

    loop.call_soon(outer)
    loop.call_soon(order.append, "sibling")
    loop.call_later(0.02, loop.stop)
    loop.run_forever()
    assert order[:2] == ["begin", "end"]
    assert sorted(order[2:]) == ["sibling", "soon", "timer"]
    assert order.index("sibling") < order.index("soon")


def test_nested_iteration_in_a_task_runs_no_other_task(run):
    async def main():
        order = []

        async def other():
            order.append("other")

        task = asyncio.create_task(other())
        iterate()
        assert order == []
        await task
        assert order == ["other"]

    run(main())


def test_a_main_loop_run_inside_a_task_runs_the_other_tasks(run):
    async def main():
        me = asyncio.current_task()
        main_loop = GLib.MainLoop()
        seen = []

        async def other():
            await asyncio.sleep(0.001)
            seen.append(asyncio.current_task())
            main_loop.quit()

        task = asyncio.create_task(other())
        main_loop.run()
        assert seen == [task] and asyncio.current_task() is me
        await task

    run(main())


def test_paused_keeps_callbacks_from_running(loop):
    order = []

    def from_glib():
        loop.call_soon(order.append, "soon")
        with loop.paused():
            iterate()
            order.append("paused")
        iterate()
        loop.stop()

    GLib.idle_add(from_glib)
    loop.run_forever()
    assert order == ["paused", "soon"]


def test_stop_quits_a_nested_main_loop(loop):
    order = []

    def nested():
        loop.call_later(0.001, loop.stop)
        GLib.MainLoop().run()
        order.append("left")

    loop.call_soon(nested)
    loop.run_forever()
    assert order == ["left"]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_an_exit_in_nested_main_loops_leaves_all_of_them(loop, depth):
    left = []

    def leave():
        raise SystemExit(3)

    def nested(depth):
        if depth > 1:
            loop.call_soon(nested, depth - 1)
        else:
            loop.call_later(0.001, leave)
        GLib.MainLoop().run()
        left.append(depth)

    loop.call_soon(nested, depth)
    with pytest.raises(SystemExit, match="3"):
        loop.run_forever()
    assert left == list(range(1, depth + 1))


def test_running_serves_who_iterates_the_context_by_himself(loop):
    order = []
    with loop.running(lambda: order.append("quit")):
        assert asyncio.get_running_loop() is loop
        asyncio.ensure_future(asyncio.sleep(0)).add_done_callback(lambda _: loop.stop())
        while "quit" not in order:
            iteration(True)
    assert not loop.is_running()


# Priorities -----------------------------------------------------------------------


def test_callbacks_run_by_priority(loop):
    order = []
    loop.call_soon(order.append, "low", priority=GLib.PRIORITY_LOW)
    loop.call_soon(order.append, "default")
    loop.call_soon(order.append, "high", priority=GLib.PRIORITY_HIGH)
    loop.call_soon(loop.stop, priority=GLib.PRIORITY_LOW)
    loop.run_forever()
    assert order == ["high", "default", "low"]


def test_tasks_run_by_priority_and_hand_it_on(run):
    async def priority_here():
        return gawait.priority.get()

    async def main():
        assert gawait.priority.get() == GLib.PRIORITY_DEFAULT
        order = []

        async def work(name):
            await asyncio.sleep(0)
            order.append(name)

        async def parent():
            assert gawait.priority.get() == GLib.PRIORITY_LOW
            task = gawait.create_task(priority_here(), priority=GLib.PRIORITY_DEFAULT)
            assert await task == GLib.PRIORITY_DEFAULT
            await asyncio.gather(work("child of low"))

        loop = asyncio.get_running_loop()
        low = gawait.create_task(parent(), priority=GLib.PRIORITY_LOW)
        default = asyncio.create_task(work("default"))
        high = loop.create_task(work("high"), priority=GLib.PRIORITY_HIGH)
        await asyncio.gather(low, default, high)
        assert order == ["high", "default", "child of low"]

    run(main())


def test_a_callback_has_the_priority_that_it_is_given_and_not_its_tasks(run):
    async def main():
        loop = asyncio.get_running_loop()
        order = []
        loop.call_soon(order.append, "inherits")
        loop.call_soon(order.append, "given", priority=GLib.PRIORITY_DEFAULT)
        while len(order) < 2:
            await asyncio.sleep(0)
        return order

    async def start():
        return await gawait.create_task(main(), priority=GLib.PRIORITY_LOW)

    assert run(start()) == ["given", "inherits"]


@pytest.mark.parametrize("create_task", ["gawait", "loop"])
def test_a_wrong_priority_of_a_task_is_named(run, create_task):
    async def main():
        create = gawait.create_task
        if create_task == "loop":
            create = asyncio.get_running_loop().create_task
        work = asyncio.sleep(0)
        with pytest.raises(TypeError, match="'priority'.*not str"):
            create(work, priority="low")
        with pytest.raises(OverflowError, match="'priority'"):
            create(work, priority=1 << 31)
        await work

    run(main())


def test_a_wrong_priority_in_a_context_is_named(run):
    async def main():
        await gawait.create_task(asyncio.sleep(0), priority=GLib.PRIORITY_LOW)
        gawait.priority.set("low")
        with pytest.raises(TypeError, match="gawait.priority.*not str"):
            asyncio.get_running_loop().call_soon(print)
        gawait.priority.set(GLib.PRIORITY_DEFAULT)

    run(main())


def test_a_background_task_that_fails_is_reported_when_it_does(loop, reports):
    async def fail():
        await asyncio.sleep(0)
        raise ValueError("on purpose")

    async def main():
        task = gawait.create_background_task(fail(), name="shows")
        await asyncio.wait([task])
        assert [str(each["exception"]) for each in reports] == ["on purpose"]
        return task

    task = loop.run_until_complete(main())
    assert reports[0]["task"] is task and "shows" in reports[0]["message"]
    del task
    gc.collect()
    assert len(reports) == 1


def test_a_background_task_is_kept_until_it_has_ended(loop, reports):
    async def wait():
        await loop.create_future()  # which nobody else has

    async def main():
        tasks = [gawait.create_background_task(wait(), priority=GLib.PRIORITY_LOW)]
        gone = weakref.ref(tasks.pop())
        await asyncio.sleep(0.01)
        gc.collect()
        assert gone() is not None
        gone().cancel()
        await asyncio.sleep(0.01)
        gc.collect()
        assert gone() is None

    loop.run_until_complete(main())
    assert reports == []


def test_a_loop_runs_along_in_its_with_statement(loop):
    loop.run_until_complete(asyncio.sleep(0))
    newer = gawait.new_event_loop()
    newer.run_until_complete(asyncio.sleep(0))
    main_loop = GLib.MainLoop()
    seen = []

    async def main():
        seen.append(asyncio.get_running_loop())
        main_loop.quit()

    with loop as entered, loop:
        assert entered is loop and not loop.is_running()
        task = loop.create_task(main())
        main_loop.run()
        assert loop.run_until_complete(asyncio.sleep(0.001, "slept")) == "slept"
    assert task.done() and seen == [loop]
    assert gawait.EventLoop.of_context(loop._context) is newer
    newer.close()


def test_the_context_of_a_loop_is_the_thread_default_one_in_its_with_statement():
    context = GLib.MainContext.new()
    loop = gawait.EventLoop(context)
    with loop:
        assert GLib.MainContext.get_thread_default() == context
        with pytest.raises(ZeroDivisionError), loop:
            1 / 0
        assert GLib.MainContext.get_thread_default() == context
    assert GLib.MainContext.get_thread_default() is None
    assert not loop.is_closed()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"), loop:
        pass


def test_a_loop_is_not_entered_where_another_one_runs(run):
    async def main():
        other = gawait.new_event_loop()
        with pytest.raises(RuntimeError, match="another event loop"), other:
            pass
        other.close()

    run(main())


# Signals --------------------------------------------------------------------------


def test_a_signals_python_handler_runs_while_the_loop_blocks(loop):
    seen = []

    def handle(number, frame):
        seen.append(number)
        loop.stop()

    previous = signal.signal(signal.SIGUSR1, handle)
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        loop.run_forever()
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert seen == [signal.SIGUSR1]


def test_ctrl_c_cancels_the_main_task_as_asyncio_runner_wants_it(run_script):
    result = run_script(
        """
import asyncio, gawait, os, signal, threading

async def main():
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        print("cancelled")
        raise

try:
    gawait.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""
    )
    assert result.stdout == "cancelled\ninterrupted\n" and result.stderr == ""


# The end --------------------------------------------------------------------------


def test_a_closed_loop_refuses_and_says_so(loop):
    loop.close()
    loop.close()
    for call in (loop.call_soon, loop.call_soon_threadsafe):
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            call(print)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.call_later(0, print)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.run_forever()


def test_a_loop_may_be_closed_with_all_kinds_of_work_in_it():
    loop = gawait.new_event_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        loop.add_reader(ours, print)
        loop.call_soon(print, "soon")
        loop.call_soon(print, "low", priority=GLib.PRIORITY_LOW)
        loop.call_later(0, print, "timer")
        loop.call_soon(loop.stop)
        loop.stop()
        iterate()
        loop.close()
        iterate()


def test_a_loop_that_nobody_holds_is_collected_with_its_callbacks():
    loop = gawait.new_event_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        loop.call_soon(loop.stop)
        loop.call_later(100, loop.stop)
        loop.add_reader(ours, loop.stop)
        gone = weakref.ref(loop)
        with pytest.warns(ResourceWarning, match="unclosed event loop"):
            del loop
            gc.collect()
        assert gone() is None


def test_a_loop_can_be_used_after_a_fork(run_script):
    result = run_script(
        """
import asyncio, gawait, os

async def main():
    await asyncio.sleep(0.001)
    child = os.fork()
    if child == 0:
        asyncio._set_running_loop(None)
        async def in_child():
            await asyncio.sleep(0.01)
            await asyncio.get_running_loop().run_in_executor(None, int)
            return 7
        os._exit(gawait.run(in_child()))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

print(gawait.run(main()))
"""
    )
    assert result.stdout == "7\n", result.stderr


def test_the_interpreter_may_exit_with_tasks_pending(run_script):
    result = run_script(
        """
import asyncio, gawait

async def forever():
    await asyncio.sleep(1000)

loop = gawait.new_event_loop()
task = loop.create_task(forever())
loop.call_soon(loop.stop)
loop.call_later(1000, print)
loop.run_forever()
"""
    )
    assert result.returncode == 0
    assert "Fatal" not in result.stderr and "CRITICAL" not in result.stderr


@pytest.mark.parametrize("context", ("", "GLib.MainContext.new()"))
def test_a_loop_that_is_left_open_at_the_end_of_the_interpreter_says_nothing(
    run_script, context
):
    result = run_script(
        f"""
import gawait
from gi.repository import GLib

loop = gawait.EventLoop({context})
"""
    )
    assert result.stderr == ""


# Ways to run ----------------------------------------------------------------------


def test_a_policy_is_the_policy_in_its_with_statement(run_script):
    ended = run_script(
        """
import asyncio, gawait, warnings
from gi.repository import Gio, GLib
warnings.simplefilter("ignore", DeprecationWarning)

before = asyncio.get_event_loop_policy()
policy = gawait.EventLoopPolicy()
with policy as entered:
    assert entered is policy is asyncio.get_event_loop_policy()
    loop = policy.get_event_loop()
    assert type(loop) is gawait.EventLoop and loop is policy.get_event_loop()
    assert loop.run_until_complete(asyncio.sleep(0.001, "slept")) == "slept"

    application = Gio.Application()
    seen = []

    def activate(application):
        application.hold()
        application.task = asyncio.create_task(quit_soon())

    async def quit_soon():
        await asyncio.sleep(0.001)
        seen.append(asyncio.get_running_loop())
        application.quit()

    application.connect("activate", activate)
    application.run()
    assert seen == [loop]
    with policy:
        pass
    assert not loop.is_closed()
assert loop.is_closed() and asyncio.get_event_loop_policy() is before
with policy:
    assert policy.get_event_loop() is not loop
"""
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_nest_asyncio_is_refused(run_script):
    ended = run_script(
        """
import asyncio, gawait, nest_asyncio

async def main():
    try:
        nest_asyncio.apply()
    except RuntimeError as error:
        print(error)
    return await asyncio.sleep(0.001, "slept")

print(gawait.run(main()))
"""
    )
    refusal, result = ended.stdout.splitlines()
    assert refusal.startswith("nest_asyncio cannot change gawait's event loop")
    assert (result, ended.stderr) == ("slept", "")


@pytest.mark.parametrize("debug", [False, True])
def test_a_nested_run_is_refused_and_nothing_else(run, recwarn, debug):
    async def main():
        with pytest.raises(RuntimeError, match="running event loop"):
            gawait.run(asyncio.sleep(1), debug=debug)
        gc.collect()

    run(main())
    assert [each for each in recwarn if "never awaited" in str(each.message)] == []


def test_a_run_on_a_context_that_is_taken_is_refused_and_nothing_else(recwarn):
    context = GLib.MainContext.new()
    owned, over = threading.Event(), threading.Event()

    def own():
        context.acquire()
        owned.set()
        over.wait()
        context.release()

    thread = threading.Thread(target=own)
    thread.start()
    owned.wait()
    with pytest.raises(RuntimeError, match="iterated by another thread"):
        gawait.run(asyncio.sleep(1), context=context)
    over.set()
    thread.join()
    gc.collect()
    assert [each for each in recwarn if "never awaited" in str(each.message)] == []


def test_the_factory_of_asyncio_runner(run_script):
    async def main():
        assert type(asyncio.get_running_loop()) is gawait.EventLoop
        return 5

    with asyncio.Runner(loop_factory=gawait.EventLoop) as runner:
        assert runner.run(main()) == 5


@pytest.mark.skipif(sys.version_info < (3, 12), reason="new in Python 3.12")
def test_the_factory_of_asyncio_run():
    async def main():
        return type(asyncio.get_running_loop())

    assert asyncio.run(main(), loop_factory=gawait.EventLoop) is gawait.EventLoop


@pytest.mark.skipif(sys.version_info >= (3, 16), reason="Python has no policies any more")
def test_the_policy_serves_asyncio_run(run_script):
    result = run_script(
        """
import asyncio, gawait, warnings
warnings.simplefilter("ignore", DeprecationWarning)
asyncio.set_event_loop_policy(gawait.EventLoopPolicy())

async def main():
    assert type(asyncio.get_running_loop()) is gawait.EventLoop
    process = await asyncio.create_subprocess_exec("true")
    return await process.wait()

print(asyncio.run(main()))
"""
    )
    assert (result.stdout, result.stderr) == ("0\n", "")


def test_install_serves_asyncio_run_and_warns_nobody(run_script):
    result = run_script(
        """
import warnings
warnings.simplefilter("error", DeprecationWarning)
import asyncio, gawait
gawait.install()

async def main():
    assert type(asyncio.get_running_loop()) is gawait.EventLoop
    p = await asyncio.create_subprocess_exec("true")
    assert await p.wait() == 0

asyncio.run(main())
loop = asyncio.new_event_loop()
assert type(loop) is gawait.EventLoop
loop.close()
"""
    )
    assert result.returncode == 0, result.stderr


def test_references_do_not_leak(run, count_objects):
    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(asyncio.sleep(0.0001 * (index % 3)) for index in range(100)))
        loop.call_later(100, print).cancel()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await loop.create_future()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            receiving = asyncio.create_task(loop.sock_recv(ours, 10))
            await asyncio.sleep(0)
            theirs.send(b"x")
            await receiving

    kinds = (asyncio.Future, asyncio.Task, gawait.EventLoop, gawait.Handle, contextvars.Context)
    run(main())
    before = [count_objects(kind) for kind in kinds]
    for _ in range(20):
        run(main())
    assert [count_objects(kind) for kind in kinds] == before
