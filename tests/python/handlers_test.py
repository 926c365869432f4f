"""Coroutine functions as handlers of signals, and as callbacks."""

import asyncio
import functools
import gc
import inspect
import os
import subprocess
import threading
import unittest.mock
import weakref

import pytest

import gawait
from gi.repository import Gio, GLib, GObject


class Emitter(GObject.Object):
    __gsignals__ = {
        "one": (GObject.SignalFlags.RUN_LAST, None, (int,)),
        "asks": (GObject.SignalFlags.RUN_LAST, bool, (int,)),
        "counts": (GObject.SignalFlags.RUN_LAST, int, ()),
        "dated": (GObject.SignalFlags.RUN_LAST, None, (GLib.Date,)),
        "detailed": (GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.DETAILED, None, (int,)),
    }
    title = GObject.Property(type=str)


@pytest.fixture
def seen():
    return []


@pytest.fixture
def note(seen):
    """A coroutine function that notes its arguments, in a later round of the loop."""

    async def note(*arguments):
        await asyncio.sleep(0)
        seen.append(arguments)

    return note


async def rounds(count=10):
    for _ in range(count):
        await asyncio.sleep(0)


def is_connected(emitter, name="one"):
    signal_id, detail = GObject.signal_parse_name(name, emitter, True)
    return GObject.signal_has_handler_pending(emitter, signal_id, detail, True)


# connect() of GObject ---------------------------------------------------------------


def test_a_coroutine_function_runs_in_a_task(run, seen, note):
    async def main():
        emitter = Emitter()
        emitter.connect("one", note, "data")
        emitter.emit("one", 1)
        assert seen == []
        await rounds()
        assert seen == [(emitter, 1, "data")]

    run(main())


@pytest.mark.parametrize("connect", ["connect", "connect_after"])
def test_each_way_to_connect_takes_it(run, seen, note, connect):
    async def main():
        emitter = Emitter()
        getattr(emitter, connect)("one", note)
        emitter.emit("one", 1)
        await rounds()
        assert seen == [(emitter, 1)]

    run(main())


@pytest.mark.parametrize("connect", ["connect_object", "connect_object_after"])
def test_connect_object_passes_the_other_object(run, seen, note, connect):
    async def main():
        emitter, other = Emitter(), Emitter()
        getattr(emitter, connect)("one", note, other)
        emitter.emit("one", 1)
        await rounds()
        assert seen == [(other, 1)]

    run(main())


@pytest.mark.parametrize(
    "flags", [0, GObject.ConnectFlags.AFTER, GObject.ConnectFlags.SWAPPED], ids=str
)
def test_connect_data_takes_it(run, seen, note, flags):
    async def main():
        emitter = Emitter()
        emitter.connect_data("one", note, "data", connect_flags=flags)
        emitter.emit("one", 1)
        await rounds()
        swapped = flags == GObject.ConnectFlags.SWAPPED
        assert seen == [("data", 1, emitter) if swapped else (emitter, 1, "data")]

    run(main())


class Callable:
    async def __call__(self, *arguments):
        await Callable.noted(*arguments)

    async def method(self, *arguments):
        await Callable.noted(*arguments)

    @classmethod
    async def of_class(cls, *arguments):
        await Callable.noted(*arguments)

    @staticmethod
    async def static(*arguments):
        await Callable.noted(*arguments)


def decorated(function):
    @functools.wraps(function)
    async def decorated(*arguments):
        await function(*arguments)

    return decorated


CALLABLES = {
    "object": Callable(),
    "bound": Callable().method,
    "of a class": Callable.of_class,
    "static": Callable.static,
    "partial": functools.partial(Callable.static),
    "partial of a partial": functools.partial(functools.partial(Callable.static)),
    "partial of bound": functools.partial(Callable().method),
    "partial of an object": functools.partial(Callable()),
    "decorated": decorated(Callable.static),
}
if hasattr(inspect, "markcoroutinefunction"):
    CALLABLES["marked"] = inspect.markcoroutinefunction(
        lambda *arguments: Callable.static(*arguments)
    )


