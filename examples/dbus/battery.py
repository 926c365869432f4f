"""Follows the battery, as UPower tells of it, until Ctrl-C."""

import asyncio
import sys

import gawait
from gawait import dbus
from gi.repository import Gio, GLib

STATES = "unknown", "charging", "discharging", "empty", "full", "to charge", "to discharge"


class Device(dbus.Interface, name="org.freedesktop.UPower.Device"):
    percentage = dbus.property(float)
    is_present = dbus.property(bool)
    state = dbus.property(dbus.UInt32)


async def tell_percentages(battery: Device) -> None:
    async for percentage in battery.percentage:
        print(f"{percentage:.0f} %", flush=True)


async def tell_states(battery: Device) -> None:
    async for state in battery.state:
        print(STATES[state], flush=True)


async def main() -> None:
    bus = await Gio.bus_get(Gio.BusType.SYSTEM)
    path = "/org/freedesktop/UPower/devices/DisplayDevice"
    battery = Device.proxy(bus, "org.freedesktop.UPower", path)
    if not await battery.is_present:
        sys.exit("battery: there is none")
    await asyncio.gather(tell_percentages(battery), tell_states(battery))


try:
    gawait.run(main())
except (dbus.Error, GLib.Error) as error:
    sys.exit(f"battery: {error}")
except KeyboardInterrupt:
    pass
