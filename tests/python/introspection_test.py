"""Which functions are asynchronous, and how they are finished."""

import asyncio

import pytest

import gi
from gawait import introspection, typelib

for namespace, version in (
    ("Gtk", "4.0"),
    ("Gdk", "4.0"),
    ("GdkPixbuf", "2.0"),
    ("Soup", "3.0"),
):
    gi.require_version(namespace, version)

from gi._gi import FunctionInfo, Repository
from gi.repository import GdkPixbuf, Gio, GLib


def info_of(name):
    namespace, _, path = name.partition(".")
    container, _, function = path.rpartition(".")
    repository = Repository.get_default()
    repository.require(namespace)
    if not container:
        return repository.find_by_name(namespace, function)
    methods = repository.find_by_name(namespace, container).get_methods()
    return next(each for each in methods if each.get_name() == function)


@pytest.mark.parametrize(
    "name, finish",
    [
        ("Gio.InputStream.read_bytes_async", "read_bytes_finish"),
        ("Gio.File.load_contents_async", "load_contents_finish"),
        ("Gio.DBusConnection.call", "call_finish"),
        ("Gio.bus_get", "bus_get_finish"),
        ("Gio.AppInfo.launch_default_for_uri_async", "launch_default_for_uri_finish"),
        ("Gio.File.replace_contents_bytes_async", "replace_contents_finish"),
        ("GdkPixbuf.Pixbuf.save_to_streamv_async", "save_to_stream_finish"),
        ("Gio.DBusConnection.send_message_with_reply", "send_message_with_reply_finish"),
        ("Gtk.show_uri_full", "show_uri_full_finish"),
        ("Soup.Session.send_async", "send_finish"),
    ],
)
def test_a_function_is_finished_by_the_one_of_its_name(name, finish):
    found, _ = introspection.finish_function(info_of(name))
    assert found.get_name() == finish


@pytest.mark.parametrize(
    "name, names, cancellable",
    [
        ("Gio.InputStream.read_bytes_async", "self count io_priority cancellable", 3),
        ("Gio.OutputStream.write_all_async", "self buffer io_priority cancellable", 3),
        ("Gio.bus_get", "bus_type cancellable", 1),
        (
            "Gio.DBusConnection.send_message_with_reply",
            "self message flags timeout_msec cancellable",
            4,
        ),
        ("Gio.File.load_contents_async", "self cancellable", 1),
    ],
)
def test_the_arguments_are_those_that_python_passes(name, names, cancellable):
    described = introspection.describe(info_of(name))
    assert described[0] == name
    assert described[1] == tuple(names.split())
    assert described[3] == cancellable


@pytest.mark.parametrize(
    "name",
    [
        "Gio.File.load_contents",
        "Gio.InputStream.read_bytes_finish",
        "Gio.Task.new",
        "Gio.SimpleAsyncResult.new",
        "Gio.Task.run_in_thread",
        "Gio.simple_async_report_gerror_in_idle",
        "GLib.idle_add",
    ],
)
def test_other_functions_are_not_asynchronous(name):
    assert introspection.describe(info_of(name)) is None


@pytest.mark.parametrize(
    "name, names",
    [
        ("Gio.Task.new", "self source_object cancellable"),
        ("Gio.SimpleAsyncResult.new", "self source_object"),
        ("Gio.simple_async_report_gerror_in_idle", "object"),
    ],
)
def test_of_those_that_take_the_callback_its_place_is_known(name, names):
    described = introspection.describe_call(info_of(name))
    assert described[1] == tuple(names.split()) and described[4] is None
    assert introspection.describe_call(info_of("Gio.File.load_contents")) is None


@pytest.mark.parametrize(
    "name, described",
    [
        ("GLib.idle_add", ("priority function data", (1,))),
        ("GLib.child_watch_add", ("priority pid function data", (2,))),
        ("Gio.Cancellable.connect", ("self callback data", (1,))),
        (
            "Gio.bus_watch_name",
            ("bus_type name flags name_appeared_closure name_vanished_closure", (3, 4)),
        ),
        ("Gio.ListStore.sort", None),  # wants an int
        ("GLib.source_remove", None),
    ],
)
def test_of_other_functions_it_is_known_which_callbacks_may_be_coroutine_functions(
    name, described
):
    found = introspection.describe_call(info_of(name))
    if described is None:
        assert found is None
        return
    names, positions = described
    # GLib names user data as it likes.
    assert found[0] == name and found[2] == positions
    assert len(found[1]) == len(names.split())
    assert [found[1][each] for each in positions] == [names.split()[each] for each in positions]