@pytest.mark.parametrize("handler", CALLABLES.values(), ids=CALLABLES)
def test_whatever_is_a_coroutine_function_is_taken_and_found_again(
    run, seen, note, monkeypatch, handler
):
    async def main():
        emitter = Emitter()
        emitter.connect("one", handler)
        emitter.emit("one", 1)
        await rounds()
        assert seen == [(emitter, 1)]
        assert emitter.handler_block_by_func(handler) == 1
        emitter.emit("one", 2)
        assert emitter.handler_unblock_by_func(handler) == 1
        emitter.emit("one", 3)
        await rounds()
        assert seen[1:] == [(emitter, 3)]
        emitter.disconnect_by_func(handler)
        assert not is_connected(emitter)
        with pytest.raises(TypeError, match="nothing connected"):
            emitter.disconnect_by_func(handler)

    monkeypatch.setattr(Callable, "noted", note, raising=False)
    run(main())


def test_any_other_handler_is_what_it_was(run):
    class Plain:
        def __call__(self, emitter, number):
            called.append(number)

        def method(self, emitter, number):
            called.append(number)

    async def main():
        for handler in Plain(), Plain().method, functools.partial(Plain()), print:
            emitter = Emitter()
            emitter.connect("one", handler)
            if handler is not print:
                emitter.emit("one", 1)
                assert called.pop() == 1, "it has run within the emission"
            assert emitter.handler_block_by_func(handler) == 1
            emitter.disconnect_by_func(handler)
            assert not is_connected(emitter)

    called = []
    run(main())


def test_a_mock_is_no_coroutine_function():
    handler = unittest.mock.Mock(return_value=None)
    emitter = Emitter()
    emitter.connect("one", handler)
    emitter.emit("one", 1)
    handler.assert_called_once_with(emitter, 1)


@pytest.mark.parametrize(
    "wrapped", [lambda function: function, functools.partial], ids=["itself", "partial"]
)
def test_an_async_generator_function_is_refused(wrapped):
    async def generate(*_):
        yield

    emitter, handler = Emitter(), wrapped(generate)
    ways = {
        "connect": lambda: emitter.connect("one", handler),
        "connect_after": lambda: emitter.connect_after("one", handler),
        "connect_object": lambda: emitter.connect_object("one", handler, emitter),
        "connect_data": lambda: emitter.connect_data("one", handler),
        "gawait.connect": lambda: gawait.connect(emitter, "one", handler),
        "callback": lambda: GLib.idle_add(handler),
    }
    for connect in ways.values():
        with pytest.raises(TypeError, match=r"generate\(\) is an async generator function"):
            connect()
    assert not is_connected(emitter)


def test_of_two_handlers_each_is_found(run, seen, note):
    def plain(emitter, number):
        seen.append("plain")

    async def main():
        emitter = Emitter()
        emitter.connect("one", note)
        emitter.connect("one", plain)
        emitter.disconnect_by_func(plain)
        emitter.emit("one", 1)
        await rounds()
        assert seen == [(emitter, 1)]

    run(main())


def test_what_cannot_be_connected_is_refused_as_ever(note):
    with pytest.raises(TypeError, match="unknown signal name: nothing"):
        Emitter().connect("nothing", note)
    with pytest.raises(TypeError):
        Emitter().connect(1, note)
    with pytest.raises(TypeError, match="GObject.connect requires at least 2 arguments"):
        Emitter().connect("one")
    with pytest.raises(TypeError, match="must be callable"):
        Emitter().connect("one", 1)


def test_details_and_notifications(run, seen, note):
    async def main():
        emitter = Emitter()
        emitter.connect("detailed::this", note)
        emitter.connect("notify::title", note)
        emitter.emit("detailed::that", 1)
        emitter.emit("detailed::this", 2)
        emitter.title = "new"
        await rounds()
        assert [arguments[1] for arguments in seen[:1]] == [2]
        assert seen[1][1].name == "title"

    run(main())


