"""Awaiting signals of GObjects."""

import asyncio
import gc

import pytest

import gawait
from gi.repository import Gio, GLib, GObject


class Emitter(GObject.Object):
    __gsignals__ = {
        "none": (GObject.SignalFlags.RUN_LAST, None, ()),
        "one": (GObject.SignalFlags.RUN_LAST, None, (int,)),
        "two": (GObject.SignalFlags.RUN_LAST, None, (int, str)),
        "asks": (GObject.SignalFlags.RUN_LAST, bool, (int,)),
        "counts": (GObject.SignalFlags.RUN_LAST, int, ()),
        "detailed": (GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.DETAILED, None, (int,)),
    }
    title = GObject.Property(type=str)


def is_connected(emitter, name="one"):
    signal_id, detail = GObject.signal_parse_name(name, emitter, True)
    return GObject.signal_has_handler_pending(emitter, signal_id, detail, True)


# signal() ---------------------------------------------------------------------------


@pytest.mark.parametrize("name, arguments", [("none", ()), ("one", (1,)), ("two", (1, "two"))])
def test_signal_returns_the_arguments_without_the_emitter(run, name, arguments):
    async def main():
        emitter = Emitter()
        GLib.idle_add(emitter.emit, name, *arguments)
        return await gawait.signal(emitter, name)

    assert run(main()) == arguments


def test_signal_is_connected_at_the_call_and_until_it_came(run):
    async def main():
        emitter = Emitter()
        wait = gawait.signal(emitter, "one")
        assert is_connected(emitter)
        emitter.emit("one", 1)
        emitter.emit("one", 2)
        assert await wait == (1,)
        assert not is_connected(emitter)

    run(main())


def test_signal_takes_a_detail_and_notifications(run):
    async def main():
        emitter = Emitter()
        wait = gawait.signal(emitter, "detailed::this")
        emitter.emit("detailed::that", 1)
        emitter.emit("detailed::this", 2)
        assert await wait == (2,)
        changed = gawait.signal(emitter, "notify::title")
        emitter.title = "new"
        (pspec,) = await changed
        return pspec.name

    assert run(main()) == "title"


def test_signal_is_disconnected_when_the_wait_is_cancelled(run):
    async def main():
        emitter = Emitter()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await gawait.signal(emitter, "one")
        assert not is_connected(emitter)

    run(main())


def test_signal_is_disconnected_when_nobody_waits(run):
    async def main():
        emitter = Emitter()
        wait = gawait.signal(emitter, "one")
        assert is_connected(emitter)
        del wait
        gc.collect()
        assert not is_connected(emitter)

    run(main())


def test_an_emitter_may_be_disposed_before_the_wait_ends(run):
    async def main():
        emitter = Emitter()
        emissions = gawait.signals(emitter, "one")
        wait = gawait.signal(emitter, "one")
        emitter.run_dispose()
        emissions.close()
        wait.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wait

    run(main())


def test_signal_keeps_its_emitter(run):
    async def main():
        cancellable = Gio.Cancellable()
        wait = gawait.signal(cancellable, "cancelled")
        GLib.idle_add(cancellable.cancel)
        del cancellable
        gc.collect()
        return await wait

    assert run(main()) == ()


@pytest.mark.parametrize("name, answer", [("asks", False), ("counts", 0)])
def test_a_signal_that_asks_is_answered_with_nothing(run, capfd, name, answer):
    async def main():
        emitter = Emitter()
        arguments = (1,) if name == "asks" else ()
        wait = gawait.signal(emitter, name)
        assert emitter.emit(name, *arguments) == answer
        assert await wait == arguments

    run(main())
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("function", [gawait.signal, gawait.signals])
def test_an_unknown_signal_is_an_error_that_names_it(run, function):
    async def main():
        with pytest.raises(TypeError, match="unknown signal name: nothing"):
            function(Emitter(), "nothing")

    run(main())


@pytest.mark.parametrize("function", [gawait.signal, gawait.signals])
def test_a_wrong_argument_is_named(run, function):
    async def main():
        with pytest.raises(TypeError, match="'obj'.*GObject.Object, not str"):
            function("emitter", "one")
        with pytest.raises(TypeError, match="'name'.*not int"):
            function(Emitter(), 1)

    run(main())


@pytest.mark.parametrize("function", [gawait.signal, gawait.signals])
def test_a_loop_that_does_not_run_glib_is_refused(function):
    async def main():
        emitter = Emitter()
        with pytest.raises(RuntimeError, match=r"_UnixSelectorEventLoop.*use gawait.run\(\)"):
            function(emitter, "none")
        assert not is_connected(emitter, "none")

    asyncio.run(main())


