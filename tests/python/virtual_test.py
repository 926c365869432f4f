"""Async virtual methods that are coroutines."""

import asyncio
import ctypes
import gc
import os
import weakref

import pytest

import gawait
from gawait import _native
from gi.repository import Gio, GLib, GObject


def io_error(code):
    return GLib.Error.new_literal(Gio.io_error_quark(), "message", code)


class Thing(GObject.Object, Gio.AsyncInitable):
    def __init__(self, error=None):
        super().__init__()
        self.error = error
        self.initialised = False
        self.cleaned = False
        self.priority = None

    async def do_init_async(self):
        self.priority = gawait.priority.get()
        await asyncio.sleep(0)
        if isinstance(self.error, asyncio.Event):
            try:
                await self.error.wait()
            finally:
                await asyncio.sleep(0)
                self.cleaned = True
        elif self.error:
            raise self.error
        self.initialised = True


class Source(Gio.InputStream):
    """Reads what it was given, at most seven bytes a time."""

    def __init__(self, data=b""):
        super().__init__()
        self.data = data
        self.closed = 0
        self.reading = 0
        self.gate = None

    async def do_read_async(self, count):
        self.reading += 1
        if self.gate:
            await self.gate.wait()
        await asyncio.sleep(0)
        size = min(count, 7)
        read, self.data = self.data[:size], self.data[size:]
        return read

    async def do_skip_async(self, count):
        skipped = min(count, len(self.data))
        self.data = self.data[skipped:]
        return skipped

    async def do_close_async(self):
        await asyncio.sleep(0)
        self.closed += 1


class Sink(Gio.OutputStream):
    def __init__(self):
        super().__init__()
        self.data = b""
        self.flushed = 0

    async def do_write_async(self, data):
        await asyncio.sleep(0)
        self.data += data[:5]
        return len(data[:5])

    async def do_flush_async(self):
        self.flushed += 1

    async def do_close_async(self):
        pass


TEXT = b"one line\nand another one that is longer\n"


def test_an_object_is_initialised_by_a_coroutine(run):
    async def main():
        thing = Thing()
        assert await thing.init_async(GLib.PRIORITY_LOW)
        return thing

    thing = run(main())
    assert thing.initialised and thing.priority == GLib.PRIORITY_LOW


def test_an_object_that_c_code_makes_is_initialised_by_a_coroutine(run):
    made = []

    class Made(Thing):
        def __init__(self):
            super().__init__()
            made.append(self)

    async def main():
        ended = asyncio.get_running_loop().create_future()
        gio = ctypes.CDLL("libgio-2.0.so.0")
        gio.g_async_initable_new_finish.restype = ctypes.c_void_p

        @ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        def ready(source, result, _):
            finished = gio.g_async_initable_new_finish(
                ctypes.c_void_p(source), ctypes.c_void_p(result), None
            )
            gio.g_object_unref(ctypes.c_void_p(finished))
            ended.set_result(finished)

        gtype = ctypes.c_size_t(hash(Made.__gtype__))
        gio.g_async_initable_new_async(gtype, 0, None, ready, None, None)
        assert not ended.done()
        assert await ended == hash(made[0])
        assert made[0].initialised

    run(main())
    assert len(made) == 1


def test_an_object_lives_until_its_coroutine_has_ended(run):
    async def main():
        thing, cancellable = Thing(asyncio.Event()), Gio.Cancellable()
        ended = asyncio.get_running_loop().create_future()
        ready = lambda source, result: ended.set_result(None)
        thing.init_async(0, cancellable, ready)
        seen = weakref.ref(thing)
        del thing
        await asyncio.sleep(0.01)
        gc.collect()
        assert seen() is not None and not ended.done()
        cancellable.cancel()
        await ended
        await asyncio.sleep(0.01)
        gc.collect()
        assert seen() is None

    run(main())