@pytest.mark.parametrize("name, arguments, answer", [("asks", (1,), False), ("counts", (), 0)])
def test_a_signal_that_asks_is_answered_with_nothing(
    run, capfd, note, seen, name, arguments, answer
):
    async def main():
        emitter = Emitter()
        emitter.connect(name, note)
        assert emitter.emit(name, *arguments) == answer
        await rounds()
        assert len(seen) == 1

    run(main())
    assert capfd.readouterr().err == ""


def test_arguments_outlive_the_emission(run):
    async def main():
        async def handler(emitter, date):
            await ended.wait()
            years.append(date.get_year())

        emitter, ended, years = Emitter(), asyncio.Event(), []
        emitter.connect("dated", handler)
        date = GLib.Date.new_dmy(1, GLib.DateMonth.FEBRUARY, 2003)
        emitter.emit("dated", date)
        date.set_year(1)
        del date
        ended.set()
        await rounds()
        return years

    assert run(main()) == [2003]


def test_a_running_handler_keeps_the_object(run):
    async def main():
        async def handler(emitter, number):
            await go_on.wait()
            done.append(emitter.title)

        go_on, done = asyncio.Event(), []
        emitter = Emitter(title="a title")
        emitter.connect("one", handler)
        emitter.emit("one", 1)
        gone = weakref.ref(emitter)
        del emitter
        await rounds()
        gc.collect()
        assert gone() is not None
        go_on.set()
        await rounds()
        gc.collect()
        assert gone() is None
        return done

    assert run(main()) == ["a title"]


def test_a_cycle_through_the_handler_is_collected(run):
    class Window(Emitter):
        def __init__(self):
            super().__init__()
            self.connect("one", self.on_one)

        async def on_one(self, emitter, number):
            pass

    async def main():
        window = Window()
        window.emit("one", 1)
        await rounds()
        gone = weakref.ref(window)
        del window
        gc.collect()
        assert gone() is None

    run(main())


# Failures ---------------------------------------------------------------------------


async def failing(*arguments):
    await asyncio.sleep(0)
    raise ValueError("on purpose")


def reports_of(start, wait=rounds):
    """What a loop's exception handler gets when something is started."""
    seen = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, report: seen.append(report))
        kept = start()
        await wait()
        del kept

    gawait.run(main())
    return seen


def emit_to(handler):
    emitter = Emitter()
    emitter.connect("one", handler)
    emitter.emit("one", 1)
    return emitter


def test_a_failure_is_reported_when_it_happens_with_the_names():
    (report,) = reports_of(lambda: emit_to(failing))
    assert report["message"] == (
        "Exception in failing(), the handler of signal 'one' of Emitter"
    )
    assert isinstance(report["exception"], ValueError)
    assert report["task"].get_name() == "failing"


def test_a_call_that_is_refused_is_reported_in_the_same_way():
    async def takes_nothing():
        pass

    (report,) = reports_of(lambda: emit_to(takes_nothing))
    assert "takes_nothing()" in report["message"]
    assert isinstance(report["exception"], TypeError)


def test_a_cancelled_handler_is_no_failure():
    async def cancelled(*arguments):
        raise asyncio.CancelledError

    assert reports_of(lambda: emit_to(cancelled)) == []


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_what_ends_a_run_ends_it(kind, caplog):
    async def ending(*arguments):
        raise kind(3)

    async def main():
        emit_to(ending)
        await asyncio.sleep(1000)

    with pytest.raises(kind):
        gawait.run(main())
    assert not caplog.records


# Where there is no loop ---------------------------------------------------------------


@pytest.fixture
def unraised(monkeypatch):
    """What PyGObject printed, since nobody can catch it."""
    errors = []
    monkeypatch.setattr("sys.excepthook", lambda kind, error, traceback: errors.append(error))
    return errors


def test_without_a_loop_an_emission_says_so(unraised, note, seen, recwarn):
    emit_to(note)
    (error,) = unraised
    assert isinstance(error, RuntimeError)
    assert "no running event loop for" in str(error)
    assert "note(), the handler of signal 'one' of Emitter" in str(error)
    gc.collect()
    assert seen == [] and not recwarn.list


