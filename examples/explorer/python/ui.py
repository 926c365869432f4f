"""What the .ui files describe, and what the pages of the window share."""

from pathlib import Path

from gi.repository import Adw, Gio, GLib, Gtk

FOLDER = Path(__file__).resolve().parent.parent


class Ui:
    """The objects of a .ui file, by their ids."""

    def __init__(self, file):
        self.builder = Gtk.Builder.new_from_file(str(FOLDER / file))

    def __getattr__(self, id):
        return self.builder.get_object(id)


class WindowUi(Ui):
    """Those of the window."""

    def __init__(self):
        super().__init__("window.ui")

    def toast(self, message):
        """Tell of something, for a moment."""
        self.toasts.add_toast(Adw.Toast(title=GLib.markup_escape_text(message)))

    async def launch(self, file):
        """Open a file with the program that is for it."""
        try:
            await Gio.AppInfo.launch_default_for_uri_async(file.get_uri())
        except GLib.Error as error:
            self.toast(error.message)


def escaped(text):
    """A text as it is, in one line, where markup is expected."""
    return GLib.markup_escape_text(" ".join(text.splitlines()))