def test_a_coroutine_that_swallows_its_cancellation_is_cancelled_all_the_same(run):
    class Stubborn(GObject.Object, Gio.AsyncInitable):
        async def do_init_async(self):
            with pytest.raises(asyncio.CancelledError):
                await asyncio.Event().wait()

    async def main():
        stubborn, cancellable = Stubborn(), Gio.Cancellable()
        ended = asyncio.get_running_loop().create_future()
        stubborn.init_async(0, cancellable, lambda source, result: ended.set_result(result))
        await asyncio.sleep(0.01)
        cancellable.cancel()
        with pytest.raises(GLib.Error) as caught:
            stubborn.init_finish(await ended)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)

    run(main())


@pytest.mark.parametrize("other", ["another object", "another function"])
def test_a_result_that_is_not_its_own_is_a_critical(run_script, other):
    script = run_script(
        """
import sys
import gawait
from gawait import _native
from gi.repository import Gio, GLib, GObject

class Thing(GObject.Object, Gio.AsyncInitable):
    async def do_init_async(self):
        pass

    @gawait.async_method
    async def other(self):
        pass

one, another, results = Thing(), Thing(), []
ready = lambda source, result: results.append(result)
if sys.argv[1] == "another object":
    another.init_async(0, None, ready)
else:
    one.other_async(callback=ready)
while not results:
    GLib.MainContext.default().iteration(True)
one.init_finish(results[0])
print("accepted")
""",
        other,
    )
    assert script.returncode < 0 and script.stdout == ""
    assert ("g_task_is_valid" if other == "another object" else "is_tagged") in script.stderr


def test_the_callback_comes_in_a_later_iteration(run):
    async def main():
        ended = asyncio.get_running_loop().create_future()
        thing = Thing()
        thing.init_async(0, None, lambda source, result: ended.set_result((source, result)))
        assert not ended.done()
        source, result = await ended
        assert source is thing and thing.init_finish(result)

    run(main())


def test_what_is_cancelled_before_does_not_begin(run):
    async def main():
        thing, cancellable = Thing(), Gio.Cancellable()
        cancellable.cancel()
        with pytest.raises(GLib.Error) as caught:
            await thing.init_async(0, cancellable)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
        assert not thing.initialised

    run(main())


def test_a_glib_error_of_the_coroutine_comes_out(run):
    async def main():
        with pytest.raises(GLib.Error) as caught:
            await Thing(io_error(Gio.IOErrorEnum.BUSY)).init_async(0)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY)

    run(main())


def test_another_exception_is_reported_and_becomes_an_error(run):
    async def main():
        with pytest.raises(GLib.Error, match="ValueError: bad") as caught:
            await Thing(ValueError("bad")).init_async(0)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED)

    run(main(), expected_reports=1)


def test_whatever_is_raised_it_ends_with_an_error(loop, reports, odd_exception):
    exception, text = odd_exception

    class Broken(Gio.InputStream):
        async def do_read_async(self, count):
            raise exception

    async def main():
        for operation in Thing(exception).init_async(0), Broken().read_bytes_async(8):
            with pytest.raises(GLib.Error) as caught:
                await operation
            assert text in caught.value.message

    loop.run_until_complete(main())


def test_it_ends_though_no_task_can_be_made(run_script):
    finished = run_script(
        """
import asyncio, gawait
from gi.repository import Gio, GLib

class Source(Gio.InputStream):
    async def do_read_async(self, count):
        return b""

def refuse(loop, coroutine, **options):
    raise RuntimeError("no tasks")

async def main():
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    results = []
    loop.set_task_factory(refuse)
    Source().read_bytes_async(8, 0, None, lambda *all: (results.append(all), ended.set()))
    loop.set_task_factory(None)
    await ended.wait()
    await asyncio.sleep(0.01)
    ((source, result),) = results
    try:
        source.read_bytes_finish(result)
    except GLib.Error as error:
        print(error.message)

gawait.run(main())
"""
    )
    assert (finished.returncode, finished.stdout) == (
        0,
        "RuntimeError: no tasks\n",
    ), finished.stderr


