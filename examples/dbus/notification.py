# mypy: disable-error-code="empty-body"
"""Shows a notification with two buttons, and waits for its answer."""

import asyncio
import sys
from typing import Any

import gawait
from gawait import dbus
from gi.repository import Gio, GLib


class Notifications(dbus.Interface, name="org.freedesktop.Notifications"):
    @dbus.method
    async def notify(
        self,
        app_name: str,
        replaces_id: dbus.UInt32,
        app_icon: str,
        summary: str,
        body: str,
        actions: list[str],
        hints: dict[str, Any],
        expire_timeout: int,
    ) -> dbus.UInt32:
        ...

    notification_closed = dbus.signal(dbus.UInt32, dbus.UInt32)
    action_invoked = dbus.signal(dbus.UInt32, str)


async def main() -> None:
    bus = await Gio.bus_get(Gio.BusType.SESSION)
    name, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
    shown = Notifications.proxy(bus, name, path)
    keys, ends = shown.action_invoked.subscribe(), shown.notification_closed.subscribe()
    this = await shown.notify("gawait", 0, "", "Tea?", "", ["yes", "Yes", "no", "No"], {}, -1)
    answer = asyncio.ensure_future(anext(key async for id, key in keys if id == this))
    end = asyncio.ensure_future(anext(id async for id, _ in ends if id == this))
    await asyncio.wait([answer, end], return_when=asyncio.FIRST_COMPLETED)
    print(answer.result() if answer.done() else "no answer")


try:
    gawait.run(main())
except (dbus.Error, GLib.Error) as error:
    sys.exit(f"notification: {error}")