def test_after_its_loop_an_emission_says_so(unraised, note):
    async def main():
        emitter.connect("one", note)

    emitter = Emitter()
    gawait.run(main())
    emitter.emit("one", 1)
    assert isinstance(unraised[0], RuntimeError)


def test_in_another_thread_an_emission_says_so(run, unraised, seen, note):
    async def main():
        emitter = Emitter()
        emitter.connect("one", note)
        thread = threading.Thread(target=emitter.emit, args=("one", 1))
        thread.start()
        thread.join()
        await rounds()

    run(main())
    assert isinstance(unraised[0], RuntimeError) and seen == []


def test_in_another_threads_loop_it_runs_there(run, seen):
    async def handler(emitter, number):
        seen.append(threading.get_ident())

    async def emit():
        emitter.emit("one", 1)
        await rounds()
        return threading.get_ident()

    async def main():
        emitter.connect("one", handler)
        return await asyncio.to_thread(lambda: gawait.run(emit()))

    emitter = Emitter()
    assert [run(main())] == seen


def test_where_c_code_iterates_the_context_it_runs(note, seen):
    emitter = Emitter()
    emitter.connect("one", note)
    context = GLib.MainContext.default()
    GLib.idle_add(lambda: emitter.emit("one", 1))
    while not seen:
        context.iteration(True)
    assert seen == [(emitter, 1)]


def test_where_asyncios_own_loop_is_blocked_by_c_code_it_runs(note, seen):
    async def main():
        emitter.connect("one", note)
        GLib.idle_add(lambda: emitter.emit("one", 1))
        while not seen:
            GLib.MainContext.default().iteration(True)

    emitter = Emitter()
    asyncio.Runner(loop_factory=asyncio.SelectorEventLoop).run(main())
    assert seen == [(emitter, 1)]


def test_in_a_main_loop_it_runs_on_the_loop_along(note, seen):
    async def handler(emitter, number):
        await note(number)
        main_loop.quit()

    main_loop = GLib.MainLoop()
    emitter = Emitter()
    emitter.connect("one", handler)
    GLib.idle_add(lambda: emitter.emit("one", 1))
    main_loop.run()
    assert seen == [(1,)]


def test_it_runs_on_asyncios_own_loop(note, seen):
    async def main():
        emit_to(note)
        await rounds()

    asyncio.Runner(loop_factory=asyncio.SelectorEventLoop).run(main())
    assert len(seen) == 1


# Actions and callbacks --------------------------------------------------------------


def test_actions_take_it(run, seen, note):
    async def main():
        actions = Gio.SimpleActionGroup()
        actions.add_action_entries(
            [("open", note, "s"), ("toggle", None, None, "false", note)], "data"
        )
        actions.activate_action("open", GLib.Variant("s", "a file"))
        actions.activate_action("toggle", None)
        await rounds()
        return [(action.get_name(), value.unpack(), data) for action, value, data in seen]

    assert run(main()) == [("open", "a file", "data"), ("toggle", True, "data")]


SOURCES = {
    "idle_add": lambda handler: GLib.idle_add(handler, 1, 2),
    "idle_add by name": lambda handler: GLib.idle_add(function=handler),
    "timeout_add": lambda handler: GLib.timeout_add(1, handler, 1, 2),
    "timeout_add_seconds": lambda handler: GLib.timeout_add_seconds(0, handler, 1, 2),
    "GLib.Idle": lambda handler: attached(GLib.Idle(), handler),
    "GLib.Timeout": lambda handler: attached(GLib.Timeout(1), handler),
}


def attached(source, handler):
    source.set_callback(handler)
    return source.attach(GLib.MainContext.default())


@pytest.mark.parametrize("add", SOURCES.values(), ids=SOURCES)
def test_a_source_takes_it_and_runs_once(run, seen, note, add):
    async def main():
        number = add(note)
        while not seen:
            await asyncio.sleep(0.001)
        assert GLib.MainContext.default().find_source_by_id(number) is None

    run(main())
    assert len(seen) == 1


def test_a_failure_of_a_callback_is_reported_with_the_functions_name():
    reports = reports_of(lambda: GLib.idle_add(failing), lambda: asyncio.sleep(0.05))
    assert [each["message"] for each in reports] == [
        "Exception in failing(), the handler of GLib.idle_add()"
    ]