def test_a_value_that_exits_when_it_is_asked_for_ends_it(loop):
    class Exit:
        def __index__(self):
            raise SystemExit("of the value")

    class Liar(Gio.OutputStream):
        async def do_write_async(self, data):
            return Exit()

    async def main():
        ended = asyncio.Event()
        Liar().write_bytes_async(GLib.Bytes.new(b"x"), 0, None, lambda *_: ended.set())
        await ended.wait()

    task = loop.create_task(main())
    with pytest.raises(SystemExit, match="of the value"):
        loop.run_until_complete(task)
    loop.run_until_complete(task)


def test_cancelling_cancels_the_coroutine_which_cleans_up_first(run):
    async def main():
        thing, cancellable = Thing(asyncio.Event()), Gio.Cancellable()
        ended = asyncio.get_running_loop().create_future()
        thing.init_async(0, cancellable, lambda source, result: ended.set_result(result))
        await asyncio.sleep(0.01)
        cancellable.cancel()
        assert not thing.cleaned
        result = await ended
        assert thing.cleaned
        with pytest.raises(GLib.Error) as caught:
            thing.init_finish(result)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)

    run(main())


def test_a_stream_is_read(run):
    async def main():
        source = Source(b"0123456789")
        first = await source.read_bytes_async(4)
        second = await source.read_bytes_async(100)
        last = await source.read_bytes_async(100)
        return first.get_data(), second.get_data(), last.get_data() or b""

    assert run(main()) == (b"0123", b"456789", b"")


def test_a_data_input_stream_reads_lines_of_it(run):
    async def main():
        lines = Gio.DataInputStream.new(Source(TEXT))
        return [line async for line in lines]

    assert run(main()) == TEXT.decode().splitlines()


def test_it_is_spliced_into_a_stream_of_c_and_closed(run):
    async def main():
        source, target = Source(TEXT * 50), Gio.MemoryOutputStream.new_resizable()
        flags = Gio.OutputStreamSpliceFlags
        size = await target.splice_async(source, flags.CLOSE_SOURCE | flags.CLOSE_TARGET)
        assert size == len(TEXT) * 50 and source.closed == 1 and source.is_closed()
        return target.steal_as_bytes().get_data()

    assert run(main()) == TEXT * 50


def test_it_is_spliced_into_a_stream_of_python(run):
    async def main():
        source, target = Source(TEXT), Sink()
        flags = Gio.OutputStreamSpliceFlags
        await target.splice_async(source, flags.CLOSE_SOURCE | flags.CLOSE_TARGET)
        return target.data

    assert run(main()) == TEXT


def test_it_is_skipped_and_closed(run):
    async def main():
        source = Source(b"0123456789")
        assert await source.skip_async(4) == 4
        assert await source.close_async(0)
        assert source.closed == 1 and source.is_closed()
        return source.data

    assert run(main()) == b"456789"


def test_a_stream_is_written_and_flushed(run):
    async def main():
        sink = Sink()
        assert await sink.write_bytes_async(GLib.Bytes.new(b"0123456789")) == 5
        assert await sink.flush_async(0)
        assert await sink.close_async(0)
        return sink

    sink = run(main())
    assert sink.data == b"01234" and sink.flushed >= 1


def test_a_read_is_cancelled(run):
    async def main():
        source = Source(TEXT)
        source.gate = asyncio.Event()
        lines = Gio.DataInputStream.new(source)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await lines.read_line_async(0)
        assert source.reading == 1 and not source.has_pending()
        source.gate.set()
        return (await lines.read_line_async(0))[0]

    assert run(main()) == b"one line"


def test_an_error_of_a_read_comes_out_of_what_c_code_does_with_the_stream(run):
    class Broken(Gio.InputStream):
        async def do_read_async(self, count):
            await asyncio.sleep(0)
            raise io_error(Gio.IOErrorEnum.BROKEN_PIPE)

    async def main():
        lines = Gio.DataInputStream.new(Broken())
        target = Gio.MemoryOutputStream.new_resizable()
        for operation in (
            lines.read_line_async(0),
            target.splice_async(Broken(), Gio.OutputStreamSpliceFlags.NONE),
        ):
            with pytest.raises(GLib.Error) as caught:
                await operation
            assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BROKEN_PIPE)
        assert not lines.has_pending()

    run(main())


