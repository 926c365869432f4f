"""Calls that C refuses with a critical, and never calls back for."""

import asyncio
import gc
import io

import pytest

import gawait
from gi.repository import Gio, GLib


def proxy_of_no_interface(bus_type):
    flags = Gio.DBusProxyFlags.NONE
    return Gio.DBusProxy.new_for_bus(bus_type, flags, None, "org.example", "/", "no interface")


def communicate_without_pipe():
    process = Gio.Subprocess.new(["true"], Gio.SubprocessFlags.NONE)
    return process.communicate_async(GLib.Bytes.new(b"text"))


refused = pytest.mark.parametrize(
    "start",
    [
        communicate_without_pipe,
        lambda: proxy_of_no_interface(Gio.BusType.SESSION),
        lambda: proxy_of_no_interface(2),  # by PyGObject
    ],
)


@refused
def test_a_time_limit_ends_it(run, start):
    async def main():
        async with asyncio.timeout(0.01):
            await start()

    with pytest.raises(TimeoutError):
        run(main())


@refused
def test_a_task_that_is_cancelled_ends(run, start):
    async def main():
        task = asyncio.create_task(start())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_it_ends_at_once_and_is_cancelled(run):
    async def main():
        operation = communicate_without_pipe()
        assert operation.cancel() and operation.cancelled()
        assert operation.cancellable.is_cancelled()
        assert not operation.cancel()

    run(main())


@refused
def test_its_task_is_shown_as_such(run, start):
    async def main():
        task = asyncio.create_task(start())
        await asyncio.sleep(0)
        to = io.StringIO()
        gawait.print_tasks(to)
        task.cancel()
        return to.getvalue()

    assert "ms, or refused: nobody has its cancellable\n" in run(main())


def test_it_lets_go_of_its_object_then(run):
    async def main():
        files = Gio.File.new_for_path("/").enumerate_children("*", Gio.FileQueryInfoFlags.NONE)
        gone = []
        files.weak_ref(gone.append, True)
        files.next_files_async(-1).cancel()
        del files
        gc.collect()
        return gone

    assert run(main()) == [True]


def test_one_that_has_begun_is_not_taken_for_it(run):
    async def main():
        listener = Gio.SocketListener()
        listener.add_any_inet_port(None)
        accepting = listener.accept_async()
        ignoring = gawait.call(lambda *_: None, finish=lambda result: None)
        waiting = asyncio.create_task(ignoring)
        also_waiting = asyncio.create_task(accepting)
        await asyncio.sleep(0)
        to = io.StringIO()
        gawait.print_tasks(to)
        assert "refused" not in to.getvalue()
        for task in waiting, also_waiting:
            task.cancel()
        assert not accepting.done()  # it ends when GIO has ended it
        await asyncio.wait([waiting], timeout=0.01)
        assert not waiting.done()  # it ignores that
        ignoring.set_result(None)

    run(main())
