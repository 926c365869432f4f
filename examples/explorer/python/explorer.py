#!/usr/bin/python3
"""Explorer: a folder's files, their contents, downloads, and the names on the session bus.

    explorer.py [FOLDER] [ADDRESS...]

Each page is a file of its own. The window's end is the end of the application, which cancels every
task and waits until what those have begun has ended.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "4.0")
gi.require_version("Adw", "1")
gi.require_version("Soup", "3.0")

from gi.repository import Adw, Gdk, Gio, GLib, Gtk

from bus import BusPage
from downloads import DownloadsPage
from files import FilesPage

APPLICATION_ID = "org.gawait.Explorer"

STYLE = """
gridview { padding: 12px; }
gridview > child { border-radius: 12px; padding: 12px 6px; }
.page { margin: 18px 12px; }
.vanished { opacity: 0.5; }
"""


class Window(Adw.ApplicationWindow):
    def __init__(self, **properties):
        super().__init__(title="Explorer", default_width=860, default_height=620, **properties)
        self.files, self.downloads, self.bus = FilesPage(), DownloadsPage(), BusPage()
        self.pages = Adw.ViewStack(vexpand=True)
        for page, name, title, icon in (
            (self.files, "files", "Files", "folder-symbolic"),
            (self.downloads, "downloads", "Downloads", "folder-download-symbolic"),
            (self.bus, "bus", "Bus", "network-workgroup-symbolic"),
        ):
            self.pages.add_titled(page, name, title).set_icon_name(icon)

        switcher = Adw.ViewSwitcherTitle(stack=self.pages, title="Explorer")
        narrow = Adw.ViewSwitcherBar(stack=self.pages)
        switcher.bind_property("title-visible", narrow, "reveal")
        menu = Gio.Menu()
        menu.append("_About Explorer", "app.about")
        header = Adw.HeaderBar(title_widget=switcher)
        header.pack_end(
            Gtk.MenuButton(
                icon_name="open-menu-symbolic",
                menu_model=menu,
                primary=True,
                tooltip_text="Main Menu",
            )
        )
        content = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        for widget in header, self.pages, narrow:
            content.append(widget)
        self.toasts = Adw.ToastOverlay(child=content)
        self.set_content(self.toasts)

        self.add_action_with("page", self.show_page, GLib.VariantType("s"))
        self.add_action_with("choose-folder", self.choose_folder)
        self.add_action_with("search", self.search)
        self.add_action_with("add-downloads", self.add_downloads)

    def add_action_with(self, name, handler, kind=None):
        action = Gio.SimpleAction.new(name, kind)
        action.connect("activate", handler)
        self.add_action(action)

    def toast(self, message):
        self.toasts.add_toast(Adw.Toast(title=GLib.markup_escape_text(message)))

    async def launch(self, file):
        try:
            await Gio.AppInfo.launch_default_for_uri_async(file.get_uri())
        except GLib.Error as error:
            self.toast(error.message)

    def show_page(self, action, name):
        self.pages.set_visible_child_name(name.get_string())

    async def choose_folder(self, *_):
        self.pages.set_visible_child(self.files)
        await self.files.choose_folder()

    def search(self, *_):
        self.pages.set_visible_child(self.files)
        self.files.entry.grab_focus()

    async def add_downloads(self, *_):
        self.pages.set_visible_child(self.downloads)
        await self.downloads.ask()


class Application(Adw.Application):
    def __init__(self):
        super().__init__(application_id=APPLICATION_ID, flags=Gio.ApplicationFlags.HANDLES_OPEN)
        self.window = None

    def do_startup(self):
        Adw.Application.do_startup(self)
        display = Gdk.Display.get_default()
        Gtk.IconTheme.get_for_display(display).add_search_path(str(Path(__file__).parent))
        Gtk.Window.set_default_icon_name(APPLICATION_ID)
        style = Gtk.CssProvider()
        style.load_from_data(STYLE.encode())
        Gtk.StyleContext.add_provider_for_display(
            display, style, Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION
        )
        for name, handler in ("about", self.show_about), ("quit", self.close_window):
            action = Gio.SimpleAction.new(name, None)
            action.connect("activate", handler)
            self.add_action(action)
        for action, *keys in (
            ("win.choose-folder", "<Control>o"),
            ("win.search", "<Control>f"),
            ("win.add-downloads", "<Control>n"),
            ("win.page::files", "<Alt>1"),
            ("win.page::downloads", "<Alt>2"),
            ("win.page::bus", "<Alt>3"),
            ("window.close", "<Control>w"),
            ("app.quit", "<Control>q"),
        ):
            self.set_accels_for_action(action, keys)

    def do_activate(self):
        if self.window is None:
            self.window = Window(application=self)
        self.window.present()

    def do_open(self, files, *_):
        self.activate()
        for file in files:
            if file.get_uri_scheme() in ("http", "https"):
                self.window.downloads.add(file.get_uri())
            else:
                self.window.files.folder = file

    def close_window(self, *_):
        self.window.close()

    def show_about(self, *_):
        Adw.AboutWindow(
            transient_for=self.window,
            application_name="Explorer",
            application_icon=APPLICATION_ID,
            developer_name="The gawait project",
            comments="An application to copy: all that it does is awaited.",
            license_type=Gtk.License.MIT_X11,
        ).present()


if __name__ == "__main__":
    sys.exit(Application().run(sys.argv))
