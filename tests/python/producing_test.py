"""Coroutines as _async/_finish pairs."""

import asyncio
import collections
import ctypes
import enum
import gc
import os
import random
import socket
import subprocess
import threading
import weakref

import pytest

import gawait
from gi.repository import Gio, GLib, GObject


class Stopped(Exception):
    pass


class Counter(GObject.Object):
    """Its pairs do what tests want to see."""

    def __init__(self):
        super().__init__()
        self.begun = 0
        self.cleaned = []
        self.never = asyncio.Event()

    @gawait.async_method
    async def add(self, one, two=1):
        """Add."""
        return one + two

    @gawait.async_method
    async def nothing(self):
        pass

    @gawait.async_method
    async def echo(self, value):
        return value

    @gawait.async_method
    async def wait(self):
        self.begun += 1
        try:
            await self.never.wait()
        finally:
            await asyncio.sleep(0)
            self.cleaned.append("cleaned")

    @gawait.async_method
    async def swallow(self):
        with pytest.raises(asyncio.CancelledError):
            await self.never.wait()
        return "a value all the same"

    @gawait.async_method
    async def fail(self, error):
        raise error

    @gawait.async_method
    async def wake(self, times):
        for _ in range(times):
            await asyncio.sleep(0.001)

    @gawait.async_method
    async def priority(self):
        return gawait.priority.get()


class Call:
    """A callback that counts, and what it was given."""

    def __init__(self):
        self.results = []
        self.called = asyncio.Event()

    def __call__(self, source, result, *user_data):
        self.results.append((source, result, user_data))
        self.thread = threading.get_ident()
        self.called.set()

    async def result(self):
        await asyncio.wait_for(self.called.wait(), 60)
        await asyncio.sleep(0.01)
        ((_, result, _),) = self.results
        return result


def iterate_until(condition, context=None):
    context = context or GLib.MainContext.default()
    while not condition():
        context.iteration(True)


def io_error(code, message="message"):
    return GLib.Error.new_literal(Gio.io_error_quark(), message, code)


def is_cancelled(error):
    return error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)


# The pair -----------------------------------------------------------------------------


def test_the_callback_gets_source_result_and_user_data_and_finish_returns_the_value(run):
    async def main():
        counter, call = Counter(), Call()
        assert counter.add_async(40, 2, 0, None, call, "one", 2) is None
        assert not call.results
        result = await call.result()
        assert isinstance(result, Gio.Task)
        assert call.results[0][0] is counter and call.results[0][2] == ("one", 2)
        assert result.get_source_object() is counter
        return counter.add_finish(result)

    assert run(main()) == 42


def test_what_the_pair_takes_may_be_named_and_left_out(run):
    async def main():
        counter, call = Counter(), Call()
        counter.add_async(two=1, one=1, callback=call, priority=GLib.PRIORITY_LOW)
        assert counter.add_finish(await call.result()) == 2

    run(main())


def test_the_coroutine_itself_stays_a_method(run):
    assert run(Counter().add(1)) == 2
    assert Counter.add.__doc__ == "Add."


def test_without_a_callback_it_is_awaited(run):
    async def main():
        return await Counter().add_async(1, 2)

    assert run(main()) == 3


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -(2**40),
        2**80,
        1.5,
        "text",
        "\ud800",
        "a\0b",
        b"a\0b",
        ["list"],
        object(),
    ],
    ids=lambda value: "object()" if type(value) is object else repr(value),
)
def test_a_value_comes_out_as_it_went_in(run, value):
    async def main():
        return await Counter().echo_async(value)

    result = run(main())
    assert result == value and type(result) is type(value)


def test_objects_boxed_values_and_variants_come_out_as_they_went_in(run):
    async def main():
        counter = Counter()
        assert await counter.echo_async(counter) is counter
        assert (await counter.echo_async(GLib.Bytes.new(b"x"))).get_data() == b"x"
        assert (await counter.echo_async(GLib.Variant("(is)", (1, "a")))).unpack() == (1, "a")
        assert await counter.echo_async(Gio.IOErrorEnum.BUSY) == Gio.IOErrorEnum.BUSY

    run(main())


def test_an_object_that_was_never_initialised_comes_out_as_it_went_in(run):
    class Empty(GObject.Object):
        def __init__(self):
            pass

    async def main():
        empty = Empty()
        assert await Counter().echo_async(empty) is empty

    run(main())


