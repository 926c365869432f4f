"""Serves a method over D-Bus that gives back a text, on one event loop, until its input ends.

usage: dbus_service.py LOOP SERVICE

SERVICE  interface   gawait's, of a class that is the interface
         shared_interface   the same on the connection that all of a process share
         export      gawait's, of any object with the name of an interface
         dbus_fast, dbus_next

The bus is that of the session. Prints the service's unique name on it as its first line.
"""

import asyncio
import sys

import loops

PATH = "/org/example/Service"
INTERFACE = "org.example.Service"
STR = "s"  # as dbus-next annotates it


# Each of these exports an object, and returns the unique name and what keeps it.


async def interface():
    from gawait import dbus
    from gi.repository import Gio

    return serve_class(await dbus.connect(Gio.BusType.SESSION))


async def shared_interface():
    from gi.repository import Gio

    return serve_class(await Gio.bus_get(Gio.BusType.SESSION))


def serve_class(connection):
    from gawait import dbus

    class Service(dbus.Object, name=INTERFACE):
        @dbus.method
        async def echo(self, text: str) -> str:
            return text

    return connection.get_unique_name(), dbus.export(connection, PATH, Service())


async def export():
    from gawait import dbus
    from gi.repository import Gio

    class Service:
        async def echo(self, text: str) -> str:
            return text

    connection = await dbus.connect(Gio.BusType.SESSION)
    return connection.get_unique_name(), dbus.export(connection, PATH, Service(), INTERFACE)


async def dbus_fast():
    from dbus_fast import BusType
    from dbus_fast.aio import MessageBus
    from dbus_fast.service import ServiceInterface, method

    return await message_bus(BusType, MessageBus, ServiceInterface, method)


async def dbus_next():
    from dbus_next import BusType
    from dbus_next.aio import MessageBus
    from dbus_next.service import ServiceInterface, method

    return await message_bus(BusType, MessageBus, ServiceInterface, method)


async def message_bus(BusType, MessageBus, ServiceInterface, method):
    """dbus-fast has dbus-next's interface."""

    class Service(ServiceInterface):
        @method()
        async def Echo(self, text: STR) -> STR:
            return text

    bus = await MessageBus(bus_type=BusType.SESSION).connect()
    bus.export(PATH, Service(INTERFACE))
    return bus.unique_name, bus


SERVED = interface, shared_interface, export, dbus_fast, dbus_next
SERVICES = {each.__name__: each for each in SERVED}


def main():
    loop_name, service = sys.argv[1:]
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)
    name, serving = loop.run_until_complete(SERVICES[service]())
    loop.add_reader(sys.stdin, loop.stop)
    print(name, flush=True)
    loop.run_forever()
    del serving  # is kept until here


if __name__ == "__main__":
    main()
