"""The page of downloads: so many at once as one wants, each with its progress."""

import asyncio
import contextlib
import itertools
import posixpath
import urllib.parse

import gawait
from gi.repository import Adw, Gio, GLib, Gtk, Soup
from widgets import boxed_list, column, pill

CHUNK = 1 << 16  # bytes
MOST_AT_ONCE = 20


class DownloadsPage(Gtk.Box):
    """A list of downloads, into the user's folder of those."""

    def __init__(self):
        super().__init__(orientation=Gtk.Orientation.VERTICAL)
        self.session = Soup.Session(max_conns=MOST_AT_ONCE, max_conns_per_host=MOST_AT_ONCE)
        self.at_work = 0
        self.changed = asyncio.Condition()  # told of the limit, and of how many are at work
        self.build()
        self.limit.connect("value-changed", self.limit_changed)

    async def ask(self):
        text = Gtk.TextView(top_margin=9, bottom_margin=9, left_margin=9, right_margin=9)
        text.update_property([Gtk.AccessibleProperty.LABEL], ["Addresses"])
        dialog = Adw.MessageDialog(
            heading="Add Downloads",
            body="The addresses, one a line",
            extra_child=Gtk.ScrolledWindow(
                child=text, css_classes=["card"], width_request=400, height_request=120
            ),
            default_response="add",
        )
        dialog.add_response("cancel", "_Cancel")
        dialog.add_response("add", "_Add")
        dialog.set_response_appearance("add", Adw.ResponseAppearance.SUGGESTED)
        dialog.set_focus(text)
        if await gawait.response(dialog, self.get_root()) == "add":
            for address in text.get_buffer().props.text.split():
                self.add(address)

    def add(self, address):
        self.list.append(Download(self, address))
        self.views.set_visible_child_name("list")

    @contextlib.asynccontextmanager
    async def turn(self):
        """Wait until there are fewer at work than the limit, and be one of them."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.at_work < self.limit.get_value())
            self.at_work += 1
        try:
            yield
        finally:
            self.at_work -= 1
            await self.limit_changed()

    async def limit_changed(self, *_):
        async with self.changed:
            self.changed.notify_all()

    def build(self):
        self.limit = Gtk.SpinButton.new_with_range(1, MOST_AT_ONCE, 1)
        self.limit.set_value(3)
        self.limit.update_property([Gtk.AccessibleProperty.LABEL], ["Downloads at Once"])
        at_once = Adw.ActionRow(
            title="Downloads at Once", subtitle="The others wait for their turn"
        )
        self.limit.set_valign(Gtk.Align.CENTER)
        at_once.add_suffix(self.limit)
        at_once.set_activatable_widget(self.limit)
        limits = Adw.PreferencesGroup()
        limits.add(at_once)
        self.list = boxed_list()
        add = Gtk.Button(
            icon_name="list-add-symbolic",
            tooltip_text="Add Downloads",
            action_name="win.add-downloads",
            css_classes=["flat"],
        )
        group = Adw.PreferencesGroup(title="Downloads", header_suffix=add)
        group.add(self.list)
        empty = Adw.StatusPage(
            icon_name="folder-download-symbolic",
            title="No Downloads",
            description="Add the addresses of some files.",
            child=pill("_Add Downloads…", "win.add-downloads"),
        )
        self.views = Gtk.Stack(vexpand=True)
        self.views.add_named(empty, "empty")
        self.views.add_named(column(limits, group), "list")
        self.append(self.views)


class Download(Adw.ActionRow):
    """A download, which begins when it is made and has its turn."""

    def __init__(self, page, address):
        path = urllib.parse.unquote(address.partition("?")[0])
        self.file_name = posixpath.basename(path) or "index.html"
        super().__init__(title=GLib.markup_escape_text(self.file_name), title_lines=1)
        self.page, self.address = page, address
        kind, _ = Gio.content_type_guess(self.file_name)
        self.add_prefix(Gtk.Image(gicon=Gio.content_type_get_icon(kind), pixel_size=32))
        self.bar = Gtk.ProgressBar(valign=Gtk.Align.CENTER, width_request=160)
        self.button = Gtk.Button(valign=Gtk.Align.CENTER, css_classes=["flat", "circular"])
        self.button.connect("clicked", self.clicked)
        self.add_suffix(self.bar)
        self.add_suffix(self.button)
        self.begin()

    def begin(self):
        self.saved = None
        self.bar.set_fraction(0)
        self.bar.set_visible(True)
        self.remove_css_class("error")
        self.tell("Waiting", "process-stop-symbolic", "Cancel")
        self.task = gawait.create_background_task(self.download())

    async def clicked(self, button):
        if not self.task.done():
            self.task.cancel()
        elif self.saved:
            await self.get_root().launch(self.saved)
        else:
            self.begin()

    async def download(self):
        try:
            async with self.page.turn():
                self.saved = await self.fetch()
        except asyncio.CancelledError:
            self.stopped("Cancelled")
            raise
        except GLib.Error as error:
            self.add_css_class("error")
            self.stopped(error.message)
        else:
            self.tell(self.get_subtitle(), "document-open-symbolic", "Open")

    def stopped(self, why):
        self.bar.set_visible(False)
        self.tell(why, "view-refresh-symbolic", "Try Again")

    def tell(self, what, icon, action):
        self.set_subtitle(GLib.markup_escape_text(what))
        self.button.set_icon_name(icon)
        self.button.set_tooltip_text(action)

    async def fetch(self):
        """Write what the server sends to a new file, and return that."""
        try:
            message = Soup.Message.new("GET", self.address)
        except TypeError:  # the constructor has given NULL
            raise GLib.Error("This is no address") from None
        source = await self.page.session.send_async(message)
        if message.get_status() != Soup.Status.OK:
            raise GLib.Error(f"{int(message.get_status())} {message.get_reason_phrase()}")
        size = message.get_response_headers().get_content_length()
        file, target = await create(self.file_name)
        try:
            await self.copy(source, target, size)
        except BaseException:  # cancelled, say
            await file.delete_async()
            raise
        return file

    async def copy(self, source, target, size):
        done = 0
        while data := (await source.read_bytes_async(CHUNK)).get_data():
            await target.write_all_async(data)
            done += len(data)
            if size:
                self.bar.set_fraction(done / size)
            else:
                self.bar.pulse()
            of = f" of {GLib.format_size(size)}" if done < size else ""
            self.set_subtitle(GLib.format_size(done) + of)
        await target.close_async()
        self.bar.set_fraction(1)


async def create(name):
    """Make a file in the user's folder of downloads, whose name nobody has; and a stream to it."""
    folder = GLib.get_user_special_dir(GLib.UserDirectory.DIRECTORY_DOWNLOAD)
    stem, ending = posixpath.splitext(name)
    for number in itertools.count(1):
        file = Gio.File.new_for_path(folder or GLib.get_home_dir()).get_child(name)
        try:
            return file, await file.create_async(Gio.FileCreateFlags.NONE)
        except GLib.Error as error:
            if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.EXISTS):
                raise
        name = f"{stem} ({number}){ending}"