@pytest.mark.parametrize("as_channel", [False, True])
@pytest.mark.parametrize("with_priority", [False, True])
@pytest.mark.filterwarnings("ignore:Calling io_add_watch without priority")
def test_a_watch_takes_it(run, seen, note, as_channel, with_priority):
    async def main():
        reader, writer = os.pipe()
        channel = GLib.IOChannel.unix_new(reader) if as_channel else reader
        priority = [GLib.PRIORITY_DEFAULT] if with_priority else []
        GLib.io_add_watch(channel, *priority, GLib.IOCondition.IN, note, "data")
        os.write(writer, b"x")
        while not seen:
            await asyncio.sleep(0.001)
        os.close(reader)
        os.close(writer)
        assert seen[0][1:] == (GLib.IOCondition.IN, "data")

    run(main())


def test_a_child_watch_takes_it(run, seen, note):
    async def main():
        process = subprocess.Popen(["true"])
        GLib.child_watch_add(GLib.PRIORITY_DEFAULT, process.pid, note, "data")
        while not seen:
            await asyncio.sleep(0.001)
        process.returncode = 0
        assert seen == [(process.pid, 0, "data")]

    run(main())


def test_a_closure_may_be_one(run, session_bus, seen, note):
    async def main():
        bus = await Gio.DBusConnection.new_for_address(
            session_bus,
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
            None,
        )
        watch = Gio.bus_watch_name_on_connection(
            bus, "org.freedesktop.DBus", Gio.BusNameWatcherFlags.NONE, note, None
        )
        while not seen:
            await asyncio.sleep(0.001)
        Gio.bus_unwatch_name(watch)
        await bus.close()
        assert seen[0][:2] == (bus, "org.freedesktop.DBus")

    run(main())


def test_user_data_is_left_alone(run, note):
    async def main():
        passed = asyncio.get_running_loop().create_future()
        GLib.idle_add(passed.set_result, note)
        assert await passed is note

    run(main())


def test_a_cancellable_takes_it(run, seen, note):
    async def main():
        cancellable = Gio.Cancellable()
        cancellable.connect(note)
        cancellable.cancel()
        await rounds()
        assert len(seen) == 1

    run(main())


# gawait.connect() -------------------------------------------------------------------


class Handled:
    """A handler that goes on when it is told to, and tells of it."""

    def __init__(self):
        self.events = []
        self.gates = {}

    async def __call__(self, emitter, number):
        self.events.append(f"{number} begins")
        self.gates[number] = asyncio.Event()
        try:
            await self.gates[number].wait()
        except asyncio.CancelledError:
            self.events.append(f"{number} is cancelled")
            await asyncio.sleep(0)
            self.events.append(f"{number} has cleaned up")
            raise
        self.events.append(f"{number} ends")

    async def end(self, *numbers):
        for number in numbers:
            self.gates[number].set()
        await rounds()

    def taken(self):
        events, self.events = self.events, []
        return events


@pytest.fixture
def handled():
    return Handled()


async def emit(emitter, *numbers):
    for number in numbers:
        emitter.emit("one", number)
    await rounds()


def test_all_run_side_by_side(run, handled):
    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", handled)
        await emit(emitter, 1, 2)
        await handled.end(2, 1)
        assert handled.taken() == ["1 begins", "2 begins", "2 ends", "1 ends"]

    run(main())


def test_one_drops_what_comes_meanwhile(run, handled):
    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", handled, concurrency="one")
        await emit(emitter, 1, 2, 3)
        await handled.end(1)
        await emit(emitter, 4)
        await handled.end(4)
        assert handled.taken() == ["1 begins", "1 ends", "4 begins", "4 ends"]

    run(main())


def test_a_queue_handles_one_after_the_other(run, handled):
    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", handled, concurrency="queue")
        await emit(emitter, 1, 2, 3)
        for number in 1, 2, 3:
            assert handled.taken() == [f"{number} begins"]
            await handled.end(number)
            assert handled.events.pop(0) == f"{number} ends"

    run(main())