@pytest.mark.parametrize(
    "value, type_name",
    [
        (True, "gboolean"),
        (-(2**40), "gint64"),
        (1.5, "gdouble"),
        ("text", "gchararray"),
        (Gio.IOErrorEnum.BUSY, "GIOErrorEnum"),
        (GLib.Bytes.new(b"x"), "GBytes"),
        (GLib.Variant("s", "x"), "GVariant"),
        (Gio.Cancellable(), "GCancellable"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_c_code_finds_the_value_in_the_task(run, value, type_name):
    class Taking:
        def __call__(self, source, result):
            taken = ctypes.create_string_buffer(24)  # a GValue
            took = gio.g_task_propagate_value(ctypes.c_void_p(hash(result)), taken, None)
            self.came = took, gio.g_type_name(ctypes.c_size_t.from_buffer(taken))
            gio.g_value_unset(taken)

    gio = ctypes.CDLL("libgio-2.0.so.0")
    gio.g_type_name.restype = ctypes.c_char_p

    async def main():
        counter, taking, call = Counter(), Taking(), Call()
        counter.echo_async(value, callback=lambda *all: (taking(*all), call(*all)))
        await call.result()
        return taking.came

    assert run(main()) == (1, type_name.encode())


def test_gawait_call_starts_it_like_any_other(run):
    async def main():
        counter = Counter()
        start = lambda cancellable, callback: counter.add_async(1, 2, 0, cancellable, callback)
        return await gawait.call(start, finish=counter.add_finish)

    assert run(main()) == 3


def test_a_subclass_overrides_what_runs(run):
    class Doubling(Counter):
        async def add(self, one, two=1):
            return 2 * await super().add(one, two)

    async def main():
        return await Doubling().add_async(1, 2)

    assert run(main()) == 6


def test_the_priority_is_that_of_the_task_and_of_the_callback(run):
    async def main():
        counter, call = Counter(), Call()
        counter.priority_async(GLib.PRIORITY_LOW, None, call)
        result = await call.result()
        assert result.get_priority() == GLib.PRIORITY_LOW
        assert counter.priority_finish(result) == GLib.PRIORITY_LOW

    run(main())


def test_arguments_that_do_not_fit_are_told_at_the_call(run):
    async def main():
        counter = Counter()
        with pytest.raises(TypeError, match="missing 1 required"):
            counter.add_async()
        with pytest.raises(TypeError, match="unexpected keyword"):
            counter.add_async(1, three=3)
        with pytest.raises(TypeError, match="callback"):
            counter.add_async(1, 2, 0, None, "no callable")
        with pytest.raises(TypeError, match="GCancellable"):
            counter.add_async(1, 2, 0, "no cancellable", Call())
        with pytest.raises(TypeError, match="multiple values"):
            counter.add_async(1, 2, 0, priority=1)
        with pytest.raises(TypeError, match=r"add_async\(\) argument 'priority'.*not str"):
            counter.add_async(1, 2, "high")
        with pytest.raises(OverflowError, match=r"add_async\(\) argument 'priority'"):
            counter.add_async(1, priority=1 << 31)
        with pytest.raises(TypeError, match="Counter"):
            Counter.add_async(Gio.Cancellable(), 1)

    run(main())


def test_what_cannot_be_a_pair_is_refused():
    with pytest.raises(TypeError, match="async def"):
        gawait.async_method(lambda self: None)
    with pytest.raises(TypeError, match="cancellable"):

        @gawait.async_method
        async def clash(self, cancellable):
            pass

    with pytest.raises((TypeError, RuntimeError)):

        class Plain:
            @gawait.async_method
            async def method(self):
                pass


# The contract ---------------------------------------------------------------------------


class Iterations(GLib.Source):
    """Counts the iterations of the default context."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.attach(None)

    def prepare(self):
        self.count += 1
        return False, -1

    def check(self):
        return False


@pytest.fixture
def iterations():
    source = Iterations()
    yield source
    source.destroy()


@pytest.mark.parametrize("how", ["at once", "raises", "cancelled before"])
def test_the_callback_comes_once_in_a_later_iteration(run, iterations, how):
    async def main():
        counter, call, cancellable = Counter(), Call(), Gio.Cancellable()
        began = iterations.count
        came = []

        def called(*all):
            came.append(iterations.count)
            call(*all)

        if how == "cancelled before":
            cancellable.cancel()
            finish = counter.wait_finish
            counter.wait_async(0, cancellable, called)
        elif how == "raises":
            finish = counter.fail_finish
            counter.fail_async(io_error(Gio.IOErrorEnum.BUSY), callback=called)
        else:
            finish = counter.add_finish
            counter.add_async(1, callback=called)
        for _ in range(10):  # rounds of the loop, which may be of one iteration
            assert iterations.count > began or not came
            await asyncio.sleep(0)
        result = await call.result()
        assert came[0] > began and counter.begun == 0
        if how == "at once":
            assert finish(result) == 2
            return
        with pytest.raises(GLib.Error) as caught:
            finish(result)
        code = Gio.IOErrorEnum.BUSY if how == "raises" else Gio.IOErrorEnum.CANCELLED
        assert caught.value.matches(Gio.io_error_quark(), code)

    run(main())


@pytest.mark.parametrize("fails", [False, True])
def test_the_task_says_what_it_is_and_is_complete_after_the_callback(run, fails):
    seen = []

    def called(counter, task, completed):
        task.connect("notify::completed", lambda task, _: completed.append(True))
        seen.append((task.get_completed(), task.had_error(), task.get_name()))

    async def main():
        counter, call, completed = Counter(), Call(), []
        ready = lambda source, result: (called(source, result, completed), call(source, result))
        if fails:
            counter.fail_async(io_error(1), callback=ready)
        else:
            counter.add_async(1, callback=ready)
        task = await call.result()
        assert completed == [True] and task.get_completed()
        assert seen == [(False, fails, "Counter.fail" if fails else "Counter.add")]

    run(main())


@pytest.mark.parametrize("where", ["in a loop", "where nobody runs one"])
def test_callbacks_come_in_the_order_of_the_priorities(run, where):
    counter, order = Counter(), []

    def start():
        for priority in (GLib.PRIORITY_DEFAULT, GLib.PRIORITY_LOW, GLib.PRIORITY_HIGH):
            counter.add_async(
                1,
                1,
                priority,
                None,
                lambda source, result, which: order.append(which),
                priority,
            )

    async def main():
        start()
        async with asyncio.timeout(60):
            while len(order) < 3:
                await asyncio.sleep(0.001)

    if where == "in a loop":
        run(main())
    else:
        start()
        iterate_until(lambda: len(order) == 3)
    assert order == [GLib.PRIORITY_HIGH, GLib.PRIORITY_DEFAULT, GLib.PRIORITY_LOW]


@pytest.mark.parametrize("times", [0, 2])
@pytest.mark.parametrize("where", ["in a loop", "where nobody runs one"])
def test_a_callback_does_not_come_before_what_is_ready_and_of_a_better_priority(
    run, where, times
):
    counter, call, others = Counter(), Call(), []
    better = GLib.Idle(priority=GLib.PRIORITY_DEFAULT_IDLE)
    better.set_callback(lambda *_: others.append(1) or GLib.SOURCE_CONTINUE)
    better.attach(None)

    def start():
        counter.wake_async(times, GLib.PRIORITY_LOW, None, call)

    async def main():
        start()
        while len(others) < 1000:
            await asyncio.sleep(0.001)
        assert not call.results
        better.destroy()
        await call.result()

    if where == "in a loop":
        run(main())
        return
    start()
    iterate_until(lambda: len(others) == 1000)
    assert not call.results
    better.destroy()
    iterate_until(lambda: call.results)


def test_it_comes_where_it_was_called_though_the_coroutine_worked_in_another_thread(run):
    class Working(GObject.Object):
        @gawait.async_method
        async def work(self):
            return await asyncio.to_thread(threading.get_ident)

    async def main():
        working, call = Working(), Call()
        working.work_async(callback=call)
        worker = working.work_finish(await call.result())
        assert call.thread == threading.get_ident() != worker

    run(main())


def test_the_object_lives_until_its_coroutine_has_ended(run):
    async def main():
        counter, call, cancellable = Counter(), Call(), Gio.Cancellable()
        seen = weakref.ref(counter)
        counter.wait_async(0, cancellable, call)
        del counter
        await asyncio.sleep(0.01)
        gc.collect()
        assert seen() is not None and not call.results
        cancellable.cancel()
        await call.result()
        call.results.clear()
        await asyncio.sleep(0.01)
        gc.collect()
        assert seen() is None

    run(main())


def test_it_comes_in_the_context_of_the_call():
    counter, call = Counter(), Call()
    context = GLib.MainContext()

    def other():
        context.push_thread_default()
        counter.add_async(1, callback=call)
        iterate_until(lambda: call.results, context)
        context.pop_thread_default()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert call.thread == thread.ident
    assert counter.add_finish(call.results[0][1]) == 2


def test_it_runs_where_nobody_runs_a_loop():
    counter, call = Counter(), Call()
    counter.add_async(1, callback=call)
    assert not call.results
    iterate_until(lambda: call.results)
    assert counter.add_finish(call.results[0][1]) == 2


def test_a_callback_that_fails_where_nobody_runs_a_loop_is_reported_by_its_name():
    class Starter(GObject.Object):
        @gawait.async_method
        async def start(self):
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda loop, report: reports.append(report))
            loop.call_soon(misbehave)
            await asyncio.sleep(0)
            loop.set_exception_handler(None)

    def misbehave():
        raise ValueError("bad")

    call, reports = Call(), []
    Starter().start_async(callback=call)
    iterate_until(lambda: call.results)
    (report,) = reports
    assert "misbehave()" in report["message"]
    assert str(report["exception"]) == "bad"


def test_a_thread_without_a_context_is_called_back_where_the_default_one_is_iterated(run):
    async def main():
        counter, call = Counter(), Call()
        await asyncio.to_thread(counter.add_async, 1, callback=call)
        assert counter.add_finish(await call.result()) == 2
        assert call.thread == threading.get_ident()

    run(main())


def test_so_it_is_where_nobody_runs_a_loop():
    counter, call = Counter(), Call()
    context = GLib.MainContext.default()
    assert context.acquire()
    thread = threading.Thread(target=counter.add_async, args=(1,), kwargs={"callback": call})
    thread.start()
    thread.join()
    assert not call.results
    iterate_until(lambda: call.results)
    context.release()
    assert counter.add_finish(call.results[0][1]) == 2
    assert call.thread == threading.get_ident()


def test_in_a_context_that_nobody_iterates_nothing_happens_until_somebody_does():
    counter, call, context = Counter(), Call(), GLib.MainContext()
    context.push_thread_default()
    counter.add_async(1, callback=call)
    context.pop_thread_default()
    while GLib.MainContext.default().iteration(False):
        pass
    assert not call.results
    iterate_until(lambda: call.results, context)
    assert counter.add_finish(call.results[0][1]) == 2


@pytest.mark.filterwarnings("ignore:coroutine 'Counter.echo' was never awaited")
def test_what_never_began_in_a_context_is_told_and_let_go_of_with_its_thread(caplog):
    class Value:
        pass

    def call_and_leave():
        context, value = GLib.MainContext(), Value()
        seen.append(weakref.ref(value))
        context.push_thread_default()
        Counter().echo_async(value, callback=call)
        context.pop_thread_default()

    call, seen = Call(), []
    thread = threading.Thread(target=call_and_leave)
    thread.start()
    thread.join()
    gc.collect()
    assert seen[0]() is None and not call.results
    assert "Task was destroyed but it is pending" in caplog.text


def test_where_nobody_runs_a_loop_one_can_be_run_meanwhile(run):
    counter, call, cancellable = Counter(), Call(), Gio.Cancellable()
    counter.wait_async(0, cancellable, call)

    async def main():
        assert await counter.add_async(1) == 2
        cancellable.cancel()
        return await call.result()

    with pytest.raises(GLib.Error) as caught:
        counter.wait_finish(run(main()))
    assert is_cancelled(caught.value)


@pytest.mark.parametrize("fatal", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("begun", ["before", "within"])
def test_an_exit_ends_the_main_loop_wherever_it_was_begun(fatal, begun):
    counter, main_loop = Counter(), GLib.MainLoop()

    def begin():
        counter.fail_async(fatal("out"), callback=None)

    if begun == "before":
        begin()
    else:
        GLib.idle_add(begin)
    GLib.idle_add(main_loop.quit, priority=GLib.PRIORITY_LOW)
    with pytest.raises(fatal, match="out"):
        main_loop.run()


def test_without_a_callback_the_coroutine_runs(run):
    async def main():
        counter, cancellable = Counter(), Gio.Cancellable()
        counter.wait_async(0, cancellable, None)
        await asyncio.sleep(0.01)
        assert counter.begun == 1
        cancellable.cancel()
        while not counter.cleaned:
            await asyncio.sleep(0.001)

    run(main())


def test_finish_may_be_called_later_and_once(run):
    async def main():
        counter, call = Counter(), Call()
        counter.add_async(1, callback=call)
        return counter, await call.result()

    counter, result = run(main())
    assert counter.add_finish(result) == 2
    with pytest.raises(RuntimeError, match="taken out before"):
        counter.add_finish(result)


def test_a_result_of_another_function_or_object_is_refused(run):
    async def main():
        counter, call = Counter(), Call()
        counter.add_async(1, callback=call)
        result = await call.result()
        with pytest.raises(ValueError, match="another function"):
            counter.echo_finish(result)
        with pytest.raises(ValueError, match="another object"):
            Counter().add_finish(result)
        with pytest.raises(TypeError, match="AsyncResult"):
            counter.add_finish("no result")
        assert counter.add_finish(result) == 2

    run(main())


# Cancellation -----------------------------------------------------------------------------


def test_cancelling_cancels_the_coroutine_which_cleans_up_first(run):
    async def main():
        counter, call, cancellable = Counter(), Call(), Gio.Cancellable()
        counter.wait_async(
            0, cancellable, lambda *a: (counter.cleaned.append("called"), call(*a))
        )
        await asyncio.sleep(0.01)
        cancellable.cancel()
        assert counter.cleaned == []
        result = await call.result()
        assert counter.cleaned == ["cleaned", "called"]
        with pytest.raises(GLib.Error) as caught:
            counter.wait_finish(result)
        assert is_cancelled(caught.value)

    run(main())


def test_it_can_be_cancelled_from_another_thread(run):
    async def main():
        counter, call, cancellable = Counter(), Call(), Gio.Cancellable()
        counter.wait_async(0, cancellable, call)
        await asyncio.to_thread(cancellable.cancel)
        await call.result()

    run(main())


def test_a_coroutine_that_swallows_its_cancellation_is_cancelled_all_the_same(run):
    async def main():
        counter, call, cancellable = Counter(), Call(), Gio.Cancellable()
        counter.swallow_async(0, cancellable, call)
        await asyncio.sleep(0.01)
        cancellable.cancel()
        with pytest.raises(GLib.Error) as caught:
            counter.swallow_finish(await call.result())
        assert is_cancelled(caught.value)

    run(main())


def test_a_cancellation_before_finish_hides_the_value_and_lets_go_of_it(run):
    class Value:
        pass

    async def main():
        counter, call, cancellable, value = Counter(), Call(), Gio.Cancellable(), Value()
        seen = weakref.ref(value)
        counter.echo_async(value, cancellable=cancellable, callback=call)
        del value
        result = await call.result()
        cancellable.cancel()
        with pytest.raises(GLib.Error) as caught:
            counter.echo_finish(result)
        assert is_cancelled(caught.value)
        del result, caught  # whose traceback has it
        call.results.clear()
        await asyncio.sleep(0.01)
        gc.collect()
        assert seen() is None

    run(main())


def test_cancelling_what_awaits_it_cancels_the_coroutine(run):
    async def main():
        counter = Counter()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await counter.wait_async()
        assert counter.cleaned == ["cleaned"]

    run(main())


def test_a_coroutine_whose_loop_ends_is_cancelled():
    counter, call = Counter(), Call()

    async def main():
        counter.wait_async(callback=call)
        await asyncio.sleep(0.01)

    gawait.run(main())
    iterate_until(lambda: call.results)
    with pytest.raises(GLib.Error) as caught:
        counter.wait_finish(call.results[0][1])
    assert is_cancelled(caught.value)


def test_a_coroutine_whose_loop_is_closed_under_it_still_calls_back():
    counter, call = Counter(), Call()
    loop = gawait.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)  # a task is destroyed

    async def main():
        counter.swallow_async(callback=call)
        await asyncio.sleep(0.01)

    loop.run_until_complete(main())
    loop.close()
    del loop
    counter.never = None
    gc.collect()
    iterate_until(lambda: call.results)
    with pytest.raises(GLib.Error) as caught:
        counter.swallow_finish(call.results[0][1])
    assert is_cancelled(caught.value)


# Errors -----------------------------------------------------------------------------------


def test_a_glib_error_goes_through_as_it_is(run):
    async def main():
        error = GLib.Error.new_literal(GLib.quark_from_string("tests"), "says this", 7)
        with pytest.raises(GLib.Error) as caught:
            await Counter().fail_async(error)
        return caught.value

    error = run(main())
    assert (error.domain, error.code, error.message) == ("tests", 7, "says this")


@pytest.mark.parametrize(
    "exception, code, message, reports",
    [
        (FileNotFoundError(2, "gone"), Gio.IOErrorEnum.NOT_FOUND, "gone", 0),
        (TimeoutError(), Gio.IOErrorEnum.TIMED_OUT, "Timed out", 0),
        (asyncio.CancelledError(), Gio.IOErrorEnum.CANCELLED, "cancelled", 0),
        (NotImplementedError("what"), Gio.IOErrorEnum.NOT_SUPPORTED, "what", 1),
        (ValueError("bad"), Gio.IOErrorEnum.FAILED, "ValueError: bad", 1),
        (Stopped(), Gio.IOErrorEnum.FAILED, "Stopped", 1),
        (ValueError("nul \0 inside"), Gio.IOErrorEnum.FAILED, "inside", 1),
    ],
    ids=repr,
)
def test_an_exception_becomes_an_error_of_gio_and_a_bug_is_reported(
    run, exception, code, message, reports
):
    async def main():
        counter, call = Counter(), Call()
        counter.fail_async(exception, callback=call)
        with pytest.raises(GLib.Error, match=message) as caught:
            counter.fail_finish(await call.result())
        assert caught.value.matches(Gio.io_error_quark(), code)

    run(main(), expected_reports=reports)


def test_the_report_has_the_traceback(loop, reports):
    error = ValueError("bad")
    call = Call()
    loop.call_soon(lambda: Counter().fail_async(error, callback=call))
    loop.run_until_complete(call.result())
    (report,) = reports
    assert report["exception"] is error and error.__traceback__ is not None
    assert "Counter.fail()" in report["message"]


def test_whatever_is_raised_it_ends_with_an_error(loop, reports, odd_exception):
    exception, text = odd_exception
    counter, call = Counter(), Call()

    async def main():
        counter.fail_async(exception, callback=call)
        with pytest.raises(GLib.Error) as caught:
            counter.fail_finish(await call.result())
        return caught.value.message

    assert text in loop.run_until_complete(main())
    assert [each["exception"] for each in reports] in ([], [exception])


def test_an_error_whose_domain_or_code_is_none_has_failed_and_is_reported(run):
    async def main():
        odd = (
            (None, 1),
            ("", 1),
            ("nul \0", 1),
            ("caf\udce9", 1),
            ("domain", 2**40),
            ("domain", "1"),
        )
        for domain, code in odd:
            with pytest.raises(GLib.Error, match="what it says") as caught:
                await Counter().fail_async(GLib.Error("what it says", domain, code))
            assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED)

    run(main(), expected_reports=6)


def test_a_number_that_is_no_errno_is_a_bug(run):
    async def main():
        for number in ("text", 2**70):
            with pytest.raises(GLib.Error) as caught:
                await Counter().fail_async(OSError(number, "what"))
            assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED)

    run(main(), expected_reports=2)


def test_it_ends_though_the_exception_handler_exits(loop):
    def exit(loop, context):
        raise SystemExit("of the handler")

    loop.set_exception_handler(exit)
    counter, call = Counter(), Call()
    loop.call_soon(lambda: counter.fail_async(ValueError("bad"), callback=call))
    with pytest.raises(SystemExit, match="of the handler"):
        loop.run_forever()
    loop.run_until_complete(call.called.wait())


def test_it_ends_though_no_task_can_be_made(loop):
    def refuse(loop, coroutine, **options):
        raise RuntimeError("no tasks")

    counter, call = Counter(), Call()

    async def main():
        loop.set_task_factory(refuse)
        try:
            with pytest.raises(RuntimeError, match="no tasks"):
                counter.add_async(1, callback=call)
        finally:
            loop.set_task_factory(None)
        with pytest.raises(GLib.Error, match="RuntimeError: no tasks"):
            counter.add_finish(await call.result())

    loop.run_until_complete(main())


def test_what_is_raised_after_it_has_ended_changes_nothing(run_script):
    finished = run_script(
        """
from gawait import producing
from gi.repository import Gio, GLib

called = []
for end_it in (lambda end: end.succeed(1)), (lambda end: end.fail(ValueError())):
    end = producing.TaskEnd(Gio.Task.new(None, None, lambda *_: called.append(1)))
    end_it(end)
    end.fail(KeyboardInterrupt())
while GLib.MainContext.default().iteration(False):
    pass
print(len(called))
"""
    )
    assert (finished.returncode, finished.stdout) == (0, "2\n"), finished.stderr


def test_a_private_coroutine_has_a_pair_and_no_signal(run):
    class Private(GObject.Object):
        @gawait.async_method
        async def _add(self, one, two):
            return one + two

    async def main():
        return await Private()._add_async(1, 2)

    assert run(main()) == 3
    assert not GObject.signal_list_names(Private)


@pytest.mark.parametrize("name", ["add_async", "add_finish"])
def test_a_pair_does_not_take_the_place_of_other_methods(name):
    async def add(self):
        pass

    methods = {name: lambda self: None, "add": gawait.async_method(add)}
    with pytest.raises((RuntimeError, TypeError)) as raised:
        type(GObject.Object)("Doubled", (GObject.Object,), methods)
    assert name in str(raised.value.__cause__ or raised.value)


# Awaited, and called back ------------------------------------------------------------------


async def told_by_callback(counter, name, arguments, cancellable=None):
    call = Call()
    getattr(counter, f"{name}_async")(*arguments, 0, cancellable, call)
    return getattr(counter, f"{name}_finish")(await call.result())


async def told_by_await(counter, name, arguments, cancellable=None):
    return await getattr(counter, f"{name}_async")(*arguments, cancellable=cancellable)


async def outcome_of(told):
    """What it returned, or of what class the exception was, and what it says."""
    try:
        value = await told
        return type(value), value
    except GLib.Error as error:
        return GLib.Error, error.domain, error.code, error.message
    except BaseException as error:
        return type(error), str(error)


class Colour(enum.IntEnum):
    RED = 1


def test_an_awaited_pair_needs_no_task(run, count_objects):
    class Counting(GObject.Object):
        @gawait.async_method
        async def count(self):
            await asyncio.sleep(0)
            return count_objects(Gio.Task)

    async def main():
        counting = Counting()
        before = count_objects(Gio.Task)
        assert await told_by_callback(counting, "count", ()) == before + 1
        assert await told_by_await(counting, "count", ()) == before

    run(main())


@pytest.mark.parametrize(
    "name, arguments",
    [
        *(
            ("echo", (value,))
            for value in (None, True, 7, 2**80, 1.5, "text", "\0", "\ud800")
        ),
        *(
            ("echo", (value,))
            for value in (Colour.RED, b"bytes", ("a", [1]), Gio.FileType.REGULAR)
        ),
        ("fail", (io_error(Gio.IOErrorEnum.BUSY),)),
        ("fail", (OSError(2, "gone"),)),
        ("fail", (TimeoutError(),)),
        ("fail", (asyncio.CancelledError(),)),
        ("fail", (NotImplementedError("not yet"),)),
        ("fail", (Stopped("of the test's own"),)),
    ],
)
def test_an_awaited_pair_ends_as_one_with_a_callback(run, name, arguments):
    counter, reported = Counter(), []

    async def main():
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: reported.append((context["message"], context["exception"]))
        )
        by_callback = await outcome_of(told_by_callback(counter, name, arguments))
        assert await outcome_of(told_by_await(counter, name, arguments)) == by_callback

    run(main())
    assert reported[: len(reported) // 2] == reported[len(reported) // 2 :]


@pytest.mark.parametrize("name, arguments", [("wait", ()), ("swallow", ())])
def test_a_cancellable_that_the_caller_cancels_ends_both_alike(run, name, arguments):
    async def cancelled_after(told, rounds):
        counter, cancellable = Counter(), Gio.Cancellable()
        if rounds is None:
            cancellable.cancel()
        outcome = asyncio.ensure_future(outcome_of(told(counter, name, arguments, cancellable)))
        for _ in range(rounds or 0):
            await asyncio.sleep(0)
        cancellable.cancel()
        return await outcome, counter.begun, counter.cleaned

    async def main():
        for rounds in (None, 1, 2, 4):
            by_callback = await cancelled_after(told_by_callback, rounds)
            assert await cancelled_after(told_by_await, rounds) == by_callback
            assert by_callback[0][1:3] == ("g-io-error-quark", Gio.IOErrorEnum.CANCELLED)

    run(main())


# C code -------------------------------------------------------------------------------------


class Typed(GObject.Object):
    @gawait.async_method
    async def repeat(self, text: str, times: int, into: Gio.Cancellable, strict: bool = False):
        await asyncio.sleep(0)
        if strict:
            raise io_error(Gio.IOErrorEnum.BUSY, "strict")
        assert isinstance(into, Gio.Cancellable)
        return text * times


C_CALLER = r"""
#include <gio/gio.h>

static void ready(GObject *source, GAsyncResult *result, gpointer data) {
    GString *log = data;
    GValue value = G_VALUE_INIT;
    GError *error = NULL;
    if (g_task_propagate_value(G_TASK(result), &value, &error)) {
        g_string_append_printf(log, "%s;", g_value_get_string(&value));
        g_value_unset(&value);
    } else {
        g_string_append_printf(log, "%s %d;", g_quark_to_string(error->domain), error->code);
        g_error_free(error);
    }
}

const char *call(GObject *typed) {
    GString *log = g_string_new(NULL);
    GCancellable *cancellable = g_cancellable_new();
    gint64 twice = 2;
    g_signal_emit_by_name(typed, "repeat-async", "ab", twice, cancellable, FALSE,
                          G_PRIORITY_DEFAULT, cancellable, ready, log);
    while (log->len == 0)
        g_main_context_iteration(NULL, TRUE);
    gsize before = log->len;
    g_signal_emit_by_name(typed, "repeat-async", "ab", twice, cancellable, TRUE,
                          G_PRIORITY_LOW, NULL, ready, log);
    while (log->len == before)
        g_main_context_iteration(NULL, TRUE);
    before = log->len;
    g_signal_emit_by_name(typed, "repeat-async", "ab", twice, cancellable, FALSE,
                          G_PRIORITY_DEFAULT, cancellable, ready, log);
    g_signal_emit_by_name(typed, "repeat-async", "ab", twice, cancellable, FALSE,
                          G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    g_cancellable_cancel(cancellable);
    if (log->len != before)
        g_string_append(log, "too early;");
    while (log->len == before)
        g_main_context_iteration(NULL, TRUE);
    g_object_unref(cancellable);
    return g_string_free(log, FALSE);
}
"""


@pytest.fixture
def c_caller(tmp_path):
    """The function call() of C_CALLER."""
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "gio-2.0"],
        capture_output=True,
        check=True,
        text=True,
    )
    (tmp_path / "caller.c").write_text(C_CALLER)
    library = str(tmp_path / "caller.so")
    compile = ["gcc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library]
    subprocess.run([*compile, str(tmp_path / "caller.c"), *flags.stdout.split()], check=True)
    function = ctypes.CDLL(library).call
    function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_char_p
    return function


def test_c_code_calls_it_by_a_signal(c_caller):
    typed = Typed()
    io = "g-io-error-quark"
    assert c_caller(hash(typed)).decode() == (
        f"abab;{io} {int(Gio.IOErrorEnum.BUSY)};{io} {int(Gio.IOErrorEnum.CANCELLED)};"
    )


def test_a_subclass_that_has_the_pair_anew_is_called_by_the_same_signal(c_caller):
    class Reversed(Typed):
        @gawait.async_method
        async def repeat(
            self, text: str, times: int, into: Gio.Cancellable, strict: bool = False
        ):
            return (await super().repeat(text, times, into, strict))[::-1]

    assert c_caller(hash(Reversed())).startswith(b"baba;")


def test_a_pair_may_have_the_name_of_a_virtual_method(run):
    class Stream(Gio.MemoryInputStream):
        @gawait.async_method
        async def read(self):
            return "ours"

    async def main():
        assert await Stream().read_async() == "ours"
        assert (await Stream().read_bytes_async(1)).get_size() == 0

    run(main())


# Results of another kind ----------------------------------------------------------------------


def old_error(source=None, callback=None):
    """A Gio.SimpleAsyncResult that has failed."""
    error = io_error(Gio.IOErrorEnum.BUSY, "of old")
    return Gio.SimpleAsyncResult.new_from_error(source, callback, None, error)


class Answer(GObject.Object, Gio.AsyncResult):
    """Is a result itself."""

    def __init__(self, source, value):
        super().__init__()
        self.source = source
        self.value = value

    def do_get_source_object(self):
        return self.source


def test_a_class_that_is_a_result_itself_is_awaited_like_any_other(run):
    def ask_async(source, cancellable, callback):
        idle = GLib.Idle()
        idle.set_callback(lambda *_: callback(source, Answer(source, 42)))
        idle.attach(None)

    def ask_finish(source, result):
        assert result.get_source_object() is source
        assert not result.legacy_propagate_error()
        return result.value

    async def main():
        return await gawait.call(ask_async, Gio.Cancellable(), finish=ask_finish)

    assert run(main()) == 42


def test_finish_refuses_it_as_a_result_of_another_function():
    with pytest.raises(ValueError, match="another function"):
        Counter().add_finish(Answer(None, 1))


@pytest.mark.filterwarnings("ignore:Gio.SimpleAsyncResult")
def test_finish_raises_the_error_of_an_old_result():
    counter = Counter()
    with pytest.raises(GLib.Error, match="of old") as caught:
        counter.add_finish(old_error(counter))
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY)


@pytest.mark.filterwarnings("ignore:Gio.SimpleAsyncResult")
def test_a_coroutine_may_await_functions_of_the_old_kind(run):
    class Old(GObject.Object):
        @gawait.async_method
        async def fail(self):
            start = lambda cancellable, callback: old_error(self, callback).complete_in_idle()
            await gawait.call(start, finish=lambda result: result.propagate_error())

    async def main():
        with pytest.raises(GLib.Error, match="of old") as caught:
            await Old().fail_async()
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY)

    run(main())


def test_ours_have_no_error_of_the_old_kind(run):
    async def main():
        counter, call = Counter(), Call()
        counter.fail_async(io_error(Gio.IOErrorEnum.BUSY), callback=call)
        result = await call.result()
        assert not result.legacy_propagate_error()
        with pytest.raises(GLib.Error):
            counter.fail_finish(result)

    run(main())


# Nothing is left -----------------------------------------------------------------------------


def test_nothing_is_left_after_it_ended(run, count_objects):
    cancellable = Gio.Cancellable()

    async def main():
        counter = Counter()
        for _ in range(20):
            await counter.add_async(1, cancellable=cancellable)
            with pytest.raises(GLib.Error):
                await counter.fail_async(io_error(1), cancellable=cancellable)
            operation = counter.wait_async()
            await asyncio.sleep(0)
            operation.cancel()
            with pytest.raises(asyncio.CancelledError):
                await operation
            counter.add_async(1, 2, 0, cancellable, None)
        await asyncio.sleep(0.01)
        return weakref.ref(counter)

    before = count_objects(Gio.Task), count_objects(Counter), cancellable.__grefcount__
    counter = run(main())
    gc.collect()
    assert counter() is None
    assert before == (
        count_objects(Gio.Task),
        count_objects(Counter),
        cancellable.__grefcount__,
    )


def test_every_one_of_many_calls_calls_back_once_whatever_is_cancelled(run, count_objects):
    calls, chance = 3000, random.Random(4)

    async def main():
        counter, counts = Counter(), collections.Counter()
        cancellables = [Gio.Cancellable() for _ in range(calls)]
        for index, cancellable in enumerate(cancellables):
            start = chance.choice(
                [counter.wait_async, counter.swallow_async, counter.nothing_async]
            )
            if chance.random() < 0.2:
                cancellable.cancel()
            start(0, cancellable, lambda source, result, index: counts.update([index]), index)
            if chance.random() < 0.2:
                await asyncio.sleep(0)
            chance.choice(cancellables).cancel()
        for cancellable in cancellables:
            cancellable.cancel()
        async with asyncio.timeout(60):
            while len(counts) < calls:
                await asyncio.sleep(0.001)
        assert set(counts.values()) == {1}

    before = count_objects(Gio.Task), count_objects(Gio.Cancellable)
    run(main())
    assert (count_objects(Gio.Task), count_objects(Gio.Cancellable)) == before


def test_values_are_let_go_of_when_nobody_finishes(run):
    class Value:
        pass

    async def main():
        counter, value = Counter(), Value()
        seen = weakref.ref(value)
        counter.echo_async(value, callback=lambda source, result: None)
        del value
        await asyncio.sleep(0.05)
        return seen

    seen = run(main())
    gc.collect()
    assert seen() is None


def test_contexts_that_are_used_for_a_while_are_let_go_of():
    counter = Counter()

    def add_in_a_context_of_its_own():
        context, call = GLib.MainContext(), Call()
        context.push_thread_default()
        counter.add_async(1, callback=call)
        iterate_until(lambda: call.results, context)
        context.pop_thread_default()
        return counter.add_finish(call.results[0][1])

    def descriptors():
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    assert add_in_a_context_of_its_own() == 2
    before = descriptors()
    for _ in range(20):
        assert add_in_a_context_of_its_own() == 2
    assert descriptors() == before


def test_a_coroutine_in_a_context_goes_on_while_others_are_used():
    counter, call, cancellable = Counter(), Call(), Gio.Cancellable()
    contexts = [GLib.MainContext() for _ in range(3)]

    def start(context, start, *arguments):
        context.push_thread_default()
        start(*arguments)
        context.pop_thread_default()

    start(contexts[0], counter.wait_async, 0, cancellable, call)
    iterate_until(lambda: counter.begun, contexts[0])
    for context in contexts[1:]:
        other = Call()
        start(context, counter.add_async, 1, 1, 0, None, other)
        iterate_until(lambda: other.results, context)
    counter.never = None
    gc.collect()
    assert not call.results
    cancellable.cancel()
    iterate_until(lambda: call.results, contexts[0])
    assert counter.cleaned == ["cleaned"]


def test_a_reader_in_a_context_goes_on_while_others_are_used():
    here, there = socket.socketpair()
    contexts = [GLib.MainContext() for _ in range(3)]
    received = []

    class Listener(GObject.Object):
        @gawait.async_method
        async def listen(self):
            loop = asyncio.get_running_loop()
            loop.add_reader(here, lambda: received.append(here.recv(1)))

    def call_in(context, start, *arguments):
        call = Call()
        context.push_thread_default()
        start(*arguments, callback=call)
        iterate_until(lambda: call.results, context)
        context.pop_thread_default()

    call_in(contexts[0], Listener().listen_async)
    for context in contexts[1:]:
        call_in(context, Counter().add_async, 1)
    gc.collect()
    with here, there:
        there.send(b"x")
        iterate_until(lambda: received, contexts[0])
    assert received == [b"x"]
