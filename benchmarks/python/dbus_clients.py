"""Clients of D-Bus on the session bus, by each of the libraries that are measured.

Each is a class, of which connect() gives one that is connected to a service of dbus_service.cpp.
Then call() calls a method of the message bus itself, which answers with ANSWER, and read() reads a
property of the service; both return an awaitable of a str. receive() lets the service emit so many
signals, and returns the value of the last.
"""

import asyncio

BUS = ANSWER = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
METHOD = "GetNameOwner"
PATH = "/org/example/Service"
INTERFACE = "org.example.Service"
PROPERTIES = "org.freedesktop.DBus.Properties"
NO_TIMEOUT = -1


class Countdown:
    """Awaits so many signals that a callback is called with."""

    def expect(self, number):
        self._left = number
        self._last = asyncio.get_running_loop().create_future()
        return self._last

    def came(self, value):
        self._left -= 1
        if not self._left:
            self._last.set_result(value)


class Proxy:
    """gawait's, with classes."""

    @staticmethod
    async def connection():
        from gawait import dbus
        from gi.repository import Gio

        return await dbus.connect(Gio.BusType.SESSION)

    @classmethod
    async def connect(cls, service):
        from gawait import dbus

        class Bus(dbus.Interface, name=BUS):
            @dbus.method
            async def get_name_owner(self, name: str) -> str:
                ...

        class Service(dbus.Interface, name=INTERFACE):
            @dbus.method
            async def emit(self, number: dbus.UInt32) -> None:
                ...

            @dbus.property
            def text(self) -> str:
                ...

            happened = dbus.signal(str)

        self = cls()
        connection = await self.connection()
        self._bus = Bus.proxy(connection, BUS, BUS_PATH)
        self._service = Service.proxy(connection, service, PATH)
        return self

    def call(self):
        return self._bus.get_name_owner(BUS)

    def read(self):
        return self._service.text.get()

    async def receive(self, number):
        with self._service.happened.subscribe() as happened:
            await self._service.emit(number)
            for _ in range(number):
                value = await anext(happened)
        return value


class SharedProxy(Proxy):
    """The same on the connection that all of a process share, which is GDBus's."""

    @staticmethod
    async def connection():
        from gi.repository import Gio

        return await Gio.bus_get(Gio.BusType.SESSION)


class Callbacks:
    """Gio.DBusConnection with callbacks, which complete futures."""

    @classmethod
    async def connect(cls, service):
        from gi.repository import Gio, GLib

        self = cls()
        self._connection = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        self._service = service
        self._happened = Countdown()
        self._connection.signal_subscribe(
            service,
            INTERFACE,
            "Happened",
            PATH,
            None,
            Gio.DBusSignalFlags.NONE,
            lambda *arguments: self._happened.came(arguments[5].unpack()[0]),
        )
        self._variant, self._no_flags = GLib.Variant, Gio.DBusCallFlags.NONE
        self._text, self._box = GLib.VariantType("(s)"), GLib.VariantType("(v)")
        self._error, self._new_cancellable = GLib.Error, Gio.Cancellable
        return self

    def call(self):
        arguments = self._variant("(s)", (BUS,))
        return self._begin(BUS, BUS_PATH, BUS, METHOD, arguments, self._text)

    def read(self):
        arguments = self._variant("(ss)", (INTERFACE, "Text"))
        return self._begin(self._service, PATH, PROPERTIES, "Get", arguments, self._box)

    async def receive(self, number):
        last = self._happened.expect(number)
        arguments = self._variant("(u)", (number,))
        await self._connection.call(
            self._service,
            PATH,
            INTERFACE,
            "Emit",
            arguments,
            None,
            self._no_flags,
            NO_TIMEOUT,
            None,
        )
        return await last

    def _begin(self, *call):
        future = asyncio.get_running_loop().create_future()
        self._connection.call(
            *call,
            self._no_flags,
            NO_TIMEOUT,
            self._new_cancellable(),
            self._on_answer,
            future,
        )
        return future

    def _on_answer(self, connection, result, future):
        try:
            future.set_result(connection.call_finish(result).unpack()[0])
        except self._error as failure:
            future.set_exception(failure)


