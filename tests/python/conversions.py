"""Awaits functions with right, odd and wrong arguments of every kind, and prints what comes out: the
result or the error, and what has become of the reference counts.

plans_test.py compares what it prints with call plans and without.
"""

import asyncio
import enum
import gc
import itertools
import random
import re
import sys

import gi

gi.require_version("GdkPixbuf", "2.0")

import gawait
from gi.repository import GdkPixbuf, Gio, GLib, GObject

DATA = b"one\ntwo\nthree\n" * 10


class OwnInt(int):
    def __int__(self):
        return 3

    __index__ = __int__


class Indexed:
    def __index__(self):
        return 2


class Path:
    def __fspath__(self):
        return "path"


class Level(enum.IntEnum):
    ONE = 1


class Text(str):
    pass


class Stream(Gio.MemoryInputStream):
    pass


def stream(kind=Gio.MemoryInputStream):
    made = kind()
    made.add_bytes(GLib.Bytes.new(DATA))
    return made


def pool():
    """Of every kind of value, some."""
    return [
        None,
        True,
        False,
        0,
        1,
        -1,
        7,
        127,
        128,
        255,
        256,
        2**15,
        2**16 - 1,
        2**16,
        2**31 - 1,
        2**31,
        -(2**31),
        -(2**31) - 1,
        2**32,
        2**63,
        2**64,
        -(2**63) - 1,
        1.5,
        float("nan"),
        "text",
        "größe",
        "",
        "with\0null",
        "\udc80",
        Text("text"),
        b"bytes",
        b"with\0null",
        b"\xff",
        b"",
        bytearray(b"array"),
        [],
        ["one", "two"],
        ("one",),
        ["größe"],
        ["with\0null"],
        ["\udc80"],
        ["one", 2],
        {"one": 1},
        OwnInt(1),
        Indexed(),
        Level.ONE,
        Path(),
        object(),
        print,
        Gio.File.new_for_path("/nonexistent/nowhere"),
        Gio.Cancellable(),
        Gio.FileInfo(),
        stream(),
        stream(Stream),
        GLib.Bytes.new(b"bytes"),
        GLib.Variant("(s)", ("text",)),
        GLib.Variant("s", "text"),
        GLib.VariantType("(b)"),
        Gio.BusType.SYSTEM,
        Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS,
        Gio.FileCreateFlags.PRIVATE | Gio.FileCreateFlags.REPLACE_DESTINATION,
        Gio.OutputStreamSpliceFlags.CLOSE_SOURCE,
        Gio.File,
        GLib.Error("failed"),
    ]


def is_modest(right, given):
    """Whether GLib does not want so much memory for a number that it ends the process."""
    try:
        return given is None or not 10**6 < given < 2**64
    except TypeError:
        return True


def is_no_zero(right, given):
    return not isinstance(given, int) or given != 0


def is_single(right, given):
    """GdkPixbuf wants as many keys as values."""
    return given is not None and (not hasattr(given, "__len__") or len(given) == 1)


def is_any(right, given):
    return True


def is_one_at_most(right, given):
    """GLib reads so many characters, whether they are there or not."""
    try:
        return int(given) <= 1
    except Exception:  # of a class that is in the pool for it
        return True


def is_right(right, given):
    return given is right


def shown(value):
    """As repr(), but the same in every process."""
    if isinstance(value, GLib.Bytes):
        return f"Bytes({value.get_data()!r})"
    if isinstance(value, GLib.Variant):
        return value.print_(True)
    if isinstance(value, GLib.Error):
        return f"GLib.Error({value.message!r}, {value.domain!r}, {value.code})"
    if isinstance(value, GObject.Object):
        return type(value).__name__
    if isinstance(value, tuple) and hasattr(type(value), "_fields"):
        value = tuple(value)
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    told = re.sub(r"0x[0-9a-f]+", "0x", f"{type(value).__name__}: {value!r}")
    return re.sub(r"\d+:\d+:\d+", "etag", told)


def counts(values):
    """The reference counts of what is no number or text, which others have references to."""
    return [
        (sys.getrefcount(each), getattr(each, "__grefcount__", None))
        for each in values
        if not isinstance(each, (int, float, str, bytes, type(None)))
    ]


def objects_in(operation):
    """The objects that it results in."""
    result = operation.result() if operation.done() else None
    values = result if isinstance(result, (list, tuple)) else [result]
    return [each for each in values if isinstance(each, GObject.Object)]


def described(error):
    notes = f" from {error.__cause__!r}" if error.__cause__ else ""
    text = shown(error) if isinstance(error, GLib.Error) else str(error)
    return f"{type(error).__name__}: {re.sub(r'0x[0-9a-f]+', '0x', text)}{notes}"


