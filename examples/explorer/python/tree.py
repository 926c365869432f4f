"""A tree of files: finding them, looking into them, and their thumbnails. Nothing here is shown."""

import asyncio
import dataclasses
import re

from gi.repository import Gdk, GdkPixbuf, Gio, GLib, GObject

FOLDERS_AT_ONCE = 16
LARGEST_SEARCHED = 1 << 20  # bytes
THUMBNAIL_SIZE = 192  # pixels
ATTRIBUTES = ",".join(
    f"standard::{name}"
    for name in ("name", "display-name", "type", "size", "content-type", "icon", "is-hidden")
)


class File(GObject.Object):
    """A file, and what its folder tells of it."""

    __gtype_name__ = "ExplorerFile"
    name = GObject.Property(type=str)

    def __init__(self, location, info):
        super().__init__(name=info.get_display_name())
        self.location = location
        self.size = info.get_size()
        self.icon = info.get_icon()
        self.is_picture = (info.get_content_type() or "").startswith("image/")
        self.thumbnail = None


async def scan(folder, found):
    """Call found() with the files of a folder, and with those of each folder below it.

    Hidden ones are left out. Returns the errors of folders that could not be read.
    """
    limit, errors = asyncio.Semaphore(FOLDERS_AT_ONCE), []

    async def scan_one(folder):
        files = []
        try:
            async with limit:
                flags = Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS
                children = await folder.enumerate_children_async(ATTRIBUTES, flags)
                async for info in children:
                    child = children.get_child(info)
                    if info.get_is_hidden():
                        continue
                    if info.get_file_type() == Gio.FileType.DIRECTORY:
                        tasks.create_task(scan_one(child))
                    elif info.get_file_type() == Gio.FileType.REGULAR:
                        files.append(File(child, info))
        except GLib.Error as error:
            errors.append(error)
        found(files)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(scan_one(folder))
    return errors


@dataclasses.dataclass
class Match:
    """A line, in three parts."""

    before: str
    matched: str
    after: str


async def search(file, text):
    """Look for a text, in whatever case, and return the first Match or None.

    What is large or is no text is taken for empty, as is what cannot be read.
    """
    if file.size > LARGEST_SEARCHED:
        return None
    try:
        _, contents, _ = await file.location.load_contents_async()
    except GLib.Error:
        return None
    if b"\0" in contents:
        return None
    contents = contents.decode(errors="replace")
    match = re.search(re.escape(text), contents, re.IGNORECASE)
    if match is None:
        return None
    start = contents.rfind("\n", 0, match.start()) + 1
    end = contents.find("\n", match.end()) % (len(contents) + 1)
    return Match(
        contents[start : match.start()].lstrip(), match[0], contents[match.end() : end].rstrip()
    )


async def thumbnail(file):
    """Return a small Gdk.Texture of a picture, which a worker thread loads."""
    return await asyncio.to_thread(_load_thumbnail, file.location.get_path())


def _load_thumbnail(path):
    _, width, height = GdkPixbuf.Pixbuf.get_file_info(path)
    size = min(max(width, height), THUMBNAIL_SIZE)
    pixbuf = GdkPixbuf.Pixbuf.new_from_file_at_scale(path, size, size, True)
    return Gdk.Texture.new_for_pixbuf(pixbuf.apply_embedded_orientation())
