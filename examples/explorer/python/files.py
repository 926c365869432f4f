"""The page of files: a tree that is scanned, with thumbnails, and searched as one types."""

import asyncio
import contextlib

import gawait
import tree
from gi.repository import Adw, Gio, GLib, GObject, Gtk, Pango
from widgets import boxed_list, column, pill

SEARCHES_AT_ONCE = 8  # files
MOST_RESULTS = 100
MOST_SHOWN_BEFORE, MOST_SHOWN_AFTER = 40, 200  # characters of a line, around what was found
# PyGObject makes no expressions before 3.44.
BY_NAME = """<interface><object class="GtkStringSorter" id="by_name">
<property name="expression"><lookup name="name" type="ExplorerFile"/></property>
</object></interface>"""


class FilesPage(Gtk.Box):
    """What is in a folder and in those below it."""

    folder = GObject.Property(type=Gio.File)

    def __init__(self):
        super().__init__(orientation=Gtk.Orientation.VERTICAL)
        self.files = Gio.ListStore(item_type=tree.File)
        self.scanned = asyncio.Event()
        self.thumbnails_at_once = asyncio.Semaphore(4)
        self.at_work = 0
        self.build()
        # Another folder ends the scan of the one before it, another letter the search before it.
        gawait.connect(self, "notify::folder", self.scan, concurrency="restart", cancel=True)
        gawait.connect(self.entry, "changed", self.search, concurrency="restart", cancel=True)

    async def choose_folder(self):
        chooser = Gtk.FileChooserNative(
            title="Open Folder", action=Gtk.FileChooserAction.SELECT_FOLDER, modal=True
        )
        if await gawait.response(chooser, self.get_root()) == Gtk.ResponseType.ACCEPT:
            self.folder = chooser.get_file()

    async def scan(self, *_):
        self.scanned.clear()
        self.entry.set_text("")
        self.files.remove_all()
        self.views.set_visible_child_name("files")
        with self.spinning():
            errors = await tree.scan(self.folder, self.found)
        self.scanned.set()
        for error in errors[:1]:
            more = f", and {len(errors) - 1} more" * (len(errors) > 1)
            self.get_root().toast(error.message + more)
        if not self.files:
            self.views.set_visible_child_name("no-files")

    def found(self, files):
        self.files.splice(len(self.files), 0, files)
        self.summary.set_label(f"{len(self.files):,} files")

    async def search(self, entry):
        text = entry.get_text()
        self.clear_results()
        if not text or self.folder is None:
            self.views.set_visible_child_name("files" if self.folder else "no-folder")
            return
        self.views.set_visible_child_name("results")
        with self.spinning():
            await self.scanned.wait()
            files = iter(self.files)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(SEARCHES_AT_ONCE):
                    tasks.create_task(self.search_in(files, text))
        if self.results.get_row_at_index(0) is None:
            self.views.set_visible_child_name("no-results")

    async def search_in(self, files, text):
        for file in files:
            if match := await tree.search(file, text):
                if self.results.get_row_at_index(MOST_RESULTS - 1):
                    return
                self.results.append(Result(file, match))

    def clear_results(self):
        while row := self.results.get_row_at_index(0):
            self.results.remove(row)

    @contextlib.contextmanager
    def spinning(self):
        self.at_work += 1
        self.spinner.start()
        try:
            yield
        finally:
            self.at_work -= 1
            self.spinner.set_spinning(self.at_work > 0)

    async def open_file(self, view, position):
        await self.get_root().launch(view.get_model().get_item(position).location)

    async def open_result(self, results, row):
        await self.get_root().launch(row.file.location)

    def build(self):
        choose = Gtk.Button(
            icon_name="folder-open-symbolic",
            tooltip_text="Open Folder",
            action_name="win.choose-folder",
        )
        self.entry = Gtk.SearchEntry(placeholder_text="Search in the files", hexpand=True)
        self.entry.connect("stop-search", lambda entry: entry.set_text(""))
        self.spinner = Gtk.Spinner()
        self.summary = Gtk.Label(css_classes=["dim-label", "numeric"], margin_end=6)
        bar = Gtk.Box(spacing=12, css_classes=["toolbar"])
        for widget in choose, self.entry, self.spinner, self.summary:
            bar.append(widget)
        self.append(bar)

        factory = Gtk.SignalListItemFactory()
        factory.connect("setup", lambda _, item: item.set_child(Tile(self.thumbnails_at_once)))
        factory.connect("bind", lambda _, item: item.get_child().bind(item.get_item()))
        factory.connect("unbind", lambda _, item: item.get_child().unbind())
        by_name = Gtk.Builder.new_from_string(BY_NAME, -1).get_object("by_name")
        grid = Gtk.GridView(
            model=Gtk.NoSelection(model=Gtk.SortListModel(model=self.files, sorter=by_name)),
            factory=factory,
            min_columns=2,
            max_columns=12,
        )
        grid.connect("activate", self.open_file)
        self.results = boxed_list()
        self.results.connect("row-activated", self.open_result)
        self.views = Gtk.Stack(vexpand=True, transition_type=Gtk.StackTransitionType.CROSSFADE)
        for name, view in {
            "no-folder": Adw.StatusPage(
                icon_name="folder-symbolic",
                title="No Folder",
                description="Open one to see its files, and those of the folders in it.",
                child=pill("_Open Folder…", "win.choose-folder"),
            ),
            "files": Gtk.ScrolledWindow(child=grid),
            "no-files": Adw.StatusPage(icon_name="folder-symbolic", title="No Files"),
            "results": column(self.results),
            "no-results": Adw.StatusPage(
                icon_name="system-search-symbolic",
                title="Nothing Found",
                description="None of the files has that in it.",
            ),
        }.items():
            self.views.add_named(view, name)
        self.append(self.views)