def test_a_restart_waits_for_what_it_has_cancelled(run, handled):
    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", handled, concurrency="restart")
        await emit(emitter, 1)
        await emit(emitter, 2)
        assert handled.taken() == [
            "1 begins",
            "1 is cancelled",
            "1 has cleaned up",
            "2 begins",
        ]
        await handled.end(2)
        assert handled.taken() == ["2 ends"]

    run(main())


def test_of_many_restarts_the_last_counts(run, handled):
    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", handled, concurrency="restart")
        await emit(emitter, 1)
        await emit(emitter, 2, 3, 4)
        assert handled.taken()[1:] == ["1 is cancelled", "1 has cleaned up", "4 begins"]
        await handled.end(4)

    run(main())


@pytest.mark.parametrize("concurrency", ["queue", "restart"])
def test_a_failure_does_not_stop_what_waits(concurrency):
    async def fail(emitter, number):
        begun.append(number)
        await asyncio.sleep(0)
        raise ValueError(number)

    def start():
        emitter = Emitter()
        gawait.connect(emitter, "one", fail, concurrency=concurrency)
        for number in 1, 2:
            emitter.emit("one", number)
        return emitter

    begun = []
    reports = reports_of(start)
    assert begun[-1] == 2
    assert str(reports[-1]["exception"]) == "2"
    assert "fail()" in reports[-1]["message"]


def test_an_emission_by_the_handler_itself_meets_it_running(run):
    async def handler(emitter, number):
        begun.append(number)
        if number < 5:
            emitter.emit("one", number + 1)
            assert begun[-1] == number

    begun = []

    async def main():
        for concurrency in "all", "queue", "restart", "one":
            emitter = Emitter()
            gawait.connect(emitter, "one", handler, concurrency=concurrency)
            await emit(emitter, 1)
            await rounds()
        assert begun == [1, 2, 3, 4, 5] * 2 + [1, 2, 3, 4, 5] + [1]

    run(main())


def test_the_handler_may_be_whatever_returns_something_to_await(run, seen):
    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", lambda emitter, number: asyncio.sleep(0))
        gawait.connect(emitter, "one", lambda emitter, number: done)
        done = asyncio.get_running_loop().create_future()
        await emit(emitter, 1)
        done.set_result(None)
        await rounds()

    run(main())


def test_one_that_returns_nothing_to_await_is_reported():
    def start():
        emitter = Emitter()
        gawait.connect(emitter, "one", lambda *_: None)
        emitter.emit("one", 1)

    (report,) = reports_of(start)
    assert isinstance(report["exception"], TypeError)
    assert "<lambda>() returned NoneType, expected an awaitable" in str(report["exception"])
    assert "<lambda>()" in report["message"]


def test_what_waits_runs_in_the_context_of_its_emission(run):
    variable = gawait.priority

    async def handler(emitter, number):
        await asyncio.sleep(0)
        values.append(variable.get())

    values = []

    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", handler, concurrency="queue")
        for priority in 1, 2:
            await gawait.create_task(emit(emitter, 1), priority=priority)
        await rounds()

    run(main())
    assert values == [1, 2]


@pytest.mark.parametrize("concurrency", ["queue", "restart"])
def test_what_waits_is_handled_though_a_task_is_cancelled(run, handled, concurrency):
    async def main():
        emitter = Emitter()
        gawait.connect(emitter, "one", handled, concurrency=concurrency)
        await emit(emitter, 1)
        (task,) = asyncio.all_tasks() - {asyncio.current_task()}
        emitter.emit("one", 2)
        task.cancel()
        await rounds()
        assert handled.taken() == [
            "1 begins",
            "1 is cancelled",
            "1 has cleaned up",
            "2 begins",
        ]
        await handled.end(2)
        assert handled.taken() == ["2 ends"]

    run(main())


# Its end ------------------------------------------------------------------------------


