"""asyncio's debug mode tells on a loop of ours what it tells on asyncio's own."""

import asyncio
import gc
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
import warnings

import pytest

import gawait
from gi.repository import Gio, GLib, GObject

HERE = os.path.basename(__file__)
THRESHOLD = 0.01


class Log(logging.Handler):
    """What the logger of asyncio and the module of warnings have told, without what is different
    from run to run: of what is made in a package, where it is made."""

    def __init__(self):
        super().__init__()
        self.lines = []
        self.texts = []

    def emit(self, record):
        self.tell(record.getMessage())

    def tell(self, text):
        self.texts.append(text)
        text = text.splitlines()[0].replace(__file__, HERE)
        text = re.sub(r"created at (?!debug_mode_test.py)[^>]*?:\d+", "created elsewhere", text)
        text = re.sub(r"_?(Selector|Unix|Stream)(Socket)?(Read|Datagram)?Transport", "T", text)
        text = re.sub(r"\b(took|when=|fd=|0x)\s*[0-9a-f.]+", r"\1N", text)
        self.lines.append(text.replace("ReadPipeT", "T").replace("T.", "Transport."))

    def about(self, *words):
        """Those with each of the words. A busy machine makes others slow as well."""
        return [each for each in self.lines if all(word in each for word in words)]


def told_by(factory, main, *arguments):
    log = Log()
    logger = logging.getLogger("asyncio")
    logger.addHandler(log)
    try:
        with (
            warnings.catch_warnings(record=True) as warned,
            asyncio.Runner(debug=True, loop_factory=factory) as runner,
        ):
            warnings.simplefilter("always")
            loop = runner.get_loop()
            loop.slow_callback_duration = THRESHOLD
            runner.run(main(loop, *arguments))
            gc.collect()
    finally:
        logger.removeHandler(log)
    for each in warned:
        log.tell(f"{each.category.__name__}: {each.message}")
    return log


@pytest.fixture(params=[asyncio.SelectorEventLoop, gawait.EventLoop], ids=["stock", "ours"])
def told(request):
    """What a coroutine function has asyncio tell, which is called with the loop: in one test
    asyncio's, in another ours."""
    return lambda main, *arguments: told_by(request.param, main, *arguments)


@pytest.fixture
def told_here():
    """The same on our loop alone."""
    return lambda main, *arguments: told_by(gawait.EventLoop, main, *arguments)


def block(*_):
    time.sleep(2 * THRESHOLD)


async def block_in_task(*_):
    block()


async def rounds():
    for _ in range(10):
        await asyncio.sleep(0.001)


# What is slow ---------------------------------------------------------------------


async def a_callback(loop):
    loop.call_soon(block, 1, "two")


async def a_timer(loop):
    loop.call_later(0.001, block)


async def a_callback_of_another_thread(loop):
    await asyncio.to_thread(loop.call_soon_threadsafe, block)


async def a_done_callback(loop):
    future = asyncio.Future(loop=loop)
    future.add_done_callback(block)
    future.set_result(None)


async def a_signal_handler(loop):
    loop.add_signal_handler(signal.SIGUSR1, block)
    os.kill(os.getpid(), signal.SIGUSR1)


async def a_task(loop):
    await asyncio.create_task(block_in_task(), name="the task")


async def a_handle_that_is_cancelled_meanwhile(loop):
    def block_and_cancel(*_):
        block()
        handle.cancel()

    handle = loop.call_soon(block_and_cancel, 1)


async def a_step_that_an_await_resumes(loop):
    future = asyncio.Future(loop=loop)

    async def wait():
        await future
        block()

    task = asyncio.create_task(wait(), name="the task")
    await asyncio.sleep(0)
    future.set_result(None)
    await task


@pytest.mark.parametrize(
    "work, words, says",
    [
        (a_callback, ["block("], "<Handle block(1, 'two') at"),
        (a_timer, ["block("], "<TimerHandle when=N block() at"),
        (a_callback_of_another_thread, ["block("], "Handle block() at"),
        (a_done_callback, ["block("], "<Handle block(<Future finis"),
        (a_signal_handler, ["block("], "<Handle block() at"),
        (a_task, ["the task"], "<Task finished name='the task' coro=<block_in_task() done"),
        (
            a_handle_that_is_cancelled_meanwhile,
            ["block_and_cancel"],
            "<Handle cancelled a_handle_that_is_cancelled_meanwhile.<locals>.block_and_cancel(1)",
        ),
        (a_step_that_an_await_resumes, ["the task"], "<Task finished name='the task'"),
    ],
)
def test_what_is_slow_is_logged_by_name(told, work, words, says):
    async def main(loop):
        await work(loop)
        await rounds()
        loop.remove_signal_handler(signal.SIGUSR1)

    lines = told(main).about("Executing", *words)
    assert any(says in line for line in lines), lines
    assert all(" created " in line and line.endswith(" tookN seconds") for line in lines)