@pytest.mark.parametrize("function", [gawait.signal, gawait.signals])
def test_a_signal_with_no_running_loop_is_an_error(function):
    with pytest.raises(RuntimeError, match="no running event loop"):
        function(Emitter(), "one")


# signals() ----------------------------------------------------------------------------


def test_signals_yields_each_emission_in_order(run):
    async def main():
        emitter, seen = Emitter(), []
        emissions = gawait.signals(emitter, "two")
        emitter.emit("two", 1, "before")
        async for number, text in emissions:
            seen.append((number, text))
            if number == 1:
                GLib.idle_add(emitter.emit, "two", 2, "later")
            elif number == 2:
                emitter.emit("two", 3, "within")
                emitter.emit("two", 4, "within")
            elif number == 4:
                emissions.close()
        return seen

    assert run(main()) == [(1, "before"), (2, "later"), (3, "within"), (4, "within")]


def test_signals_is_disconnected_when_the_loop_is_left(run):
    async def main():
        emitter = Emitter()
        GLib.idle_add(emitter.emit, "one", 1)
        async for (number,) in gawait.signals(emitter, "one"):
            assert is_connected(emitter)
            break
        gc.collect()
        assert not is_connected(emitter)
        return number

    assert run(main()) == 1


def test_signals_is_disconnected_when_the_task_that_iterates_is_cancelled(run):
    async def iterate(emitter):
        async for _ in gawait.signals(emitter, "one"):
            pass

    async def main():
        emitter = Emitter()
        task = asyncio.create_task(iterate(emitter))
        await asyncio.sleep(0)
        assert is_connected(emitter)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        assert not is_connected(emitter), "although there is the traceback"
        assert cancelled.value.__traceback__

    run(main())


def test_a_wait_for_signals_that_times_out_or_is_cancelled_ends_and_loses_nothing(run):
    async def main():
        emitter = Emitter()
        emissions = gawait.signals(emitter, "one")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(emissions)
        emitter.emit("one", 1)
        waiting = asyncio.ensure_future(anext(emissions))
        assert await waiting == (1,)
        waiting = asyncio.ensure_future(anext(emissions))
        await asyncio.sleep(0)
        emitter.emit("one", 2)
        waiting.cancel()  # when it has come already
        with pytest.raises(asyncio.CancelledError):
            await waiting
        emitter.emit("one", 3)
        assert [await anext(emissions), await anext(emissions)] == [(2,), (3,)]
        emissions.close()
        assert [each async for each in emissions] == []

    run(main())


@pytest.mark.parametrize("close", ["with", "async with", "close", "aclose"])
def test_signals_is_disconnected_when_it_is_closed(run, close):
    async def main():
        emitter = Emitter()
        emissions = gawait.signals(emitter, "one")
        emitter.emit("one", 1)
        if close == "with":
            with emissions:
                assert is_connected(emitter)
        elif close == "async with":
            async with emissions:
                assert is_connected(emitter)
        elif close == "close":
            emissions.close()
        else:
            await emissions.aclose()
        assert not is_connected(emitter)
        assert [each async for each in emissions] == [(1,)], "what came before is not lost"

    run(main())


def test_closing_ends_the_wait_of_another_task(run):
    async def main():
        emissions = gawait.signals(Emitter(), "one")

        async def collect():
            return [each async for each in emissions]

        task = asyncio.create_task(collect())
        await asyncio.sleep(0)
        emissions.close()
        assert await task == []

    run(main())


def test_each_emission_goes_to_one_of_several_iterating_tasks(run):
    async def main():
        emitter = Emitter()
        emissions = gawait.signals(emitter, "one")

        async def collect():
            return [each async for (each,) in emissions]

        tasks = [asyncio.create_task(collect()) for _ in range(3)]
        await asyncio.sleep(0)
        for number in range(100):
            emitter.emit("one", number)
            if number % 7 == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        emissions.close()
        return sorted(sum(await asyncio.gather(*tasks), []))

    assert run(main()) == list(range(100))


def test_signals_is_disconnected_after_its_event_loop(loop):
    async def main():
        return gawait.signals(emitter, "one")

    emitter = Emitter()
    emissions = loop.run_until_complete(main())
    loop.close()
    emitter.emit("one", 1)
    assert not is_connected(emitter)
    assert emissions is not None


def test_nothing_leaks(run, count_objects):
    async def repeat(times):
        for _ in range(times):
            emitter = Emitter()
            gawait.signal(emitter, "one")
            wait = gawait.signal(emitter, "one")
            emissions = gawait.signals(emitter, "one")
            emitter.emit("one", 1)
            await wait
            await anext(emissions)

    run(repeat(5))
    before = count_objects(Emitter)
    run(repeat(200))
    assert count_objects(Emitter) == before