class Awaits(Callbacks):
    """The same without a callback."""

    async def _begin(self, *call):
        answer = await self._connection.call(*call, self._no_flags, NO_TIMEOUT, None)
        return answer.unpack()[0]


class DBusNext:
    """By messages: of all that it has, they do least."""

    @classmethod
    async def connect(cls, service):
        from dbus_next import BusType, Message
        from dbus_next.aio import MessageBus

        return await cls().connect_by(BusType, Message, MessageBus, service)

    async def connect_by(self, BusType, Message, MessageBus, service):
        self._bus = await MessageBus(bus_type=BusType.SESSION).connect()
        self._message, self._service = Message, service
        self._happened = Countdown()
        self._bus.add_message_handler(self._came)
        rule = f"type='signal',sender='{service}',interface='{INTERFACE}',member='Happened'"
        await self._ask(BUS, BUS_PATH, BUS, "AddMatch", "s", rule)
        return self

    def _came(self, message):
        if message.member == "Happened" and message.interface == INTERFACE:
            self._happened.came(message.body[0])

    async def call(self):
        return await self._ask(BUS, BUS_PATH, BUS, METHOD, "s", BUS)

    async def read(self):
        what = INTERFACE, "Text"
        return (await self._ask(self._service, PATH, PROPERTIES, "Get", "ss", *what)).value

    async def receive(self, number):
        last = self._happened.expect(number)
        await self._ask(self._service, PATH, INTERFACE, "Emit", "u", number)
        return await last

    async def _ask(self, destination, path, interface, member, signature, *arguments):
        answer = await self._bus.call(
            self._message(
                destination=destination,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=list(arguments),
            )
        )
        return answer.body[0] if answer.body else None


class DBusFast(DBusNext):
    """It has dbus-next's interface."""

    @classmethod
    async def connect(cls, service):
        from dbus_fast import BusType, Message
        from dbus_fast.aio import MessageBus

        return await cls().connect_by(BusType, Message, MessageBus, service)


class SdBus:
    @classmethod
    async def connect(cls, service):
        from sdbus import (
            DbusInterfaceCommonAsync,
            dbus_method_async,
            dbus_property_async,
            dbus_signal_async,
            sd_bus_open_user,
        )

        class Service(DbusInterfaceCommonAsync, interface_name=INTERFACE):
            @dbus_method_async("u", method_name="Emit")
            async def emit(self, number: int) -> None:
                raise NotImplementedError

            @dbus_property_async("s", property_name="Text")
            def text(self) -> str:
                raise NotImplementedError

            @dbus_signal_async("s", signal_name="Happened")
            def happened(self) -> str:
                raise NotImplementedError

        self = cls()
        self._bus = sd_bus_open_user()
        self._service = Service.new_proxy(service, PATH, self._bus)
        return self

    async def call(self):
        message = self._bus.new_method_call_message(BUS, BUS_PATH, BUS, METHOD)
        message.append_data("s", BUS)
        return (await self._bus.call_async(message)).get_contents()

    async def read(self):
        return await self._service.text

    async def receive(self, number):
        happened = aiter(self._service.happened)
        first = asyncio.ensure_future(anext(happened))
        await asyncio.sleep(0)  # it has subscribed by then
        await self._service.emit(number)
        value = await first
        for _ in range(number - 1):
            value = await anext(happened)
        return value


CLIENTS = {
    "proxy": Proxy,
    "shared_proxy": SharedProxy,
    "awaits": Awaits,
    "callbacks": Callbacks,
    "dbus_fast": DBusFast,
    "dbus_next": DBusNext,
    "sdbus": SdBus,
}