class Blocking(asyncio.Protocol):
    def connection_made(self, transport):
        block()

    def data_received(self, data):
        block()


def test_what_is_slow_of_a_protocol_is_logged_by_name(told):
    async def main(loop):
        near, far = socket.socketpair()
        with far:
            transport, _ = await loop.create_connection(Blocking, sock=near)
            far.send(b"x")
            await rounds()
            transport.close()
            await rounds()

    log = told(main)
    assert log.about("Executing", "Blocking.connection_made(")
    assert log.about("Executing", "Transport._read_ready()")


def test_nothing_is_logged_of_what_is_quicker_than_slow_callback_duration(told):
    async def main(loop):
        loop.slow_callback_duration = 3600
        loop.call_soon(block)
        await rounds()

    assert told(main).about("Executing") == []


class Emitter(GObject.Object):
    __gsignals__ = {"one": (GObject.SignalFlags.RUN_LAST, None, ())}


def test_a_slow_handler_of_a_signal_is_logged_by_the_name_of_its_function(told_here):
    async def main(loop):
        emitter = Emitter()
        emitter.connect("one", block_in_task)
        emitter.emit("one")
        await rounds()

    assert told_here(main).about("Executing", "<Task finished name='block_in_task'")


def test_a_slow_function_that_finishes_an_operation_is_logged_with_where_that_began(told_here):
    callbacks = []

    def slow_finish(result):
        block()
        return result

    async def main(loop):
        operation = gawait.call(
            lambda cancellable, callback: callbacks.append(callback), finish=slow_finish
        )
        GLib.idle_add(lambda: callbacks.pop()(None, "result"))
        assert await operation == "result"

    (line,) = told_here(main).about("Executing", "slow_finish()")
    assert re.search(r"slow_finish\(\) at .* of <Operation pending .* created ", line)
    assert line.endswith(" tookN seconds")


def test_what_a_slow_finish_function_raises_comes_out(told_here):
    callbacks = []

    def slow_finish(result):
        block()
        raise LookupError("nothing")

    async def main(loop):
        operation = gawait.call(
            lambda cancellable, callback: callbacks.append(callback), finish=slow_finish
        )
        GLib.idle_add(lambda: callbacks.pop()(None, "result"))
        with pytest.raises(LookupError, match="nothing"):
            await operation

    assert len(told_here(main).about("Executing", "slow_finish()")) == 1


def test_an_operation_that_a_plan_finishes_works_in_debug_mode(told_here):
    async def main(loop):
        loop.slow_callback_duration = 0
        info = await Gio.File.new_for_path("/").query_info_async("standard::type", 0, 0)
        assert info.get_file_type() == Gio.FileType.DIRECTORY

    assert told_here(main).about("Executing", " of <Operation ")


# Reports ----------------------------------------------------------------------------


def test_a_report_says_where_the_handle_was_created_that_runs(told):
    async def main(loop):
        loop.call_soon(loop.call_exception_handler, {"message": "a report"})
        await rounds()
        loop.call_exception_handler({"message": "another one"})

    first, second = (
        each for each in told(main).texts if each.startswith(("a report", "another one"))
    )
    assert "handle_traceback: Handle created at (most recent call last):" in first
    assert first.rstrip().endswith(
        'loop.call_soon(loop.call_exception_handler, {"message": "a report"})'
    )
    assert "handle_traceback: Handle created at" in second


def test_no_handle_is_the_current_one_once_it_has_run(told):
    loops = []

    async def remember(loop):
        loops.append(loop)
        await rounds()

    told(remember)
    assert loops[0]._current_handle is None


def test_a_cancelled_handle_shows_what_it_was_for(told):
    async def main(loop):
        handle, timer = loop.call_soon(block, 1), loop.call_later(5, block, 2)
        handle.cancel()
        timer.cancel()
        logging.getLogger("asyncio").warning("%r", handle)
        logging.getLogger("asyncio").warning("%r", timer)

    handle, timer = told(main).about("block")
    assert handle.startswith(f"<Handle cancelled block(1) at {HERE}:")
    assert re.match(rf"<TimerHandle cancelled when=N block\(2\) at {HERE}:", timer)
    assert handle.count(f"created at {HERE}:") == timer.count(f"created at {HERE}:") == 1


def test_a_task_destroyed_while_it_is_pending_is_told_with_where_it_was_created(told):
    async def main(loop):
        async def never():
            await loop.create_future()

        task = asyncio.create_task(never(), name="the task")
        await rounds()
        del task
        gc.collect()

    begin = "Task was destroyed but it is pending!"
    (text,) = (each for each in told(main).texts if each.startswith(begin))
    assert "name='the task' coro=<" in text and f'{__file__}", line' in text


def failing_future(loop):
    asyncio.Future(loop=loop).set_exception(ValueError("nobody looks"))


def failing_task(loop):
    async def fail():
        raise ValueError("nobody looks")

    asyncio.create_task(fail())