async def outcome(function, arguments):
    before, gone, results = counts(arguments), [], 0
    try:
        operation = function(*arguments)
        # GLib never calls back when it finds fault with an argument that has the right type.
        done, _ = await asyncio.wait([operation], timeout=0.5)
        told = shown(operation.result()) if done else "never ends"
        alive = [each for each in objects_in(operation) if each.weak_ref(gone.append, None)]
        results = len(alive)
        del operation, done, alive
    except Exception as error:
        told = described(error)
        error.__traceback__ = None
    # What called back, and perhaps a thread of GLib's, still has to let go of them.
    for _ in range(200):
        gc.collect(0)
        after = counts(arguments)
        if before == after and len(gone) == results:
            break
        await asyncio.sleep(0.001)
    if results:
        told += f"; gone afterwards: {len(gone)} of {results}"
    if before != after:
        told += f"; references {before} became {after}"
    return told


def functions(directory, bus):
    """For each: a name, what makes the function, the right arguments, and for some of them which
    others GLib survives."""

    def file(name):
        made = Gio.File.new_for_path(f"{directory}/{name}")
        made.replace_contents(DATA, None, False, Gio.FileCreateFlags.NONE, None)
        return made

    def fresh(name):
        made = Gio.File.new_for_path(f"{directory}/{name}")
        made.query_exists() and made.delete()
        return made

    def enumerator():
        return Gio.File.new_for_path(f"{directory}/many").enumerate_children(
            "standard::name", Gio.FileQueryInfoFlags.NONE, None
        )

    pixbuf = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, False, 8, 4, 4)
    pixbuf.fill(0)
    return [
        ("guint64 gint32 boxed", lambda: stream().read_bytes_async, (4, 0), {0: is_modest}),
        (
            "gint64",
            lambda: Gio.BufferedInputStream.new(stream()).fill_async,
            (4, 0),
            {0: is_modest},
        ),
        ("gboolean", lambda: Gio.AppInfo.get_default_for_type_async, ("none/such", True), {}),
        ("guint16 utf8", lambda: Gio.SocketClient().connect_to_host_async, ("::1", 1), {}),
        ("filename", lambda: fresh("link").make_symbolic_link_async, ("to", 0), {}),
        ("flags", lambda: file("a").query_info_async, ("standard::size", 0, 0), {}),
        ("enum", lambda: Gio.bus_get, (Gio.BusType.SESSION,), {0: is_no_zero}),
        (
            "object, flags",
            lambda: Gio.MemoryOutputStream.new_resizable().splice_async,
            (stream(), Gio.OutputStreamSpliceFlags.NONE, 0),
            {},
        ),
        (
            "interface",
            lambda: file("a").copy_async,
            (file("b"), Gio.FileCopyFlags.OVERWRITE),
            {},
        ),
        (
            "boxed, utf8 result",
            lambda: file("c").replace_contents_bytes_async,
            (GLib.Bytes.new(b"new"), None, False, Gio.FileCreateFlags.NONE),
            {},
        ),
        (
            "variant",
            lambda: bus.call,
            (
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus",
                "NameHasOwner",
                GLib.Variant("(s)", ("org.freedesktop.DBus",)),
                GLib.VariantType("(b)"),
                Gio.DBusCallFlags.NONE,
                -1,
            ),
            # It finds fault with what is no name, and waits as long as it is told.
            dict.fromkeys((0, 1, 2, 3, 7), is_right),
        ),
        (
            "strv",
            lambda: pixbuf.save_to_streamv_async,
            (Gio.MemoryOutputStream.new_resizable(), "png", ["tEXt::a"], ["b"]),
            {1: is_right, 2: is_single, 3: is_right},
        ),
        ("bytes result", lambda: file("d").load_contents_async, (), {}),
        (
            "utf8 result",
            lambda: Gio.DataInputStream.new(stream()).read_upto_async,
            ("h", 1),
            {1: is_one_at_most},
        ),
        ("bytes_to_null", lambda: Gio.DataInputStream.new(stream()).read_line_async, (0,), {}),
        ("glist of objects", lambda: enumerator().next_files_async, (3, 0), {0: is_modest}),
        ("glist result", lambda: Gio.Resolver.get_default().lookup_by_name_async, ("::1",), {}),
        ("int result", lambda: stream().skip_async, (4, 0), {0: is_modest}),
        ("gboolean result", lambda: stream().close_async, (0,), {}),
        ("object result", lambda: file("e").read_async, (0,), {}),
    ]


def variations(right, chosen):
    """The right arguments, each of them replaced by each value, and some chosen at random."""
    yield right
    for index in range(len(right)):
        for value in pool():
            yield (*right[:index], value, *right[index + 1 :])
    for _ in range(20):
        yield tuple(chosen.choice([each, chosen.choice(pool())]) for each in right)
    yield right[:-1]
    yield (*right, None)
    yield (*right, "cancellable")


async def main(directory):
    chosen = random.Random(1)
    Gio.File.new_for_path(f"{directory}/many").make_directory(None)
    for name in range(7):
        Gio.File.new_for_path(f"{directory}/many/{name}").create(0, None)
    bus = await Gio.bus_get(Gio.BusType.SESSION)
    for name, make, right, survived in functions(directory, bus):
        for number, arguments in enumerate(variations(right, chosen)):
            if all(
                survived.get(index, is_any)(*pair)
                for index, pair in enumerate(itertools.zip_longest(right, arguments))
            ):
                print(name, number, await outcome(make(), arguments))


if __name__ == "__main__":
    gawait.run(main(sys.argv[1]))
