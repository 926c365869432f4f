"""A tree of files: finding them, looking into them, and their thumbnails. Nothing here is shown."""

import asyncio
import re

from gi.repository import Gdk, GdkPixbuf, Gio, GLib

FOLDERS_AT_ONCE = 16
LARGEST_SEARCHED = 1 << 20  # bytes
LARGEST_PICTURE = 100_000_000  # pixels
THUMBNAIL_SIZE = 192  # pixels
MOST_BEFORE, MOST_AFTER = 40, 80  # characters of a line, around what was searched for
ATTRIBUTES = (
    "standard::name,standard::display-name,standard::type,standard::size,standard::is-hidden,"
    "standard::fast-content-type"
)


def location_of(file):
    """Where a file is that scan() has found."""
    return file.get_attribute_object("standard::file")


def content_type_of(file):
    """The content type of a file, told by its name."""
    return file.get_attribute_string("standard::fast-content-type")


async def scan(folder, found):
    """Add to a list, found, the Gio.FileInfos of the files in a folder and in all below it.

    Hidden ones are left out. Returns the errors of folders that could not be read.
    """
    limit, errors = asyncio.Semaphore(FOLDERS_AT_ONCE), []

    async def scan_one(folder):
        files = []
        try:
            async with limit:
                flags = Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS
                async for file in await folder.enumerate_children_async(ATTRIBUTES, flags):
                    location = folder.get_child(file.get_name())
                    if file.get_is_hidden():
                        continue
                    if file.get_file_type() == Gio.FileType.DIRECTORY:
                        tasks.create_task(scan_one(location))
                    elif file.get_file_type() == Gio.FileType.REGULAR:
                        file.set_attribute_object("standard::file", location)
                        files.append(file)
        except GLib.Error as error:
            errors.append(error)
        files.sort(key=lambda file: file.get_display_name().casefold())
        found.extend(files)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(scan_one(folder))
    return errors


async def search(file, text):
    """Look for a text, in whatever case, and return what is in its line: before, itself, and after.

    None where it is not. What is large or is no text is taken for empty, as is what cannot be read.
    What is said to be empty may be a file of the kernel's, that never ends.
    """
    if not 0 < file.get_size() <= LARGEST_SEARCHED:
        return None
    try:
        _, contents, _ = await location_of(file).load_contents_async()
    except GLib.Error:
        return None
    if b"\0" in contents:
        return None
    contents = contents.decode(errors="replace")
    match = re.search(re.escape(text), contents, re.IGNORECASE)
    if match is None:
        return None
    before = contents[: match.start()].rpartition("\n")[2].lstrip()
    after = contents[match.end() :].partition("\n")[0].rstrip()
    return (
        "…" * (len(before) > MOST_BEFORE) + before[-MOST_BEFORE:],
        match[0],
        after[:MOST_AFTER],
    )


async def thumbnail(file):
    """Return a small Gdk.Texture of a picture, which worker threads of GdkPixbuf's load."""
    location = location_of(file)
    _, width, height = await GdkPixbuf.Pixbuf.get_file_info_async(location.get_path())
    if width * height > LARGEST_PICTURE:
        raise GLib.Error(f"{width} × {height} pixels are too many for a preview")
    pixbuf = await GdkPixbuf.Pixbuf.new_from_stream_at_scale_async(
        await location.read_async(), THUMBNAIL_SIZE, THUMBNAIL_SIZE, True
    )
    return Gdk.Texture.new_for_pixbuf(pixbuf.apply_embedded_orientation())
