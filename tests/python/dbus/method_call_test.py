"""Calls of methods by types, without a frame of Python's."""

import asyncio
import enum
import functools
import gc
import os
import threading

import pytest

from players import connect, connect_by_gdbus

import gawait
from gawait import dbus
from gawait._native import call_dbus_method
from gawait.dbus.types import results_of, tuple_of, type_of
from gi.repository import Gio, GLib

BUS = "org.freedesktop.DBus"
PATH = "/org/example/Object"
INTERFACE = "org.example.Interface"
NOTHING = tuple_of([])
TEXT = tuple_of([type_of(str)], ["name"])
DEFAULT_TIMEOUT = -1


class Served:
    def __init__(self):
        self.gate = asyncio.Event()
        self.ended = False

    async def options(self, of: dict[str, object]) -> dict[str, object]:
        return {**of, "more": [1, 2]}

    async def divide(self, one: int, by: int) -> tuple[int, int]:
        return divmod(one, by)

    async def wait(self) -> None:
        try:
            await self.gate.wait()
        finally:
            self.ended = True

    async def write(self, file: dbus.FileDescriptor, text: str) -> dbus.FileDescriptor:
        os.write(file.fileno(), text.encode())
        return file


@pytest.fixture
def on_bus(run, session_bus):
    """Runs a coroutine with a client, and what calls a method of an object that is exported."""

    def run_test(test, **options):
        async def main():
            server, client = await connect(session_bus), await connect(session_bus)
            served = Served()

            def call(member, arguments, reply, *values, timeout=DEFAULT_TIMEOUT):
                target = server.get_unique_name(), PATH, INTERFACE, member
                return call_dbus_method(client, *target, arguments, reply, 0, timeout, *values)

            call.client, call.served = client, served
            try:
                with dbus.export(server, PATH, served, INTERFACE):
                    return await test(call)
            finally:
                for each in (client, server):
                    if not each.is_closed():
                        await each.close()

        return run(main(), **options)

    return run_test


def owner_of(connection, name):
    target = BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner"
    return call_dbus_method(connection, *target, TEXT, results_of(str), 0, -1, name)


def test_a_call_gives_what_the_reply_unpacks(on_bus):
    async def test(call):
        two = tuple_of([type_of(int)] * 2)
        options = tuple_of([type_of(dict[str, object])])
        operation = owner_of(call.client, BUS)
        assert isinstance(operation, gawait.Operation)
        return (
            await operation,
            await call("Divide", two, results_of(tuple[int, int]), 7, 2),
            await call("Options", options, results_of(dict[str, object]), {"a": b"x"}),
        )

    assert on_bus(test) == (BUS, (3, 1), {"a": b"x", "more": [1, 2]})


def test_all_but_the_values_can_be_bound(on_bus):
    async def test(call):
        target = BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner"
        method = functools.partial(
            call_dbus_method, call.client, *target, TEXT, results_of(str), 0, -1
        )
        return await asyncio.gather(*(method(BUS) for _ in range(100)))

    assert on_bus(test) == [BUS] * 100


def test_an_error_of_the_callee_is_the_GLib_Error(on_bus):
    async def test(call):
        with pytest.raises(GLib.Error) as caught:
            await owner_of(call.client, "org.example.Nobody")
        return Gio.DBusError.get_remote_error(caught.value)

    assert on_bus(test) == "org.freedesktop.DBus.Error.NameHasNoOwner"


def test_a_reply_of_another_type_is_an_error(on_bus):
    async def test(call):
        with pytest.raises(GLib.Error) as caught:
            await call("Divide", tuple_of([type_of(int)] * 2), results_of(str), 7, 2)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.INVALID_ARGUMENT)

    on_bus(test)


def test_a_value_that_does_not_fit_is_refused_at_once_by_name(on_bus):
    async def test(call):
        for values, text in [
            ((5,), r"argument 'name' of Divide\(\): expected str, not int"),
            ((), r"Divide\(\): expected 1 values, not 0"),
        ]:
            with pytest.raises(TypeError, match=f"^{text}$"):
                call("Divide", TEXT, NOTHING, *values)

    on_bus(test)


def test_a_call_that_is_cancelled_ends_when_GLib_has_ended_it(on_bus):
    async def test(call):
        operation = call("Wait", NOTHING, results_of(None))
        task = asyncio.ensure_future(operation)
        await asyncio.sleep(0.01)
        assert operation.cancel("enough")
        assert not operation.done()
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task
        waiting = call("Wait", NOTHING, results_of(None))
        waiting.cancellable.cancel()
        with pytest.raises(GLib.Error) as caught:
            await waiting
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call("Wait", NOTHING, results_of(None)), 0.01)
        call.served.gate.set()

    on_bus(test)


