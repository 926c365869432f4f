"""Calls a method of the message bus itself, and prints what a call took as JSON.

usage: dbus_calls.py LOOP CLIENT AT-ONCE SECONDS

CLIENT  awaits      Gio.DBusConnection.call(), without a callback
        callbacks   the same with a callback that completes a future, by hand
        dbus_fast, dbus_next, sdbus

The bus is that of the session.
"""

import asyncio
import json
import os
import sys

import loops
import timing

CALLS = 500
BUS = "org.freedesktop.DBus"
PATH = "/org/freedesktop/DBus"
METHOD = "GetNameOwner"
NO_TIMEOUT = -1


# Each of these gives a function that makes a call and returns an awaitable of the answer, a str.


async def awaits(_loop):
    from gi.repository import Gio, GLib

    arguments, reply, flags = gio_arguments()
    connection = await Gio.bus_get(Gio.BusType.SESSION, None)

    async def call():
        answer = await connection.call(
            BUS, PATH, BUS, METHOD, GLib.Variant(*arguments), reply, flags, NO_TIMEOUT, None
        )
        return answer.unpack()[0]

    return call


async def callbacks(loop):
    from gi.repository import Gio, GLib

    arguments, reply, flags = gio_arguments()
    connection = Gio.bus_get_sync(Gio.BusType.SESSION, None)

    def on_answer(connection, result, future):
        try:
            future.set_result(connection.call_finish(result).unpack()[0])
        except GLib.Error as failure:
            future.set_exception(failure)

    def call():
        future = loop.create_future()
        connection.call(
            BUS,
            PATH,
            BUS,
            METHOD,
            GLib.Variant(*arguments),
            reply,
            flags,
            NO_TIMEOUT,
            Gio.Cancellable(),
            on_answer,
            future,
        )
        return future

    return call


def gio_arguments():
    from gi.repository import Gio, GLib

    return ("(s)", (BUS,)), GLib.VariantType("(s)"), Gio.DBusCallFlags.NONE


async def dbus_fast(_loop):
    from dbus_fast import BusType, Message
    from dbus_fast.aio import MessageBus

    return await message_bus(BusType, Message, MessageBus)


async def dbus_next(_loop):
    from dbus_next import BusType, Message
    from dbus_next.aio import MessageBus

    return await message_bus(BusType, Message, MessageBus)


async def message_bus(BusType, Message, MessageBus):
    """dbus-fast has dbus-next's interface."""
    bus = await MessageBus(bus_type=BusType.SESSION).connect()

    async def call():
        answer = await bus.call(
            Message(
                destination=BUS,
                path=PATH,
                interface=BUS,
                member=METHOD,
                signature="s",
                body=[BUS],
            )
        )
        return answer.body[0]

    return call


async def sdbus(_loop):
    from sdbus import sd_bus_open_user

    bus = sd_bus_open_user()

    async def call():
        message = bus.new_method_call_message(BUS, PATH, BUS, METHOD)
        message.append_data("s", BUS)
        return (await bus.call_async(message)).get_contents()

    return call


CLIENTS = {each.__name__: each for each in (awaits, callbacks, dbus_fast, dbus_next, sdbus)}


def main():
    loop_name, client, at_once, seconds = sys.argv[1:]
    at_once = int(at_once)
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)
    call = loop.run_until_complete(CLIENTS[client](loop))
    answer = loop.run_until_complete(as_coroutine(call))
    if answer != BUS:
        raise AssertionError(answer)

    async def calls():
        if at_once == 1:
            for _ in range(CALLS):
                await call()
        else:
            for _ in range(CALLS // at_once):
                await asyncio.gather(*[call() for _ in range(at_once)])

    def run():
        loop.run_until_complete(calls())

    print(json.dumps(timing.of_one(run, CALLS, float(seconds))), flush=True)
    os._exit(0)  # not all of them can close their connection


async def as_coroutine(call):
    return await call()


if __name__ == "__main__":
    main()
