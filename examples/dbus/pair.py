"""pair.py ADDRESS: pairs a Bluetooth device that asks for no code, and connects it, by BlueZ."""

import asyncio
import sys

import gawait
from gawait import dbus
from gi.repository import Gio, GLib


class Adapter1(dbus.Interface, name="org.bluez.Adapter1"):
    @dbus.method
    async def start_discovery(self) -> None:
        ...


class Device1(dbus.Interface, name="org.bluez.Device1"):
    @dbus.method
    async def pair(self) -> None:
        ...

    @dbus.method
    async def connect(self) -> None:
        ...


async def main(path: str) -> None:
    bus = await Gio.bus_get(Gio.BusType.SYSTEM)
    manager = dbus.ObjectManager.proxy(bus, "org.bluez", "/")
    with manager.interfaces_added.subscribe() as added:
        if path not in await manager.get_managed_objects():
            await Adapter1.proxy(bus, "org.bluez", "/org/bluez/hci0").start_discovery()
            async with asyncio.timeout(30):
                while (await anext(added))[0] != path:
                    pass
    device = Device1.proxy(bus, "org.bluez", path, timeout=60)
    await device.pair()
    await device.connect()


try:
    gawait.run(main("/org/bluez/hci0/dev_" + sys.argv[1].upper().replace(":", "_")))
    print("paired and connected")
except (dbus.Error, GLib.Error, TimeoutError) as error:
    sys.exit(f"pair: {str(error) or 'there is no such device near'}")