def test_a_call_that_takes_too_long_is_an_error(on_bus):
    async def test(call):
        with pytest.raises(GLib.Error) as caught:
            await call("Wait", NOTHING, results_of(None), timeout=1)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)
        call.served.gate.set()

    on_bus(test)


def test_a_call_on_a_closed_connection_is_an_error(on_bus):
    async def test(call):
        await call.client.close()
        with pytest.raises(GLib.Error) as caught:
            await owner_of(call.client, BUS)
        assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED)

    on_bus(test)


def test_file_descriptors_go_both_ways(on_bus, tmp_path):
    async def test(call):
        arguments = tuple_of([type_of(dbus.FileDescriptor), type_of(str)])
        with open(tmp_path / "file", "w") as file:
            received = await call(
                "Write", arguments, results_of(dbus.FileDescriptor), file, "one"
            )
        os.write(received.fileno(), b"two")

    on_bus(test)
    assert (tmp_path / "file").read_text() == "onetwo"


def test_an_error_of_unpacking_is_that_of_the_call(on_bus):
    class Few(enum.IntEnum):
        ONE = 1

    async def test(call):
        reply = results_of(tuple[int, Few])
        with pytest.raises(ValueError, match="5 is not a valid"):
            await call("Divide", tuple_of([type_of(int)] * 2), reply, 11, 6)

    on_bus(test)


@pytest.mark.parametrize(
    "change, error, text",
    [
        ({0: None}, TypeError, "'connection': expected Gio.DBusConnection, not NoneType"),
        ({1: "no name"}, ValueError, "'destination': 'no name' is not valid"),
        ({1: 5}, TypeError, "'destination': expected str, not int"),
        ({2: "no path"}, ValueError, "'path': 'no path' is not valid"),
        ({2: "/\0"}, ValueError, r"'path': '/\\x00' has a null character"),
        ({3: "interface"}, ValueError, "'interface': 'interface' is not valid"),
        ({4: "no.member"}, ValueError, "'member': 'no.member' is not valid"),
        ({5: type_of(int)}, TypeError, "'arguments': expected the type of a message"),
        ({6: None}, TypeError, "'reply': expected the type of a message"),
        ({7: "x"}, TypeError, "int"),
        ({7: -1}, ValueError, "'flags': -1 is not between 0 and"),
        ({8: -2}, ValueError, "'timeout_ms': -2 is not between -1 and"),
        ({8: 2**40}, ValueError, "'timeout_ms': 1099511627776 is not between"),
        ({8: 2**80}, OverflowError, "int"),
    ],
)
def test_what_is_wrong_with_a_call_is_named(on_bus, change, error, text):
    async def test(call):
        given = [call.client, BUS, "/", BUS, "Hello", NOTHING, NOTHING, 0, -1]
        for index, value in change.items():
            given[index] = value
        with pytest.raises(error, match=text):
            call_dbus_method(*given)

    on_bus(test)
    with pytest.raises(TypeError, match="at least 9 arguments, not 0"):
        call_dbus_method()


def test_a_call_needs_a_loop_of_gawait(session_bus):
    connection = gawait.run(connect_by_gdbus(session_bus))
    with pytest.raises(RuntimeError, match="no running event loop"):
        owner_of(connection, BUS)

    async def call():
        with pytest.raises(RuntimeError, match="not gawait's"):
            owner_of(connection, BUS)

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(call())
    gawait.run(close(connection))


async def close(connection):
    await connection.close()


def test_a_call_may_come_from_the_loop_of_another_thread(session_bus):
    connection = gawait.run(connect_by_gdbus(session_bus))
    found = []

    async def call():
        found.append(await owner_of(connection, BUS))

    thread = threading.Thread(
        target=gawait.run, args=[call()], kwargs={"context": GLib.MainContext()}
    )
    thread.start()
    thread.join()
    assert found == [BUS]
    gawait.run(close(connection))


def test_nothing_is_left_of_a_call(on_bus, count_objects):
    async def test(call):
        async def work():
            for _ in range(20):
                await owner_of(call.client, BUS)
                with pytest.raises(GLib.Error):
                    await owner_of(call.client, "org.example.Nobody")
                with pytest.raises(TypeError):
                    owner_of(call.client, 5)

        await work()
        gc.collect()
        before = count_objects(gawait.Operation), call.client.ref_count
        await work()
        gc.collect()
        assert (count_objects(gawait.Operation), call.client.ref_count) == before

    on_bus(test)
