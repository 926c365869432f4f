"""Does the work of a client of D-Bus again and again, and prints what it took as JSON.

usage: dbus_calls.py LOOP CLIENT WORK AT-ONCE SERVICE SECONDS

CLIENT   proxy       gawait's, with a class
         awaits      Gio.DBusConnection.call(), without a callback
         callbacks   the same with a callback that completes a future, by hand
         dbus_fast, dbus_next, sdbus
WORK     call        a method of the message bus itself
         property    of the service is read
         signals     of the service are received, so many emitted at once
SERVICE  dbus_service.cpp's name

The bus is that of the session.
"""

import asyncio
import json
import os
import sys

import loops
import timing
from dbus_clients import CLIENTS

TIMES = 500


async def repeat(begin, at_once):
    """So that nothing is between them: TIMES operations, so many at once."""
    if at_once == 1:
        for _ in range(TIMES):
            await begin()
    else:
        for _ in range(TIMES // at_once):
            await asyncio.gather(*[begin() for _ in range(at_once)])


async def check(client):
    """That all works, and answers what it has to."""
    answers = await client.call(), await client.read(), await client.receive(2)
    if answers != ("org.freedesktop.DBus", "some text", "some text"):
        raise AssertionError(answers)


def main():
    loop_name, client_name, work, at_once, service, seconds = sys.argv[1:]
    at_once = int(at_once)
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)
    client = loop.run_until_complete(CLIENTS[client_name].connect(service))
    loop.run_until_complete(check(client))
    times, begin = {
        "call": (TIMES, lambda: repeat(client.call, at_once)),
        "property": (TIMES, lambda: repeat(client.read, at_once)),
        "signals": (at_once, lambda: client.receive(at_once)),
    }[work]

    def run():
        loop.run_until_complete(begin())

    print(json.dumps(timing.of_one(run, times, float(seconds))), flush=True)
    os._exit(0)  # not all of them can close their connection


if __name__ == "__main__":
    main()
