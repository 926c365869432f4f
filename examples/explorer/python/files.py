"""The page of files: a tree that is scanned, with thumbnails, and searched as one types."""

import asyncio
import itertools

import gawait
import tree
from gi.repository import Gio, GLib, GObject, Gtk
from ui import Ui, escaped

SECONDS_UNTIL_SHOWN = 0.25
SEARCHES_AT_ONCE = 8  # files
THUMBNAILS_AT_ONCE = 2
MOST_RESULTS = 100


class FilesPage(GObject.Object):
    """What is in a folder and in those below it."""

    folder = GObject.Property(type=Gio.File)

    def __init__(self, ui):
        super().__init__()
        self.ui = ui
        self.files = Gio.ListStore(item_type=Gio.FileInfo)
        self.scanning = False
        self.searched = 0  # files
        self.more = asyncio.Event()  # has been found, or nothing more will be
        self.thumbnails = asyncio.Semaphore(THUMBNAILS_AT_ONCE)
        ui.tiles.connect("setup", self.make_tile)
        ui.tiles.connect("bind", self.show_file)
        ui.files.set_model(Gtk.NoSelection(model=self.files))
        ui.files.connect("activate", self.open_file)
        ui.results.connect("row-activated", self.open_result)
        ui.search.connect("stop-search", lambda entry: entry.set_text(""))
        # Another folder ends the scan of the one before it, another letter the search before it.
        gawait.connect(self, "notify::folder", self.scan, concurrency="restart", cancel=True)
        gawait.connect(ui.search, "changed", self.search, concurrency="restart", cancel=True)

    async def choose_folder(self, *_):
        self.ui.pages.set_visible_child_name("files")
        chooser = Gtk.FileChooserNative(
            title="Open Folder", action=Gtk.FileChooserAction.SELECT_FOLDER, modal=True
        )
        if self.folder:
            chooser.set_current_folder(self.folder)
        if await gawait.response(chooser, self.ui.window) == Gtk.ResponseType.ACCEPT:
            self.folder = chooser.get_file()

    async def scan(self, *_):
        self.files.remove_all()
        self.scanning = True
        self.ui.search.set_text("")
        self.ui.files_views.set_visible_child_name("files")
        found = []
        async with asyncio.TaskGroup() as tasks:
            scan = tasks.create_task(tree.scan(self.folder, found))
            while not scan.done():
                # A grid that gets more is laid out and drawn anew, which takes longer than a scan.
                await asyncio.wait([scan], timeout=SECONDS_UNTIL_SHOWN)
                self.scanning = not scan.done()
                self.files.splice(len(self.files), 0, found)
                found.clear()
                self.show_summary()
                self.more.set()
                self.more.clear()
        errors = scan.result()
        if errors:
            more = f", and {len(errors) - 1} more" * (len(errors) > 1)
            self.ui.toast(errors[0].message + more)
        if not self.files:
            self.ui.files_views.set_visible_child_name("no-files")

    def show_summary(self):
        files = f"{len(self.files)} files" + " so far" * self.scanning
        searched = f"Searched {self.searched} of " * bool(self.ui.search.get_text())
        self.ui.summary.set_label(searched + files)

    async def search(self, entry):
        """Search what the scan has found, and then what it finds."""
        text = entry.get_text()
        while row := self.ui.results.get_row_at_index(0):
            self.ui.results.remove(row)
        self.searched = 0
        self.show_summary()
        if not self.folder:
            return
        self.ui.files_views.set_visible_child_name("results" if text else "files")
        if not text:
            return
        positions = itertools.count()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SEARCHES_AT_ONCE):
                tasks.create_task(self.search_some(positions, text))
        if not self.ui.results.get_row_at_index(0):
            self.ui.files_views.set_visible_child_name("no-results")

    async def search_some(self, positions, text):
        for position in positions:
            while position >= len(self.files):
                if not self.scanning:
                    return
                await self.more.wait()
            if self.ui.results.get_row_at_index(MOST_RESULTS - 1):
                return
            file = self.files[position]
            if line := await tree.search(file, text):
                self.show_result(file, *line)
            self.searched += 1
            self.show_summary()

    def path_of(self, file):
        """Where a file is in the folder, to be shown."""
        path = self.folder.get_relative_path(tree.location_of(file))
        return GLib.filename_display_name(path or file.get_name())  # of another folder by now

    def show_result(self, file, before, matched, after):
        result = Ui("result.ui")
        result.row.file = file
        result.row.set_title(escaped(self.path_of(file)))
        result.row.set_subtitle(f"{escaped(before)}<b>{escaped(matched)}</b>{escaped(after)}")
        result.icon.set_from_gicon(Gio.content_type_get_icon(tree.content_type_of(file)))
        self.ui.results.append(result.row)

    async def open_result(self, results, row):
        await self.ui.launch(tree.location_of(row.file))

    async def open_file(self, view, position):
        await self.ui.launch(tree.location_of(self.files[position]))

    def make_tile(self, factory, item):
        item.tile = Ui("tile.ui")
        item.set_child(item.tile.tile)

    def show_file(self, factory, item):
        file, tile = item.get_item(), item.tile
        kind = tree.content_type_of(file)
        tile.name.set_label(file.get_display_name())
        tile.size.set_label(GLib.format_size(file.get_size()))
        tile.tile.set_tooltip_text(self.path_of(file))
        tile.picture.set_from_gicon(Gio.content_type_get_icon(kind))
        if Gio.content_type_is_a(kind, "image/*"):
            gawait.create_background_task(self.show_thumbnail(file, item))

    async def show_thumbnail(self, file, item):
        async with self.thumbnails:
            if item.get_item() is not file:
                return  # scrolled away
            try:
                picture = await tree.thumbnail(file)
                if item.get_item() is file:
                    item.tile.picture.set_from_paintable(picture)
            except GLib.Error as error:
                if item.get_item() is file:
                    item.tile.tile.set_tooltip_text(f"{self.path_of(file)}\n{error.message}")

    def begin_search(self, *_):
        self.ui.pages.set_visible_child_name("files")
        self.ui.search.grab_focus()
