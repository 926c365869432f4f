"""examples/explorer/python, by its widgets, in a process for each test."""

import asyncio
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import urllib.request

import pytest

import gawait
from gawait import dbus
from gi.repository import Gio, GLib
from programs import said, with_gtk
from serving import serving

EXPLORER = pathlib.Path(__file__).parents[2] / "examples/explorer/python"
APPLICATION_ID = "org.gawait.Explorer"


def explore(drive, *arguments):
    """Runs the application, and drive(window) in it; closes the window when that has ended."""
    sys.path.append(str(EXPLORER))
    import explorer

    async def main(application, window):
        application.disconnect(handler)
        try:
            async with asyncio.timeout(40):
                await drive(window)
        except BaseException as error:
            error.add_note(f"shown: {sorted(shown(window))}")
            failures.append(error)
        window.close()

    failures = []
    application = explorer.Application()
    handler = application.connect("window-added", main)
    assert application.run(["explorer", *arguments]) == 0
    for each in failures:
        raise each


async def until(condition):
    while not (value := condition()):
        await asyncio.sleep(0.005)
    return value


def all_in(widget, kind):
    """The widgets of a kind that are shown in another."""
    child = widget.get_first_child()
    while child is not None:
        if child.get_mapped():
            if isinstance(child, kind):
                yield child
            yield from all_in(child, kind)
        child = child.get_next_sibling()


def shown(widget):
    """The texts that are shown in a widget."""
    from gi.repository import Gtk

    return {each.get_text() for each in all_in(widget, Gtk.Label)}


def row(window, title):
    """The row that is shown with a title, or None."""
    from gi.repository import Adw

    rows = (each for each in all_in(window, Adw.ActionRow) if each.get_title() == title)
    return next(rows, None)


def button(widget, tooltip):
    from gi.repository import Gtk

    (found,) = [
        each for each in all_in(widget, Gtk.Button) if each.get_tooltip_text() == tooltip
    ]
    return found


async def dialog_of(kind):
    """The dialog of a kind that the application has opened."""
    from gi.repository import Gtk

    def find():
        tops = (each for each in Gtk.Window.list_toplevels() if isinstance(each, kind))
        return next((each for each in tops if each.get_visible()), None)

    return await until(find)


# Files ------------------------------------------------------------------------------------


@pytest.fixture
def tree(tree):
    """That folder, with a picture in it; gives its path."""
    shutil.copy(EXPLORER / f"{APPLICATION_ID}.svg", tree / "picture.svg")
    return str(tree)


NAMES = {"apples.txt", "pears.txt", "plums.txt", "binary", "broken.png", "picture.svg"}


@with_gtk
def test_files_of_all_folders_are_shown_but_for_hidden_ones(tree):
    async def drive(window):
        await until(lambda: NAMES <= shown(window))
        assert "6 files" in shown(window)
        assert not {".hidden", "file"} & shown(window)
        assert "6 bytes" in shown(window)

    explore(drive, tree)


@with_gtk
def test_pictures_have_thumbnails(tree):
    async def drive(window):
        from gi.repository import Gdk, Gtk

        await until(lambda: NAMES <= shown(window))

        def pictures():
            tiles = (each.get_parent() for each in all_in(window, Gtk.Image))
            return {
                label.get_text()
                for tile in tiles
                for label in all_in(tile, Gtk.Label)
                if isinstance(tile.get_first_child().get_paintable(), Gdk.Texture)
                if label.get_text() in NAMES
            }

        await until(pictures)
        assert pictures() == {"picture.svg"}

    explore(drive, tree)


@with_gtk
def test_a_folder_is_chosen_in_a_dialog(tree):
    async def drive(window):
        from gi.repository import Gtk

        assert "No Folder" in shown(window)
        for response in Gtk.ResponseType.CANCEL, Gtk.ResponseType.ACCEPT:
            window.activate_action("win.choose-folder")
            dialog = await dialog_of(Gtk.FileChooserDialog)
            dialog.set_file(Gio.File.new_for_path(tree))
            await until(lambda: dialog.get_file() and dialog.get_file().get_path() == tree)
            dialog.response(response)
            await until(lambda: not dialog.get_visible())
            if response == Gtk.ResponseType.CANCEL:
                assert "No Folder" in shown(window)
        await until(lambda: NAMES <= shown(window))

    explore(drive)


