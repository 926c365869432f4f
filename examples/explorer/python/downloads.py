"""The page of downloads: so many at once as one wants, each with its progress."""

import asyncio
import contextlib
import itertools
import posixpath

import gawait
from gi.repository import Gio, GLib, Soup
from ui import Ui, escaped

CHUNK = 1 << 16  # bytes
MOST_AT_ONCE = 20  # as window.ui says


class DownloadsPage:
    """A list of downloads, into the user's folder of those."""

    def __init__(self, ui):
        self.ui = ui
        self.session = Soup.Session(max_conns=MOST_AT_ONCE, max_conns_per_host=MOST_AT_ONCE)
        self.at_work = 0
        self.changed = asyncio.Event()  # the limit has, or how many are at work
        ui.limit.connect("value-changed", self.tell_of_change)

    async def ask(self, *_):
        self.ui.pages.set_visible_child_name("downloads")
        asked = Ui("add-downloads.ui")
        if await gawait.response(asked.dialog, self.ui.window) == "add":
            for address in asked.addresses.props.text.split():
                self.add(address)

    def add(self, address):
        gawait.create_background_task(self.show(address))

    async def show(self, address):
        """A row of the list: it is tried again whenever that is wanted, and what is there is opened."""
        row = Row(name_in(address))
        self.ui.downloads.append(row.row)
        self.ui.downloads_page.set_visible_child_name("list")
        while not (file := await self.attempt(address, row)):
            await gawait.signal(row.button, "clicked")
        while True:
            await gawait.signal(row.button, "clicked")
            await self.ui.launch(file)

    async def attempt(self, address, row):
        """Download, until the button is pressed; returns the file, or None if there is none."""
        row.row.remove_css_class("error")
        row.progress.set_fraction(0)
        row.tell("Waiting", "process-stop-symbolic", "Cancel")
        download = asyncio.create_task(self.take_turn(address, row))
        pressed = row.button.connect("clicked", lambda button: download.cancel())
        try:
            file = await download
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():
                raise  # it is the window that is closed
            row.tell("Cancelled", "view-refresh-symbolic", "Try Again")
        except GLib.Error as error:
            row.row.add_css_class("error")
            row.tell(error.message, "view-refresh-symbolic", "Try Again")
        else:
            row.tell(row.row.get_subtitle(), "document-open-symbolic", "Open")
            return file
        finally:
            row.button.disconnect(pressed)

    async def take_turn(self, address, row):
        """Wait until there are fewer at work than the limit, and be one of them."""
        while self.at_work >= self.ui.limit.get_value():
            await self.changed.wait()
        self.at_work += 1
        try:
            return await self.download(address, row)
        finally:
            self.at_work -= 1
            self.tell_of_change()

    def tell_of_change(self, *_):
        self.changed.set()
        self.changed.clear()

    async def download(self, address, row):
        row.row.set_subtitle("Connecting")
        try:
            message = Soup.Message.new("GET", address)
        except TypeError:  # the constructor has given NULL
            raise GLib.Error("This is no address") from None
        # So that as much comes as the server says.
        message.get_request_headers().replace("Accept-Encoding", "identity")
        source = await self.session.send_async(message)
        status = message.props.status_code
        if not 200 <= status < 300:
            raise GLib.Error(f"{status} {Soup.Status.get_phrase(status)}")
        size = message.get_response_headers().get_content_length()
        file, target = await create(name_in(address))
        try:
            await copy(source, target, size, row)
        except BaseException:  # cancelled, say
            with contextlib.suppress(GLib.Error):
                await file.delete_async()
            raise
        return file


class Row(Ui):
    """A download, as it is shown."""

    def __init__(self, name):
        super().__init__("download.ui")
        self.row.set_title(escaped(name))
        kind, _ = Gio.content_type_guess(name)
        self.icon.set_from_gicon(Gio.content_type_get_icon(kind))

    def tell(self, what, icon, action):
        self.row.set_subtitle(escaped(what))
        self.progress.set_visible(action == "Cancel")
        self.button.set_icon_name(icon)
        self.button.set_tooltip_text(action)


async def copy(source, target, size, row):
    """Write to a file what the server sends, of which it says the size, or 0."""
    done = 0
    while data := (await source.read_bytes_async(CHUNK)).get_data():
        await target.write_all_async(data)
        done += len(data)
        if size:
            row.progress.set_fraction(done / size)
        else:
            row.progress.pulse()
        of = f" of {GLib.format_size(size)}" if done < size else ""
        row.row.set_subtitle(GLib.format_size(done) + of)
    if done < size:
        raise GLib.Error("The server has sent only a part of it")
    await target.close_async()


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


def name_in(address):
    """What a file is called that comes from an address."""
    try:
        path = GLib.Uri.parse(address, GLib.UriFlags.NONE).get_path()
    except GLib.Error:
        path = ""
    return posixpath.basename(path) or "index.html"