@pytest.mark.parametrize("value", [b"far too many bytes", "text", None, 3], ids=repr)
def test_a_read_that_returns_nonsense_fails_and_is_reported(run, value):
    class Liar(Gio.InputStream):
        async def do_read_async(self, count):
            return value

    async def main():
        with pytest.raises(GLib.Error, match="Error: "):
            await Liar().read_bytes_async(8)

    run(main(), expected_reports=1)


@pytest.mark.parametrize("value", [-1, 0, 9, None, 2**80, "text"], ids=repr)
def test_a_write_that_returns_nonsense_fails_and_is_reported(run, value):
    class Liar(Gio.OutputStream):
        async def do_write_async(self, data):
            return value

    async def main():
        with pytest.raises(GLib.Error, match="Error: "):
            await Liar().write_bytes_async(GLib.Bytes.new(b"8 bytes."))

    run(main(), expected_reports=1)


def test_a_subclass_overrides_the_coroutine(run):
    class Shouting(Source):
        async def do_read_async(self, count):
            return (await super().do_read_async(count)).upper()

    async def main():
        return await Gio.DataInputStream.new(Shouting(TEXT)).read_line_async(0)

    assert run(main())[0] == b"ONE LINE"


def test_a_subclass_inherits_the_coroutine(run):
    class Inherits(Source):
        pass

    async def main():
        return await Gio.DataInputStream.new(Inherits(TEXT)).read_line_async(0)

    assert run(main())[0] == b"one line"


def test_other_classes_are_as_they_were(run):
    async def main():
        stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"c"))
        return (await stream.read_bytes_async(4)).get_data()

    assert run(main()) == b"c"


def test_a_class_cannot_change_an_interface_that_it_shares_with_its_parent():
    with pytest.raises(TypeError, match="GAsyncInitable among its base classes"):

        class Proxy(Gio.DBusProxy):
            async def do_init_async(self):
                pass


def test_it_runs_where_nobody_runs_a_loop():
    thing, results = Thing(), []
    thing.init_async(0, None, lambda source, result: results.append(result))
    while not results:
        GLib.MainContext.default().iteration(True)
    assert thing.init_finish(results[0]) and thing.initialised


def test_a_coroutine_that_has_the_name_of_no_virtual_method_is_left_alone(run):
    class Mine(GObject.Object):
        async def do_something(self):
            return "done"

    assert run(Mine().do_something()) == "done"


# Awaited, and called back ---------------------------------------------------------------


async def told_by_callback(thing, cancellable=None):
    ended = asyncio.get_running_loop().create_future()
    thing.init_async(0, cancellable, lambda source, result: ended.set_result(result))
    return thing.init_finish(await ended)


async def told_by_await(thing, cancellable=None):
    return await thing.init_async(0, cancellable)


async def outcome_of(told):
    try:
        return await told
    except GLib.Error as error:
        return error.domain, error.code, error.message
    except BaseException as error:
        return type(error), str(error)


class Returning(GObject.Object, Gio.AsyncInitable):
    def __init__(self, value):
        super().__init__()
        self.value = value

    async def do_init_async(self):
        return self.value


@pytest.mark.parametrize(
    "make",
    [
        lambda: Thing(),
        lambda: Returning(True),
        lambda: Returning(7),
        lambda: Thing(io_error(Gio.IOErrorEnum.BUSY)),
        lambda: Thing(OSError(2, "gone")),
        lambda: Thing(TimeoutError()),
        lambda: Thing(asyncio.CancelledError()),
        lambda: Thing(ValueError("bad")),
    ],
)
def test_awaited_it_ends_as_with_a_callback(loop, make):
    async def main(told):
        reported = []
        loop.set_exception_handler(
            lambda _loop, context: reported.append(
                (context["message"], str(context["exception"]))
            )
        )
        return await outcome_of(told(make())), reported

    assert loop.run_until_complete(main(told_by_await)) == loop.run_until_complete(
        main(told_by_callback)
    )