class Tile(Gtk.Box):
    """A file in the grid."""

    def __init__(self, thumbnails_at_once):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self.thumbnails_at_once = thumbnails_at_once
        self.file = None
        self.picture = Gtk.Image(pixel_size=96)
        self.name = Gtk.Label(ellipsize=Pango.EllipsizeMode.MIDDLE, max_width_chars=14)
        self.size = Gtk.Label(css_classes=["caption", "dim-label", "numeric"])
        for widget in self.picture, self.name, self.size:
            self.append(widget)

    def bind(self, file):
        self.file = file
        self.name.set_label(file.name)
        self.set_tooltip_text(file.name)
        self.size.set_label(GLib.format_size(file.size))
        if file.thumbnail:
            self.picture.set_from_paintable(file.thumbnail)
            return
        self.picture.set_from_gicon(file.icon)
        if file.is_picture:
            gawait.create_background_task(self.show_thumbnail(file))

    def unbind(self):
        self.file = None

    async def show_thumbnail(self, file):
        async with self.thumbnails_at_once:
            if self.file is not file:
                return  # scrolled away
            try:
                file.thumbnail = await tree.thumbnail(file)
            except GLib.Error:
                file.is_picture = False
                return
        if self.file is file:
            self.picture.set_from_paintable(file.thumbnail)


class Result(Adw.ActionRow):
    """A file in which something was found."""

    def __init__(self, file, match):
        before, after = match.before, match.after[:MOST_SHOWN_AFTER]
        if len(before) > MOST_SHOWN_BEFORE:
            before = "…" + before[-MOST_SHOWN_BEFORE:]
        before, matched, after = map(GLib.markup_escape_text, (before, match.matched, after))
        super().__init__(
            title=GLib.markup_escape_text(file.name),
            subtitle=f"{before}<b>{matched}</b>{after}",
            subtitle_lines=1,
            activatable=True,
        )
        self.file = file
        self.add_prefix(Gtk.Image(gicon=file.icon, pixel_size=32))