@pytest.mark.parametrize("leave", ["disconnect", "with"])
def test_disconnecting_lets_handlers_run_to_their_end(run, handled, leave):
    async def main():
        emitter = Emitter()
        connection = gawait.connect(emitter, "one", handled, concurrency="queue")
        await emit(emitter, 1, 2)
        if leave == "with":
            with connection as entered:
                assert entered is connection
        else:
            connection.disconnect()
            connection.disconnect()
        assert not is_connected(emitter)
        await emit(emitter, 3)
        await handled.end(1)
        await handled.end(2)
        assert handled.taken() == ["1 begins", "1 ends", "2 begins", "2 ends"]

    run(main())


@pytest.mark.parametrize("concurrency", ["all", "one", "queue", "restart"])
@pytest.mark.parametrize("end", ["disconnect", "dispose", "dispose, and nobody has it"])
def test_its_end_cancels_when_it_was_asked_to(run, handled, concurrency, end):
    async def main():
        emitter = Emitter()
        connection = gawait.connect(
            emitter, "one", handled, concurrency=concurrency, cancel=True
        )
        await emit(emitter, 1)
        emitter.emit("one", 2)
        kept = None if "nobody" in end else connection
        del connection
        gc.collect()
        if end == "disconnect":
            kept.disconnect()
        else:
            emitter.run_dispose()
        await rounds()
        assert handled.taken() == ["1 begins", "1 is cancelled", "1 has cleaned up"]
        if kept is not None:
            kept.disconnect()
        emitter.emit("one", 3)
        await rounds()
        assert handled.taken() == []

    run(main())


def test_a_handler_may_disconnect_itself(run):
    async def main():
        async def handler(emitter, number):
            connection.disconnect()
            try:
                await asyncio.sleep(0)
            finally:
                ended.append(number)

        ended = []
        for cancel in False, True:
            emitter = Emitter()
            connection = gawait.connect(emitter, "one", handler, cancel=cancel)
            await emit(emitter, 1)
            assert not is_connected(emitter)
        return ended

    assert run(main()) == [1, 1]


def test_it_lasts_when_nobody_has_it_and_does_not_keep_the_object(run, handled):
    class Window(Emitter):
        def __init__(self, cancel):
            super().__init__()
            gawait.connect(self, "one", self.handle, cancel=cancel)

        async def handle(self, emitter, number):
            handled.events.append(number)

    async def main(cancel):
        window = Window(cancel)
        gc.collect()
        await emit(window, 1)
        assert handled.taken() == [1]
        gone = weakref.ref(window)
        del window
        gc.collect()
        assert gone() is None

    for cancel in False, True:
        run(main(cancel))


def test_the_end_of_a_loop_takes_along_what_waits(handled, recwarn):
    async def first():
        await emit(emitter, 1, 2)

    async def second():
        await emit(emitter, 3)
        await handled.end(3)

    for concurrency, left in ("queue", 1), ("restart", 2):
        emitter = Emitter()
        gawait.connect(emitter, "one", handled, concurrency=concurrency)
        gawait.run(first())
        assert handled.taken()[-1] == f"{left} has cleaned up"
        gawait.run(second())
        assert handled.taken() == ["3 begins", "3 ends"]
    gc.collect()
    assert not recwarn.list


def test_a_loop_that_was_closed_leaves_nothing_running(handled):
    loop = gawait.new_event_loop()
    emitter = Emitter()
    gawait.connect(emitter, "one", handled, concurrency="one")
    loop.run_until_complete(emit(emitter, 1))
    loop.set_exception_handler(lambda *_: None)
    loop.close()

    async def main():
        await emit(emitter, 2)
        await handled.end(2)

    gawait.run(main())
    assert handled.taken() == ["1 begins", "2 begins", "2 ends"]


def test_a_thread_may_disconnect(run, handled):
    async def main():
        emitter = Emitter()
        connection = gawait.connect(emitter, "one", handled, cancel=True)
        await emit(emitter, 1)
        await asyncio.to_thread(connection.disconnect)
        await rounds()
        assert handled.taken()[1] == "1 is cancelled"

    run(main())