def test_a_function_is_found_by_its_symbol():
    find = introspection.function_of_symbol
    assert find("g_file_load_contents_async") is Gio.File.load_contents_async
    assert find("g_bus_get") is Gio.bus_get
    assert find("g_no_such_function") is None


class Closure:
    """An argument of Gio.File.copy_async() as of GLib 2.82, where it takes closures."""

    def __init__(self, name):
        self._argument = next(
            each
            for each in info_of("GObject.signal_connect_closure").get_arguments()
            if each.get_name() == "closure"
        )
        self._name = name

    def get_name(self):
        return self._name

    def __getattr__(self, name):
        return getattr(self._argument, name)


def test_a_closure_may_take_the_place_of_the_callback():
    before = info_of("Gio.File.copy_async")

    class CopyWithClosures:
        def get_arguments(self):
            closures = map(Closure, ("progress_callback_closure", "ready_callback_closure"))
            return [*before.get_arguments()[:4], *closures]

        def __getattr__(self, name):
            return getattr(before, name)

    name, names, *_ = introspection.describe(CopyWithClosures())
    assert names[-2:] == ("cancellable", "progress_callback_closure")
    assert introspection._fits(Closure("progress_callback_closure"), print)


def functions_of(namespace):
    repository = Repository.get_default()
    repository.require(namespace)
    for info in repository.get_infos(namespace):
        if isinstance(info, FunctionInfo):
            yield info
        elif hasattr(info, "get_methods"):
            yield from info.get_methods()


@pytest.mark.parametrize("namespace, least", [("Gio", 130), ("Gtk", 1), ("Soup", 5)])
def test_all_functions_named_async_can_be_awaited(namespace, least):
    described = 0
    for info in functions_of(namespace):
        description = introspection.describe(info)
        described += description is not None
        takes_callback = any(
            typelib.is_of(each, "Gio", "AsyncReadyCallback") for each in info.get_arguments()
        )
        starts = info.get_name().endswith("_async") and takes_callback
        if starts and not info.is_deprecated():
            assert description is not None, info.get_name()
    assert described >= least


def test_constructors_that_differ_in_how_they_start_are_awaited(run, tmp_path):
    path = tmp_path / "image.png"
    GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, False, 8, 10, 20).savev(
        str(path), "png", [], []
    )

    async def main():
        source = await Gio.File.new_for_path(str(path)).read_async()
        return await GdkPixbuf.Pixbuf.new_from_stream_at_scale_async(source, 5, 10, True)

    assert run(main()).get_width() == 5


def test_functions_keep_what_they_show():
    function = Gio.InputStream.read_bytes_async
    assert isinstance(function, FunctionInfo)
    assert repr(function).startswith("gi.FunctionInfo(read_bytes_async")
    assert function.__name__ == "read_bytes_async"
    assert "io_priority" in function.__doc__
    assert function == Gio.InputStream.read_bytes_async
    assert Gio.MemoryInputStream().is_closed.__name__ == "is_closed"


def test_functions_kept_from_before_gawait_was_imported_work(run_script):
    ended = run_script(
        """
import asyncio
from gi.repository import Gio, GLib

stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))
bound, unbound = stream.read_bytes_async, Gio.InputStream.read_bytes_async
plain, called = stream.is_closed, Gio.Cancellable().is_cancelled()

import gawait

async def main():
    assert (await unbound(stream, 2)).get_data() == b"da"
    assert (await stream.read_bytes_async(2)).get_data() == b"ta"
    ended = asyncio.get_running_loop().create_future()
    bound(2, 0, None, lambda source, result: ended.set_result(source.read_bytes_finish(result)))
    assert (await ended).get_data() == b""
    assert not plain()

gawait.run(main())
"""
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_functions_may_be_called_from_several_threads(run):
    async def main():
        stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(bytes(1000)))
        counts = asyncio.gather(*(asyncio.to_thread(stream.is_closed) for _ in range(100)))
        reads = [await stream.read_bytes_async(10) for _ in range(100)]
        return len(await counts), sum(each.get_size() for each in reads)

    assert run(main()) == (100, 1000)
