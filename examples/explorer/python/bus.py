"""The page of the bus: the names of services on it, as they appear and vanish."""

import asyncio
from pathlib import Path

import gawait
from gawait import dbus
from gi.repository import Adw, Gio, GLib, Gtk
from widgets import boxed_list, column

SECONDS_VANISHED = 3  # for which a name that has vanished is still shown


class DBus(dbus.Interface, name="org.freedesktop.DBus"):
    """The bus itself."""

    @dbus.method
    async def list_names(self) -> list[str]:
        ...

    @dbus.method
    async def get_name_owner(self, name: str) -> str:
        ...

    @dbus.method(name="GetConnectionUnixProcessID")
    async def get_process_id(self, name: str) -> dbus.UInt32:
        ...

    name_owner_changed = dbus.signal(str, str, str)


class BusPage(Gtk.Stack):
    """The names on the session bus, but for those that are only numbers."""

    def __init__(self):
        super().__init__()
        self.rows = {}
        self.build()
        gawait.create_background_task(self.show_names())

    async def show_names(self):
        try:
            bus = await Gio.bus_get(Gio.BusType.SESSION)
            bus.set_exit_on_close(False)
            self.daemon = DBus.proxy(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus")
            async with asyncio.TaskGroup() as self.tasks:
                await self.follow()
        except* (dbus.Error, GLib.Error) as errors:
            error = errors.exceptions[0]
            why = getattr(error, "message", str(error))
            self.no_bus.set_description(GLib.markup_escape_text(why))
            self.set_visible_child(self.no_bus)

    async def follow(self):
        with self.daemon.name_owner_changed.subscribe() as changes:
            for name in await self.daemon.list_names():
                self.appeared(name)
            async for name, old, new in changes:
                if old:
                    self.vanished(name)
                if new:
                    self.appeared(name)

    def appeared(self, name):
        if name.startswith(":") or name in self.rows:
            return
        row = Adw.ActionRow(title=name, title_lines=1)
        row.add_prefix(Gtk.Image(icon_name="application-x-executable-symbolic"))
        self.rows[name] = row
        self.list.append(row)
        self.tasks.create_task(self.describe(row))

    async def describe(self, row):
        try:
            owner = await self.daemon.get_name_owner(row.get_title())
            process = await self.daemon.get_process_id(owner)
            program = Path(f"/proc/{process}/comm").read_text().strip()
        except (dbus.Error, OSError):
            return  # it has vanished already, or is out of sight
        row.set_subtitle(GLib.markup_escape_text(f"{program} · {owner}"))

    def vanished(self, name):
        if row := self.rows.pop(name, None):
            self.tasks.create_task(self.remove(row))

    async def remove(self, row):
        row.add_css_class("vanished")
        row.set_subtitle("Vanished")
        await asyncio.sleep(SECONDS_VANISHED)
        self.list.remove(row)

    def build(self):
        self.list = boxed_list()
        self.list.set_sort_func(
            lambda one, other: (one.get_title() > other.get_title())
            - (one.get_title() < other.get_title())
        )
        group = Adw.PreferencesGroup(
            title="Session Bus", description="The names of services, as they come and go"
        )
        group.add(self.list)
        self.add_child(column(group))
        self.no_bus = Adw.StatusPage(
            icon_name="network-offline-symbolic", title="No Session Bus"
        )
        self.add_child(self.no_bus)
