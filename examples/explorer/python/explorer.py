#!/usr/bin/python3
"""Explorer: a folder's files, their contents, downloads, and the names on the session bus.

    explorer.py [FOLDER] [ADDRESS...]

What the window looks like is in ../window.ui, what happens on each of its pages in a file of its own.
The window's end is the end of the application, which cancels every task and waits until what those
have begun has ended.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "4.0")
gi.require_version("Adw", "1")
gi.require_version("Soup", "3.0")

from gi.repository import Adw, Gdk, Gio, Gtk

import gawait
from bus import show_bus
from downloads import DownloadsPage
from files import FilesPage
from ui import FOLDER, Ui, WindowUi

APPLICATION_ID = "org.gawait.Explorer"


class Application(Adw.Application):
    def __init__(self):
        super().__init__(application_id=APPLICATION_ID, flags=Gio.ApplicationFlags.HANDLES_OPEN)
        self.ui = None

    def do_startup(self):
        Adw.Application.do_startup(self)
        display = Gdk.Display.get_default()
        Gtk.IconTheme.get_for_display(display).add_search_path(str(Path(__file__).parent))
        Gtk.Window.set_default_icon_name(APPLICATION_ID)
        style = Gtk.CssProvider()
        style.load_from_path(str(FOLDER / "style.css"))
        Gtk.StyleContext.add_provider_for_display(
            display, style, Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION
        )

    def do_activate(self):
        if not self.ui:
            self.ui = WindowUi()
            self.files, self.downloads = FilesPage(self.ui), DownloadsPage(self.ui)
            gawait.create_background_task(show_bus(self.ui))
            actions = (
                ("page", self.show_page, "s"),
                ("choose-folder", self.files.choose_folder),
                ("search", self.files.begin_search),
                ("add-downloads", self.downloads.ask),
                ("about", self.show_about),
            )
            self.ui.window.add_action_entries(actions)
            self.add_window(self.ui.window)
        self.ui.window.present()

    def do_open(self, files, *_):
        self.activate()
        for file in files:
            if file.get_uri_scheme() in ("http", "https"):
                self.downloads.add(file.get_uri())
            else:
                self.files.folder = file

    def show_page(self, action, name, _):
        self.ui.pages.set_visible_child_name(name.get_string())

    def show_about(self, *_):
        about = Ui("about.ui").about
        about.props.application_icon = APPLICATION_ID  # libadwaita 1.6 warns of the method
        about.set_transient_for(self.ui.window)
        about.present()


if __name__ == "__main__":
    sys.exit(Application().run(sys.argv))
