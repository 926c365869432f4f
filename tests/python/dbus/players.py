"""An interface, what serves it, and help to be on a bus."""

import asyncio

from gawait import dbus
from gi.repository import Gio

NAME = "org.example.Player"


class Busy(dbus.Error, name="org.example.Error.Busy"):
    """The player is busy."""


class Player(dbus.Interface, name=NAME):
    """Plays."""

    @dbus.method
    async def seek(self, seconds: float) -> None:
        """Go there."""

    @dbus.method
    async def divide(self, one: int, by: int = 2) -> tuple[int, int]:
        ...

    @dbus.method
    async def wait(self) -> None:
        ...

    @dbus.method
    async def refuse(self, name: str) -> None:
        ...

    @dbus.method(no_reply=True)
    async def forget(self, what: str) -> None:
        ...

    @dbus.method(name="Repeat", deprecated=True)
    async def repeat_it(self, data: bytes, *, times: dbus.UInt32) -> bytes:
        ...

    @dbus.property
    def volume(self) -> float:
        ...

    @volume.setter
    def set_volume(self, value: float) -> None:
        ...

    title = dbus.property(str, writable=True)
    tags = dbus.property(list[str], emits="invalidates")
    serial = dbus.property(str, emits="const")
    position = dbus.property(float, emits=False)
    seeked = dbus.signal(float, arguments=["seconds"])
    moved = dbus.signal(str, int)
    stopped = dbus.signal()


class Radio(Player, dbus.Object):
    def __init__(self):
        self.level = 0.5
        self.title = "none"
        self.tags = ["a"]
        self.serial = "1234"
        self.position = 0.0
        self.waiting = self.cancelled = 0
        self.gate = asyncio.Event()
        self.forgotten = []
        self.calls = []

    async def seek(self, seconds: float) -> None:
        self.seeked(seconds)

    def divide(self, one, by):
        return divmod(one, by)

    async def wait(self) -> None:
        self.waiting += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting -= 1

    async def refuse(self, name: str) -> None:
        self.calls.append(dbus.current_call())
        if name == Busy.dbus_error_name:
            raise Busy("later")
        raise dbus.Error(name, "refused")

    async def forget(self, what: str) -> None:
        self.forgotten.append((what, dbus.current_call().expects_reply))

    async def repeat_it(self, data: bytes, *, times: int) -> bytes:
        return data * times

    @dbus.property
    def volume(self) -> float:
        return self.level

    @volume.setter
    def set_volume(self, value: float) -> None:
        if value > 1:
            raise Busy("too loud")
        self.level = value


async def connect_by_gdbus(address):
    flags = Gio.DBusConnectionFlags
    return await Gio.DBusConnection.new_for_address(
        address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None
    )


connect_by = connect_by_gdbus  # conftest.py has all tests run with the other as well


async def connect(address):
    return await connect_by(address)


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


def proxy_of(service, client, interface=Player, **options):
    return interface.proxy(client, service.get_unique_name(), "/radio", **options)
