"""Lists the Wi-Fi access points that NetworkManager knows, the strongest first."""

import sys

import gawait
from gawait import dbus
from gi.repository import Gio, GLib


class AccessPoint(dbus.Interface, name="org.freedesktop.NetworkManager.AccessPoint"):
    ssid = dbus.property(bytes)
    strength = dbus.property(dbus.Byte)


async def main() -> None:
    bus = await Gio.bus_get(Gio.BusType.SYSTEM)
    name = "org.freedesktop.NetworkManager"
    manager = dbus.ObjectManager.proxy(bus, name, "/org/freedesktop")
    points = await manager.proxies(AccessPoint, cached=True)
    found = [(await each.strength, await each.ssid) for each in points.values()]
    for strength, ssid in sorted(found, reverse=True):
        print(f"{strength:3} %  {ssid.decode(errors='replace')}")


try:
    gawait.run(main())
except (dbus.Error, GLib.Error) as error:
    sys.exit(f"access_points: {error}")
