"""A service on the session bus whose methods are async def. Prints its name when it has that."""

import asyncio
import os

from gawait import dbus
from gi.repository import Gio, GLib

NAME = "org.example.Words"
PATH = "/org/example/Words"

XML = f"""
<interface name="{NAME}">
  <method name="Meet">
    <arg name="count" type="u" direction="in"/>
    <arg name="met" type="u" direction="out"/>
  </method>
  <method name="Select">
    <arg name="words" type="as" direction="in"/>
    <arg name="least" type="u" direction="in"/>
    <arg name="selected" type="as" direction="out"/>
    <arg name="lengths" type="a{{su}}" direction="out"/>
  </method>
  <method name="LookUp">
    <arg name="word" type="s" direction="in"/>
    <arg name="meaning" type="s" direction="out"/>
  </method>
  <method name="Size">
    <arg name="path" type="s" direction="in"/>
    <arg name="bytes" type="t" direction="out"/>
  </method>
  <method name="Wait">
    <arg name="who" type="s" direction="in"/>
  </method>
  <signal name="Began"><arg name="who" type="s"/></signal>
  <signal name="Cancelled"><arg name="who" type="s"/></signal>
  <property name="Language" type="s" access="readwrite"/>
</interface>
"""


class Words:
    def __init__(self):
        self.language = "en"
        self._guests = 0
        self._all_here = asyncio.Event()

    async def meet(self, count):
        """Return once so many have called."""
        self._guests += 1
        if self._guests == count:
            self._guests = 0
            self._all_here.set()
            self._all_here = asyncio.Event()
        else:
            await self._all_here.wait()
        return count

    async def select(self, words, least):
        await asyncio.sleep(0.001)
        selected = [each for each in words if len(each) >= least]
        return selected, {each: len(each) for each in selected}

    async def look_up(self, word):
        await asyncio.sleep(0.001)
        raise dbus.Error(f"{NAME}.Error.Unknown", f"no word is {word!r}")

    async def size(self, path):
        return await asyncio.to_thread(os.path.getsize, path)

    async def wait(self, who):
        """Wait until the call is cancelled."""
        self.exported.emit("Began", who)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.exported.emit("Cancelled", who)
            raise


async def main():
    bus = await Gio.bus_get(Gio.BusType.SESSION)
    words = Words()
    with dbus.export(bus, PATH, words, XML) as words.exported:
        await bus.call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "RequestName",
            GLib.Variant("(su)", (NAME, 0)),
            None,
            Gio.DBusCallFlags.NONE,
            -1,
        )
        print(NAME, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