@with_gtk
def test_a_folder_that_cannot_be_read_is_told(tree):
    async def drive(window):
        await until(lambda: any("No such file" in each for each in shown(window)))
        assert "No Files" in shown(window)

    explore(drive, f"{tree}/nowhere")


def found(window):
    """The lines that a search has found, by the titles."""
    from gi.repository import Adw, Gtk

    rows = all_in(window, Adw.ActionRow)
    return dict([each.get_text() for each in all_in(row, Gtk.Label)] for row in rows)


@with_gtk
def test_contents_are_searched_and_the_line_is_shown(tree):
    async def drive(window):
        await until(lambda: NAMES <= shown(window))
        lines = {
            "apples.txt": "green <b>& sour</b>",
            "pears.txt": "green",
            "broken.png": "green, but no picture",
        }
        window.files.entry.set_text("GREEN")
        await until(lambda: found(window) == lines)
        window.files.entry.set_text("blue")
        await until(lambda: found(window) == {"plums.txt": "Blue"})
        window.files.entry.set_text("yellow")
        await until(lambda: "Nothing Found" in shown(window))
        window.files.entry.set_text("")
        await until(lambda: NAMES <= shown(window))

    explore(drive, tree)


@pytest.fixture
def many_files(tmp_path):
    """A folder with files that all have a word in them, one of them another; gives its path."""
    for number in range(2000):
        text = "common\n" * 1000 + "rare\n" * (number == 1999)
        (tmp_path / f"{number}.txt").write_text(text)
    return str(tmp_path)


@with_gtk
def test_each_keystroke_ends_the_search_before_it(many_files):
    async def drive(window):
        await until(lambda: "2,000 files" in shown(window))
        entry, spinner = window.files.entry, window.files.spinner
        entry.set_text("common")
        await until(lambda: found(window))
        assert spinner.get_spinning()
        for text in "r", "ra", "rar", "rare":
            entry.set_text(text)
            await asyncio.sleep(0)
        await until(lambda: "1999.txt" in found(window) and not spinner.get_spinning())
        await asyncio.sleep(0.2)  # in which one that goes on would find more
        assert list(found(window)) == ["1999.txt"]

    explore(drive, many_files)


# Downloads --------------------------------------------------------------------------------