@pytest.mark.parametrize("rounds", [None, 1, 2, 4])
def test_a_cancellable_that_the_caller_cancels_ends_both_alike(loop, rounds):
    async def main(told):
        thing, cancellable = Thing(asyncio.Event()), Gio.Cancellable()
        if rounds is None:
            cancellable.cancel()
        outcome = asyncio.ensure_future(outcome_of(told(thing, cancellable)))
        for _ in range(rounds or 0):
            await asyncio.sleep(0)
        cancellable.cancel()
        return await outcome, thing.priority is None, thing.cleaned

    by_await = loop.run_until_complete(main(told_by_await))
    assert by_await == loop.run_until_complete(main(told_by_callback))
    assert by_await[0][1] == Gio.IOErrorEnum.CANCELLED


@pytest.mark.skipif(
    os.environ.get("GAWAIT_CALL_PLANS") == "0", reason="PyGObject calls it as C would"
)
def test_awaited_it_needs_no_task(run):
    class Looking(GObject.Object, Gio.AsyncInitable):
        async def do_init_async(self):
            (end,) = (each for each in gc.get_objects() if isinstance(each, _native.CallEnd))
            self.target = end.target

    async def main():
        looking = Looking()
        operation = looking.init_async(0)
        await operation
        assert looking.target is operation
        await told_by_callback(looking)
        assert isinstance(looking.target, Gio.Task)

    run(main())


def test_cancelling_what_awaits_it_waits_for_the_coroutine(run):
    async def main():
        thing = Thing(asyncio.Event())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await thing.init_async(0)
        assert thing.cleaned

    run(main())


@pytest.mark.parametrize("told", [told_by_await, told_by_callback])
def test_a_method_that_is_none_of_the_class_is_awaited_or_is_the_failure(run, told):
    async def main():
        thing, future = Thing(), asyncio.get_running_loop().create_future()
        thing.do_init_async = lambda: future
        asyncio.get_running_loop().call_later(0.01, future.set_result, None)
        assert await told(thing)
        thing.do_init_async = lambda too_many: None
        with pytest.raises(GLib.Error, match="TypeError: .*too_many"):
            await told(thing)

    run(main(), expected_reports=1)


# What is refused, and what is left -----------------------------------------------------


def asynchronous(name):
    async def method(self, *_):
        pass

    return {name: method}


@pytest.mark.parametrize(
    "base, method, signals",
    [
        (Gio.Application, "do_activate", {}),
        (Gio.ListModel, "do_get_n_items", {}),
        (
            GObject.Object,
            "do_ring_once",
            {"ring-once": (GObject.SignalFlags.RUN_LAST, None, ())},
        ),
    ],
)
def test_a_virtual_method_that_nobody_would_await_is_refused(base, method, signals):
    bases = (GObject.Object, base) if base is Gio.ListModel else (base,)
    with pytest.raises(TypeError, match=rf"Refused\.{method}\(\): .* cannot be an async def"):
        type(GObject.Object)(
            "Refused",
            bases,
            asynchronous(method) | {"__gsignals__": signals, "__module__": __name__},
        )


def test_nothing_is_left(run, count_objects):
    async def main():
        for _ in range(20):
            await Gio.DataInputStream.new(Source(TEXT)).read_line_async(0)
            with pytest.raises(GLib.Error):
                await Thing(io_error(1)).init_async(0)
        await asyncio.sleep(0.01)
        return weakref.ref(Source())

    def counts():
        return [count_objects(each) for each in (Gio.Task, Source, Thing, Gio.DataInputStream)]

    before = counts()
    assert run(main())() is None
    gc.collect()
    assert counts() == before