@pytest.mark.parametrize("work", [failing_future, failing_task])
def test_an_exception_that_nobody_retrieves_is_told_with_where_it_comes_from(told, work):
    async def main(loop):
        work(loop)
        await rounds()
        gc.collect()

    (text,) = (each for each in told(main).texts if "never retrieved" in each)
    assert "source_traceback: Object created at" in text and __file__ in text


@pytest.mark.parametrize("kind", ["coroutine", "socket"])
def test_what_is_never_awaited_is_told_with_where_it_was_created(told, kind):
    async def main(loop):
        near, far = socket.socketpair()
        with near, far:
            near.setblocking(False)
            block_in_task() if kind == "coroutine" else loop.sock_recv(near, 1)

    (text,) = (each for each in told(main).texts if "never awaited" in each)
    assert "Coroutine created at (most recent call last)" in text
    assert text.endswith("else loop.sock_recv(near, 1)")


@pytest.mark.parametrize(
    "options", [{}, {"priority": GLib.PRIORITY_LOW}], ids=["plain", "priority"]
)
def test_a_task_says_the_line_that_created_it(told_here, options):
    async def main(loop):
        task = loop.create_task(block_in_task(), **options)
        created = task._source_traceback[-1]
        assert created.filename == __file__
        assert created.line == "task = loop.create_task(block_in_task(), **options)"
        await task

    told_here(main)


@pytest.mark.parametrize("kind", ["stream", "pipe", "datagram"])
def test_a_transport_that_was_not_closed_is_warned_of(told, kind):
    async def main(loop):
        near, far = socket.socketpair()
        reading, writing = os.pipe()
        if kind == "stream":
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
            await asyncio.sleep(0)
            transport.pause_reading()
        elif kind == "pipe":
            transport, _ = await loop.connect_read_pipe(
                asyncio.Protocol, os.fdopen(os.dup(reading), "rb", 0)
            )
            await asyncio.sleep(0)
            transport.pause_reading()
        else:
            transport, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
            )
            await asyncio.sleep(0)
            loop._remove_reader(transport.get_extra_info("socket").fileno())
        del transport
        gc.collect()
        near.close()
        far.close()
        os.close(reading)
        os.close(writing)

    assert len(told(main).about("ResourceWarning: unclosed transport <")) == 1


@pytest.mark.parametrize("factory", [asyncio.SelectorEventLoop, gawait.EventLoop])
def test_a_loop_that_was_not_closed_is_warned_of(factory):
    with pytest.warns(ResourceWarning, match="unclosed event loop <"):
        factory()
        gc.collect()


# What is wrong ----------------------------------------------------------------------


@pytest.mark.parametrize("call", ["call_soon", "call_later", "call_at", "set_result"])
def test_another_thread_is_refused(told, call):
    async def main(loop):
        future = loop.create_future()
        future.add_done_callback(print)
        calls = {
            "call_soon": lambda: loop.call_soon(print),
            "call_later": lambda: loop.call_later(1, print),
            "call_at": lambda: loop.call_at(1, print),
            "set_result": lambda: future.set_result(None),
        }
        errors = []

        def attempt():
            with pytest.raises(RuntimeError) as caught:
                calls[call]()
            errors.append(str(caught.value))

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        assert errors == [
            "Non-thread-safe operation invoked on an event loop other than the current one"
        ]

    told(main)


@pytest.mark.parametrize("call", ["call_soon", "call_soon_threadsafe", "call_at"])
def test_a_coroutine_function_is_no_callback(told, call):
    async def main(loop):
        arguments = [1] if call == "call_at" else []
        with pytest.raises(TypeError, match=rf"coroutines cannot be used with {call}\(\)"):
            getattr(loop, call)(*arguments, block_in_task)

    told(main)


# Being in it ------------------------------------------------------------------------

IN_DEBUG_MODE = """
import asyncio, sys
import gawait

async def main():
    return asyncio.get_running_loop().get_debug(), sys.get_coroutine_origin_tracking_depth() > 0

print(*gawait.run(main()), *asyncio.run(main()))
"""


@pytest.mark.parametrize("variable", ["PYTHONASYNCIODEBUG", "PYTHONDEVMODE"])
def test_the_environment_may_ask_for_it(run_script, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")  # the latter is what -X dev sets
    result = run_script(IN_DEBUG_MODE)
    assert result.stdout.split() == ["True"] * 4, result.stderr


def test_it_is_not_asked_for_by_default(run_script):
    assert run_script(IN_DEBUG_MODE).stdout.split() == ["False"] * 4


def test_where_coroutines_begin_is_tracked_while_it_lasts(told):
    async def main(loop):
        depths = []
        for debug in (True, False, True):
            loop.set_debug(debug)
            await rounds()
            depths.append(sys.get_coroutine_origin_tracking_depth() > 0)
        assert depths == [True, False, True]

    told(main)
    assert sys.get_coroutine_origin_tracking_depth() == 0
