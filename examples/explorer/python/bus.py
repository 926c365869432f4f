"""The page of the bus: the names of services on it, as they appear and vanish."""

import time
from pathlib import Path

from gawait import dbus
from gi.repository import Gio, GLib
from ui import Ui, escaped


async def show_bus(ui):
    """Show the names on the session bus, but for those that are only numbers."""
    ui.names.set_sort_func(lambda *rows: GLib.strcmp0(*(row.get_title() for row in rows)))
    try:
        bus = await Gio.bus_get(Gio.BusType.SESSION)
        bus.set_exit_on_close(False)
        daemon = await dbus.proxy(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus")
        await follow(daemon, ui.names)
    except (dbus.Error, GLib.Error) as error:
        ui.no_bus.set_description(escaped(getattr(error, "message", str(error))))
        ui.bus_page.set_visible_child_name("no-bus")


async def follow(daemon, names):
    rows = {}

    async def show(name, owner):
        if name.startswith(":"):
            return
        if name not in rows:
            rows[name] = Ui("name.ui").row
            rows[name].set_title(name)
            names.append(rows[name])
        what = await program_of(daemon, name) if owner else time.strftime("Vanished at %X")
        rows[name].set_subtitle(escaped(what))
        rows[name].set_sensitive(bool(owner))

    with daemon.name_owner_changed.subscribe() as changes:
        for name in await daemon.list_names():
            await show(name, "somebody")
        async for name, _, owner in changes:
            await show(name, owner)


async def program_of(daemon, name):
    try:
        process = await daemon.get_connection_unix_process_id(name)
        return f"{Path(f'/proc/{process}/comm').read_text().strip()}, process {process}"
    except (dbus.Error, OSError):
        return "Unknown program"  # it has vanished already, or is out of sight