def test_it_is_found_by_its_handler(run, seen, note):
    async def main():
        emitter = Emitter()
        connection = gawait.connect(emitter, "one", note)
        emitter.handler_block_by_func(note)
        await emit(emitter, 1)
        emitter.handler_unblock_by_func(note)
        await emit(emitter, 2)
        emitter.disconnect_by_func(note)
        await emit(emitter, 3)
        assert seen == [(emitter, 2)]
        connection.disconnect()

    run(main())


def test_it_is_disconnected_though_python_had_forgotten_the_object(note):
    emitters = Gio.ListStore()
    emitters.append(Gio.SimpleAction.new("one", None))
    connection = gawait.connect(emitters[0], "activate", note)
    gc.collect()
    assert is_connected(emitters[0], "activate")
    connection.disconnect()
    assert not is_connected(emitters[0], "activate")


def test_what_is_disconnected_cannot_be_entered(note):
    connection = gawait.connect(Emitter(), "one", note)
    with pytest.raises(RuntimeError, match="note.* to signal 'one'.* cannot be entered"):
        with connection:
            pass


def test_it_tells_what_it_is(run, handled):
    async def main():
        emitter = Emitter()
        connection = gawait.connect(emitter, "one", handled, concurrency="queue")
        await emit(emitter, 1, 2, 3)
        told = "<gawait.connect of Handled() to signal 'one' of Emitter, 'queue', "
        assert repr(connection) == told + "connected, 1 running, 2 waiting>"
        connection.disconnect()
        for number in 1, 2, 3:
            await handled.end(number)
        assert repr(connection) == told + "disconnected, 0 running, 0 waiting>"

    run(main())


# Its answer ---------------------------------------------------------------------------


def test_the_answer_is_what_was_declared(run, handled):
    async def main():
        emitter = Emitter()
        for concurrency in "all", "one", "queue", "restart":
            with gawait.connect(
                emitter, "asks", handled, concurrency=concurrency, answer=True, cancel=True
            ):
                assert emitter.emit("asks", 1) is True
                assert emitter.emit("asks", 2) is True
        with gawait.connect(emitter, "asks", handled, cancel=True):
            assert emitter.emit("asks", 1) is False

    run(main())


def test_an_answer_that_does_not_fit_is_refused(note):
    emitter = Emitter()
    with pytest.raises(TypeError, match="'answer': signal 'one' wants nothing returned"):
        gawait.connect(emitter, "one", note, answer=True)
    with pytest.raises(TypeError, match="'answer': 'many' is no gint, which signal 'counts'"):
        gawait.connect(emitter, "counts", note, answer="many")
    with pytest.raises(TypeError, match="'answer': 'yes' is no gboolean, which signal 'asks'"):
        gawait.connect(emitter, "asks", note, answer="yes")
    assert not is_connected(emitter) and not is_connected(emitter, "counts")


def test_wrong_arguments_are_named(note):
    with pytest.raises(TypeError, match="'obj'.*GObject.Object, not str"):
        gawait.connect("emitter", "one", note)
    with pytest.raises(TypeError, match="'name'.*not int"):
        gawait.connect(Emitter(), 1, note)
    with pytest.raises(TypeError, match="'handler'.*a callable, not int"):
        gawait.connect(Emitter(), "one", 1)
    with pytest.raises(ValueError, match="'concurrency'.*'all', 'one', .*not 'some'"):
        gawait.connect(Emitter(), "one", note, concurrency="some")
    with pytest.raises(TypeError, match="unknown signal name: nothing"):
        gawait.connect(Emitter(), "nothing", note)


def test_nothing_leaks(run, count_objects):
    async def nothing(*arguments):
        await asyncio.sleep(0)

    async def repeat(times):
        for _ in range(times):
            emitter = Emitter()
            emitter.connect("one", nothing)
            for concurrency in "all", "one", "queue", "restart":
                gawait.connect(emitter, "one", nothing, concurrency=concurrency, cancel=True)
            await emit(emitter, 1, 2)

    run(repeat(5))
    before = [count_objects(kind) for kind in (Emitter, gawait.connect, asyncio.Task)]
    run(repeat(50))
    assert [count_objects(kind) for kind in (Emitter, gawait.connect, asyncio.Task)] == before
