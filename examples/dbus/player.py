# mypy: disable-error-code="empty-body"
"""Pauses a media player, or lets it go on: any that knows MPRIS, as most do."""

import asyncio
import sys
from typing import Any

import gawait
from gawait import dbus
from gi.repository import Gio, GLib


class DBus(dbus.Interface, name="org.freedesktop.DBus"):
    @dbus.method
    async def list_names(self) -> list[str]:
        ...


class Player(dbus.Interface, name="org.mpris.MediaPlayer2.Player"):
    @dbus.method
    async def play_pause(self) -> None:
        ...

    playback_status = dbus.property(str)
    metadata = dbus.property(dict[str, Any])


async def main() -> None:
    bus = await Gio.bus_get(Gio.BusType.SESSION)
    daemon = DBus.proxy(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus")
    names = [each for each in await daemon.list_names() if each.startswith("org.mpris.")]
    if not names:
        sys.exit("player: there is no player")
    player = Player.proxy(bus, names[0], "/org/mpris/MediaPlayer2")
    with player.playback_status.watch() as statuses:
        await anext(statuses)  # the one until now
        await player.play_pause()
        status = await asyncio.wait_for(anext(statuses), 2)
    print(status, (await player.metadata).get("xesam:title", ""))


try:
    gawait.run(main())
except (dbus.Error, GLib.Error, TimeoutError) as error:
    sys.exit(f"player: {str(error) or 'it does not react'}")