class Server(http.server.ThreadingHTTPServer):
    """Gives 10 000 bytes of each file: of a slow one half of them, and the rest when /go was
    asked for; none of a missing one. /most tells how many slow ones were at work at once."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.at_work = self.most_at_work = 0


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(200)
        if self.path == "/go":
            server.go.set()
        if self.path in ("/go", "/most"):
            self.end_headers()
            self.wfile.write(str(server.most_at_work).encode())
            return
        self.send_header("Content-Length", "10000")
        self.end_headers()
        self.wfile.write(bytes(5000))
        if self.path.startswith("/slow"):
            with server.lock:
                server.at_work += 1
                server.most_at_work = max(server.at_work, server.most_at_work)
            server.go.wait()
            with server.lock:
                server.at_work -= 1
        self.wfile.write(bytes(5000))

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # it was cancelled


@pytest.fixture
def url():
    server = Server()
    with serving(server, let_go=server.go.set):
        yield f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's folder of downloads."""
    folder, config = tmp_path / "Downloads", tmp_path / "config"
    folder.mkdir()
    config.mkdir()
    (config / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{folder}"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    return str(folder)


def ask(url):
    """What the server answers."""

    def answer():
        with urllib.request.urlopen(url) as response:
            return response.read().decode()

    return asyncio.to_thread(answer)


def sizes(folder):
    return {each.name: each.stat().st_size for each in pathlib.Path(folder).iterdir()}


def show_downloads(window):
    window.activate_action("win.page", GLib.Variant("s", "downloads"))


def says(window, **subtitles):
    """Whether the downloads, whose names have no ending, say that."""
    rows = {name: row(window, name) for name in subtitles}
    return all(each and each.get_subtitle() == subtitles[name] for name, each in rows.items())


HALF, WHOLE = "5.0\N{NO-BREAK SPACE}kB of 10.0\N{NO-BREAK SPACE}kB", "10.0\N{NO-BREAK SPACE}kB"


@with_gtk
def test_downloads_are_files_in_the_folder_of_downloads(url, folder):
    async def drive(window):
        show_downloads(window)
        await until(lambda: says(window, file=WHOLE))
        window.downloads.add(f"{url}file")
        await until(lambda: "file (1)" in sizes(folder))
        await until(lambda: sizes(folder) == {"file": 10_000, "file (1)": 10_000})

    explore(drive, f"{url}file")


@with_gtk
def test_downloads_show_their_progress(url, folder):
    async def drive(window):
        from gi.repository import Gtk

        show_downloads(window)
        await until(lambda: says(window, slow=HALF))
        (bar,) = all_in(row(window, "slow"), Gtk.ProgressBar)
        assert bar.get_fraction() == 0.5
        await ask(f"{url}go")
        await until(lambda: says(window, slow=WHOLE))
        assert bar.get_fraction() == 1

    explore(drive, f"{url}slow")


@with_gtk
def test_no_more_downloads_than_the_limit_are_at_work(url, folder):
    async def drive(window):
        show_downloads(window)
        await until(lambda: says(window, slow1=HALF, slow2=HALF, slow3=HALF))
        await asyncio.sleep(0.2)  # in which another would begin
        assert says(window, slow4="Waiting", slow5="Waiting")
        window.downloads.limit.set_value(4)
        await until(lambda: says(window, slow4=HALF))
        assert says(window, slow5="Waiting")
        window.downloads.limit.set_value(1)
        button(row(window, "slow1"), "Cancel").emit("clicked")
        await until(lambda: says(window, slow1="Cancelled"))
        await asyncio.sleep(0.2)
        assert says(window, slow5="Waiting")
        assert await ask(f"{url}most") == "4"
        await ask(f"{url}go")
        await until(lambda: says(window, slow2=WHOLE, slow3=WHOLE, slow4=WHOLE, slow5=WHOLE))

    explore(drive, *(f"{url}slow{number}" for number in range(1, 6)))


@with_gtk
def test_a_download_is_cancelled_by_its_button_and_tried_again(url, folder):
    async def drive(window):
        show_downloads(window)
        await until(lambda: says(window, slow1=HALF, slow2=HALF))
        button(row(window, "slow1"), "Cancel").emit("clicked")
        await until(lambda: says(window, slow1="Cancelled"))
        assert list(sizes(folder)) == ["slow2"]
        button(row(window, "slow1"), "Try Again").emit("clicked")
        await until(lambda: says(window, slow1=HALF))
        await ask(f"{url}go")
        await until(lambda: says(window, slow1=WHOLE, slow2=WHOLE))
        assert sizes(folder) == {"slow1": 10_000, "slow2": 10_000}

    explore(drive, f"{url}slow1", f"{url}slow2")


@with_gtk
def test_what_is_missing_says_so(url, folder):
    async def drive(window):
        show_downloads(window)
        await until(lambda: says(window, missing="404 Not Found"))
        assert row(window, "missing").has_css_class("error")
        assert sizes(folder) == {}

    explore(drive, f"{url}missing")


@with_gtk
def test_downloads_are_added_in_a_dialog(url, folder):
    async def drive(window):
        from gi.repository import Adw, Gtk

        window.activate_action("win.add-downloads")
        dialog = await dialog_of(Adw.MessageDialog)
        assert "No Downloads" in shown(window)
        (text,) = await until(lambda: list(all_in(dialog, Gtk.TextView)))
        text.get_buffer().set_text(f"{url}one\n{url}two\nnonsense")
        dialog.response("add")
        await until(lambda: says(window, one=WHOLE, two=WHOLE))
        await until(lambda: says(window, nonsense="This is no address"))
        assert sizes(folder) == {"one": 10_000, "two": 10_000}

    explore(drive)


# The bus ----------------------------------------------------------------------------------


def show_bus(window):
    window.activate_action("win.page", GLib.Variant("s", "bus"))


@with_gtk
def test_a_name_that_appears_on_the_bus_is_shown_until_it_vanishes():
    async def drive(window):
        show_bus(window)
        own = await until(lambda: row(window, APPLICATION_ID))
        await until(own.get_subtitle)
        flags = Gio.DBusConnectionFlags
        bus = await Gio.DBusConnection.new_for_address(
            Gio.dbus_address_get_for_bus_sync(Gio.BusType.SESSION),
            flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION,
            None,
        )
        async with dbus.own_name(bus, "org.example.Visitor"):
            visitor = await until(lambda: row(window, "org.example.Visitor"))
            await until(visitor.get_subtitle)
            assert visitor.get_subtitle().endswith(f" · {bus.get_unique_name()}")
        await until(lambda: visitor.get_subtitle() == "Vanished")
        await until(lambda: row(window, "org.example.Visitor") is None)
        assert row(window, APPLICATION_ID) is own

    explore(drive)


@with_gtk
def test_that_there_is_no_bus_is_told():
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"

    async def drive(window):
        show_bus(window)
        await until(lambda: "No Session Bus" in shown(window))
        assert any("/nowhere" in each or "connect" in each for each in shown(window))

    explore(drive)


@with_gtk
def test_that_the_bus_has_gone_is_told():
    command = "dbus-daemon", "--session", "--nofork", "--print-address"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as daemon:
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().strip()

        async def drive(window):
            show_bus(window)
            await until(lambda: row(window, APPLICATION_ID))
            daemon.terminate()
            await until(lambda: "No Session Bus" in shown(window))

        explore(drive)


# The end ----------------------------------------------------------------------------------


@with_gtk
def test_closing_the_window_cancels_a_scan_a_search_and_a_download(many_files, url, folder):
    async def drive(window):
        show_downloads(window)
        await until(lambda: says(window, slow=HALF))
        window.files.folder = Gio.File.new_for_path("/")
        await until(lambda: len(window.files.files) > 100)
        assert window.files.spinner.get_spinning()
        window.files.entry.set_text("a")

    explore(drive, many_files, f"{url}slow")
    assert sizes(folder) == {}


def test_the_program_ends_with_status_0_when_it_is_told_to_quit(desktop, tree, url, folder):
    async def main():
        bus = await Gio.bus_get(Gio.BusType.SESSION)
        bus.set_exit_on_close(False)
        process = await asyncio.create_subprocess_exec(
            EXPLORER / "explorer.py",
            *(tree, f"{url}slow"),
            env={**os.environ, "G_DEBUG": "fatal-criticals"},
            stderr=subprocess.PIPE,
        )
        while not sizes(folder):
            await asyncio.sleep(0.01)
        path = "/" + APPLICATION_ID.replace(".", "/")
        actions = await dbus.proxy(bus, APPLICATION_ID, path, interface="org.gtk.Actions")
        await actions.activate("quit", [], {})
        _, errors = await process.communicate()
        return process.returncode, said(errors.decode()), sizes(folder)

    assert gawait.run(asyncio.wait_for(main(), 60)) == (0, "", {})


# What is installed with it ----------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "desktop-file-validate {}.desktop",
        "appstreamcli validate --no-net {}.metainfo.xml",
        "flatpak-builder --show-manifest {}.json",
    ],
)
def test_what_the_desktop_reads_is_valid(command, tmp_path):
    command = command.format(EXPLORER / APPLICATION_ID).split()
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_flatpak_has_each_file_of_the_program():
    manifest = json.loads((EXPLORER / f"{APPLICATION_ID}.json").read_text())
    commands = " ".join(manifest["modules"][-1]["build-commands"]).split()
    assert {each.name for each in EXPLORER.glob("*.py")} <= set(commands)
