"""examples/explorer in both languages, as who uses it sees it: by what it tells screen readers."""

import http.server
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import zlib
from pathlib import Path

import pytest
from accessible import AccessibilityBus, until
from gi.repository import GLib
from programs import said
from serving import serving

import gawait

BUILD = Path(gawait.__file__).parents[2]
SOURCE = Path(__file__).parents[2] / "examples/explorer"
PROGRAMS = {
    "org.gawait.Explorer": SOURCE / "python/explorer.py",
    "org.gawait.ExplorerCpp": BUILD / "examples/explorer/cpp/org.gawait.ExplorerCpp",
}


class Explorer:
    """The program, while it runs."""

    def __init__(self, application_id, bus, environment, folder, *arguments):
        self.id = application_id
        self.session = bus.connect(environment["DBUS_SESSION_BUS_ADDRESS"])
        self.process = subprocess.Popen(
            [*WITHOUT_PRIVILEGES, PROGRAMS[application_id], *map(str, arguments)],
            cwd=folder,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.program = until(lambda: next(iter(bus.programs()), None))
        self.window = until(lambda: self.window_called("Explorer"))

    def window_called(self, name):
        return next((each for each in self.program.children() if each.name == name), None)

    def dialog(self):
        """One that has no title."""
        return next((each for each in self.program.children() if each.name != "Explorer"), None)

    def files(self):
        """The tiles of the grid: name and size."""
        return dict(tile.labels() for tile in self.window.find("grid cell"))

    def says(self, text):
        """Whether a label has that, other than those of files, which are many."""
        labels = self.window.find("label", but_not_in="grid cell")
        return any(re.search(text, each.name) for each in labels)

    def search(self, *texts):
        """Types one after the other."""
        entry = next(self.window.find("search box"))
        for text in texts:
            entry.type(text)

    def act(self, action, *parameter):
        """What a menu, a key or another program does."""
        parameter = [GLib.Variant("s", each) for each in parameter]
        self.session.call_sync(
            self.id,
            f"/{self.id.replace('.', '/')}/window/1",
            "org.gtk.Actions",
            "Activate",
            GLib.Variant("(sava{sv})", (action, parameter, {})),
            None,
            0,
            10_000,
            None,
        )

    def close(self):
        """Presses the window's own button, and returns the exit status and what was warned of."""
        self.window.button("Close").press()
        _, warned = self.process.communicate(timeout=60)
        return self.process.returncode, said(warned)


# To root no folder is closed, and no file.
WITHOUT_PRIVILEGES = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
)


@pytest.fixture(params=PROGRAMS)
def application_id(request):
    if not PROGRAMS[request.param].exists():
        pytest.skip("it is not built, since what it uses is not installed")
    return request.param


@pytest.fixture(scope="module")
def accessibility():
    bus = AccessibilityBus()
    yield bus
    bus.close()


@pytest.fixture
def environment(desktop, accessibility, tmp_path):
    settings = tmp_path / "settings"
    (tmp_path / "downloads").mkdir()
    settings.mkdir()
    (settings / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{tmp_path}/downloads"\n')
    (settings / "gtk-4.0").mkdir()
    (settings / "gtk-4.0/settings.ini").write_text("[Settings]\ngtk-enable-animations=0\n")
    changed = {
        "AT_SPI_BUS_ADDRESS": accessibility.address,
        "DBUS_SESSION_BUS_ADDRESS": accessibility.session_address,
        "G_DEBUG": "fatal-criticals",
        "GTK_A11Y": "atspi",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(BUILD / "python"),
        "LC_ALL": "C.UTF-8",
        "XDG_CONFIG_HOME": str(settings),
    }
    inherited = {each: os.environ[each] for each in os.environ if each != "NO_AT_BRIDGE"}
    return {**inherited, **changed}


@pytest.fixture
def explore(application_id, accessibility, environment, tmp_path):
    """Starts the program; what it is still doing at the end of a test, closing it ends."""
    started = []

    def start(*arguments, **changed):
        changed = {**environment, **changed}
        started.append(Explorer(application_id, accessibility, changed, tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            assert each.close() == (0, "")
        each.process.kill()
        each.process.communicate()
    until(lambda: not accessibility.programs())


# Files ------------------------------------------------------------------------------------


FILES = {
    "apples.txt": "24 bytes",
    "pears.txt": "6 bytes",
    "plums.txt": "5 bytes",
    "binary": "6 bytes",
    "broken.png": "21 bytes",
}


def test_the_files_of_all_folders_are_shown_but_for_hidden_ones(explore, tree):
    explorer = explore(tree)
    until(lambda: explorer.files() == FILES)
    assert "5 files" in explorer.window.labels()


def pixels(color):
    """How many there are on the screen of a colour."""
    script = (
        "import gi; gi.require_version('Gdk', '3.0'); from gi.repository import Gdk; "
        "root = Gdk.get_default_root_window(); "
        "shown = Gdk.pixbuf_get_from_window(root, 0, 0, root.get_width(), root.get_height()); "
        "assert shown.get_n_channels() == 3; "
        "pixels = shown.get_pixels(); "
        f"print(sum(pixels[at:at + 3] == bytes({color}) for at in range(0, len(pixels), 3)))"
    )
    run = subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True)
    return int(run.stdout)


def test_pictures_have_thumbnails(explore, tree):
    purple = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">'
    purple += '<rect width="200" height="100" fill="#7b00d4"/></svg>'
    (tree / "picture.svg").write_text(purple)
    explorer = explore(tree)
    until(lambda: explorer.files() == {**FILES, "picture.svg": f"{len(purple)} bytes"})
    until(lambda: pixels((0x7B, 0x00, 0xD4)) > 96 * 40)


def found(explorer):
    """What a search has found: the lines, by the names of the files."""
    return {name: line for name, (line,) in explorer.window.rows("Results").items()}


@pytest.fixture(scope="module")
def many_folders(tmp_path_factory):
    """A folder with 2000 others, and a file in each."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(400):
        for inner in "abcde":
            (folder / f"{number}" / inner).mkdir(parents=True)
            (folder / f"{number}" / inner / f"file-{inner}-{number}").write_text("a\n" * 1000)
    return folder


def test_contents_are_searched_and_the_line_is_shown(explore, tree):
    explorer = explore(tree)
    until(lambda: explorer.files() == FILES)
    explorer.search("GREEN")
    until(
        lambda: found(explorer)
        == {
            "apples.txt": "green <b>& sour</b>",
            "inner/pears.txt": "green",
            "broken.png": "green, but no picture",
        }
    )


def test_a_search_for_nothing_shows_nothing(explore, tree):
    explorer = explore(tree)
    until(lambda: explorer.files() == FILES)
    explorer.search("blue")
    until(lambda: found(explorer))
    explorer.search("")
    until(lambda: explorer.files() == FILES and not found(explorer))


def test_each_letter_ends_the_search_before_it(explore, tree):
    for number in range(300):
        (tree / f"many-{number}").write_text("a line to look for: b\n" * 200)
    explorer = explore(tree)
    until(lambda: explorer.says("305 files"))
    explorer.search("b", "bl", "blu", "blue")
    until(lambda: found(explorer) == {"inner/deep/plums.txt": "Blue"})
    until(lambda: explorer.says("Searched 305 of 305 files"))
    explorer.search("g", "gr", "gree", "green <")
    until(lambda: found(explorer) == {"apples.txt": "green <b>& sour</b>"})
    assert found(explorer) == {"apples.txt": "green <b>& sour</b>"}, "and nothing later"


def test_a_folder_is_chosen_in_a_dialog(explore, tree):
    explorer = explore(tree)
    until(lambda: explorer.files() == FILES)
    (tree / "late.txt").write_text("later\n")
    for answer, shown in ("Cancel", FILES), ("Open", {**FILES, "late.txt": "6 bytes"}):
        explorer.window.button("Open Folder").press()
        dialog = until(lambda: explorer.window_called("Open Folder"))
        until(lambda: "tree" in dialog.labels())  # it begins with the folder that is shown
        dialog.button(answer).press()
        until(lambda: not explorer.window_called("Open Folder"))
        until(lambda: explorer.files() == shown)


def test_a_dialog_that_is_open_ends_with_the_window(explore, tree):
    explorer = explore(tree)
    explorer.window.button("Open Folder").press()
    until(lambda: explorer.window_called("Open Folder"))
    assert explorer.close() == (0, "")


def test_a_search_begins_while_the_scan_runs_and_says_so(explore):
    explorer = explore("/")
    explorer.search("e")
    until(lambda: explorer.says("^Searched [1-9][0-9]* of [0-9]+ files so far$"))
    until(lambda: next(explorer.window.list_items("Results")))


def test_a_search_goes_on_with_what_the_scan_finds(explore, many_folders):
    explorer = explore(many_folders)
    explorer.search("b")
    until(
        lambda: explorer.says("Searched 2000 of 2000 files") and explorer.says("Nothing Found")
    )


def test_a_folder_that_is_not_there_is_told(explore, tree):
    explorer = explore(tree / "nowhere")
    until(lambda: explorer.says("No such file") and explorer.says("No Files"))


def test_folders_that_are_closed_are_told_and_the_others_shown(explore, tree):
    for name in "closed", "inner/closed too":
        (tree / name).mkdir(mode=0)
    (tree / "pears.txt").write_text("green\n")
    (tree / "pears.txt").chmod(0)
    explorer = explore(tree)
    until(lambda: explorer.says("Permission denied, and 1 more"))
    until(lambda: explorer.says("6 files"))
    explorer.search("green")
    until(lambda: explorer.says("Searched 6 of 6 files"))
    assert "inner/pears.txt" in found(explorer) and "pears.txt" not in found(explorer)


def test_odd_names_are_shown_and_what_is_no_file_is_left_out(explore, tmp_path):
    tree = tmp_path / "odd"
    (tree / "inner").mkdir(parents=True)
    (tree / "two\nlines <b>").write_text("a needle\n")
    Path(os.fsdecode(bytes(tree) + b"/caf\xe9")).write_bytes(
        b"\xff\xfe needle \xe4" + b"\xc3" * 300
    )
    (tree / "inner" / "loop").symlink_to(tree)
    (tree / "dangling").symlink_to(tree / "nowhere")
    os.mkfifo(tree / "pipe")
    os.mkfifo(tree / "inner" / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tree / "socket"))
    explorer = explore(tree)
    until(lambda: explorer.says("2 files"))
    explorer.search("needle")
    until(lambda: explorer.says("Searched 2 of 2 files"))
    assert set(found(explorer)) == {"two lines <b>", "caf\N{REPLACEMENT CHARACTER}"}


def test_files_that_vanish_are_taken_for_empty(explore, tree):
    explorer = explore(tree)
    until(lambda: explorer.files() == FILES)
    shutil.rmtree(tree)
    explorer.search("green")
    until(lambda: explorer.says("Nothing Found"))


def png(width, height):
    """A picture of one colour, which is small as a file."""

    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    lines = zlib.compress(bytes(1 + (width + 7) // 8) * height)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", lines)
        + chunk(b"IEND", b"")
    )


def test_pictures_that_are_broken_or_huge_have_no_thumbnail_and_say_why(explore, tree):
    # No larger, since GdkPixbuf 2.44 decodes a picture to tell its size, and ends a program where
    # that has 2 GiB.
    (tree / "huge.png").write_bytes(png(10_001, 10_000))
    (tree / "cut.png").write_bytes(png(3000, 3000)[:60])  # GdkPixbuf shows what there is
    explorer = explore(tree)

    def explained():
        tiles = list(explorer.window.find("grid cell"))
        descriptions = [each.description for tile in tiles for each in [tile, *tile.children()]]
        return [
            name
            for name in WITHOUT_THUMBNAIL
            if any(f"{name}\n" in each for each in descriptions)
        ]

    until(lambda: explained() == WITHOUT_THUMBNAIL)


WITHOUT_THUMBNAIL = ["broken.png", "huge.png"]


# Downloads --------------------------------------------------------------------------------


class Server(http.server.ThreadingHTTPServer):
    """Gives 2000 bytes of each file: of "slow" ones the first half until they are let go on, of
    "broken" ones no more than that until it is mended, and none of "missing" ones."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.go_on = threading.Event()
        self.mended = False
        self.at_work = set()

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path[1:]
        if name.startswith("missing"):
            self.send_error(404)
            return
        self.server.at_work.add(name)
        self.send_response(200)
        self.send_header("Content-Length", "2000")
        self.end_headers()
        self.wfile.write(b"x" * 1000)
        self.wfile.flush()
        if name.startswith("slow"):
            self.server.go_on.wait()
        self.server.at_work.discard(name)
        if not name.startswith("broken") or self.server.mended:
            self.wfile.write(b"x" * 1000)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = Server()
    with serving(server, let_go=server.go_on.set):
        yield server


@pytest.fixture
def downloads(tmp_path):
    """What has been downloaded: how much, by the names of the files."""
    return lambda: {
        each.name: each.stat().st_size for each in (tmp_path / "downloads").iterdir()
    }


def downloading(explorer):
    """What is told of each download, in their order."""
    rows = explorer.window.rows("Downloads")
    return {name: said[0] for name, said in rows.items() if said}


def slow(*numbers):
    return [f"slow-{number}" for number in numbers]


HALF = "1.0 kB of 2.0 kB"
WHOLE = "2.0 kB"


def told(explorer, **expected):
    """Waits until that is told of each download."""
    wanted = {name.replace("_", "-"): said for name, said in expected.items()}

    def is_told():
        return {
            name: said.replace("\N{NO-BREAK SPACE}", " ")
            for name, said in downloading(explorer).items()
        } == wanted

    until(is_told)


def test_so_many_are_downloaded_at_once_as_the_limit_says(explore, server, downloads):
    explorer = explore(*map(server.url, slow(1, 2, 3, 4, 5)))
    explorer.act("page", "downloads")
    told(explorer, slow_1=HALF, slow_2=HALF, slow_3=HALF, slow_4="Waiting", slow_5="Waiting")
    assert server.at_work == set(slow(1, 2, 3))
    next(explorer.window.find("spin button")).set_value(4)
    told(explorer, slow_1=HALF, slow_2=HALF, slow_3=HALF, slow_4=HALF, slow_5="Waiting")
    assert server.at_work == set(slow(1, 2, 3, 4))
    next(explorer.window.find("spin button")).set_value(1)
    for name in slow(1, 2, 3):
        explorer.window.row(name).button("Cancel").press()
    told(
        explorer,
        **dict.fromkeys(("slow_1", "slow_2", "slow_3"), "Cancelled"),
        slow_4=HALF,
        slow_5="Waiting",
    )
    server.go_on.set()
    told(
        explorer,
        **dict.fromkeys(("slow_1", "slow_2", "slow_3"), "Cancelled"),
        slow_4=WHOLE,
        slow_5=WHOLE,
    )
    assert downloads() == dict.fromkeys(slow(4, 5), 2000)


def test_the_progress_is_shown(explore, server):
    explorer = explore(server.url("slow-1"))
    explorer.act("page", "downloads")
    bar = until(lambda: next(explorer.window.row("slow-1").find("progress bar")))
    until(lambda: bar.value == 0.5)


def test_one_that_is_cancelled_leaves_nothing_and_can_be_tried_again(
    explore, server, downloads
):
    explorer = explore(server.url("slow-1"))
    explorer.act("page", "downloads")
    told(explorer, slow_1=HALF)
    assert downloads() == {"slow-1": 1000}
    explorer.window.row("slow-1").button("Cancel").press()
    told(explorer, slow_1="Cancelled")
    assert downloads() == {}
    server.go_on.set()
    explorer.window.row("slow-1").button("Try Again").press()
    told(explorer, slow_1=WHOLE)
    assert downloads() == {"slow-1": 2000}


def test_failures_are_told_in_the_row_and_leave_nothing(explore, server, downloads):
    explorer = explore(server.url("missing"), server.url("broken"), server.url("fine"))
    explorer.act("page", "downloads")
    broken = "The server has sent only a part of it"
    told(explorer, missing="404 Not Found", broken=broken, fine=WHOLE)
    assert downloads() == {"fine": 2000}
    server.mended = True
    explorer.window.row("broken").button("Try Again").press()
    told(explorer, missing="404 Not Found", broken=WHOLE, fine=WHOLE)
    assert downloads() == {"broken": 2000, "fine": 2000}


def test_a_server_that_is_not_there_or_does_not_speak_http_is_told(explore):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer():
            connection, _ = listener.accept()
            connection.sendall(b"\0 this is not HTTP\r\n\r\n")
            connection.close()

        threading.Thread(target=answer).start()
        explorer = explore(f"http://127.0.0.1:{port}/odd", "http://127.0.0.1:1/gone")
        explorer.act("page", "downloads")
        until(lambda: len(list(explorer.window.buttons("Try Again"))) == 2)
    assert "refused" in downloading(explorer)["gone"]


def test_names_that_are_no_names_of_files_are_downloaded_all_the_same(
    explore, server, downloads
):
    explore(*map(server.url, ("%ff", "..", "")))
    until(lambda: list(downloads().values()) == [2000] * 3)
    assert set(downloads()) == {"index.html", "index (1).html", "index (2).html"}


def test_a_file_of_the_same_name_is_kept(explore, server, downloads, tmp_path):
    (tmp_path / "downloads" / "one.tar").write_text("mine")
    explore(server.url("folder/one.tar"), server.url("one.tar"))
    until(lambda: sorted(downloads().values()) == [4, 2000, 2000])
    assert downloads() == {"one.tar": 4, "one (1).tar": 2000, "one (2).tar": 2000}


def test_that_a_file_cannot_be_written_is_told(explore, server, tmp_path):
    (tmp_path / "downloads").chmod(0o500)
    explorer = explore(server.url("one"))
    explorer.act("page", "downloads")
    until(lambda: "Permission denied" in downloading(explorer)["one"])


def test_addresses_are_asked_for_in_a_dialog(explore, server):
    explorer = explore()
    for answer in "Cancel", "Add":
        explorer.act("add-downloads")
        dialog = until(lambda: explorer.dialog())
        next(dialog.find("text box")).type(f"{server.url('one')}\n{server.url('two')} nonsense")
        # Buttons that are not shown yet do nothing.
        until(lambda: not explorer.dialog() or dialog.button(answer).press(), every=0.2)
        if answer == "Cancel":
            assert downloading(explorer) == {}
    told(explorer, one=WHOLE, two=WHOLE, **{"index.html": "This is no address"})


# The bus ----------------------------------------------------------------------------------


def on_the_bus(explorer):
    return {
        name: said[0]
        for name, said in explorer.window.rows("Names").items()
        if name.startswith("org.example.")
    }


@pytest.fixture
def session(accessibility):
    """A connection to the session bus, with which the names go that it owns."""
    bus = accessibility.connect(accessibility.session_address)
    yield bus
    bus.close_sync()


def test_names_on_the_bus_appear_and_vanish(explore, session):
    def change(method, *arguments):
        form = "(su)" if len(arguments) == 2 else "(s)"
        session.call_sync(
            *("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method),
            *(GLib.Variant(form, arguments), None, 0, -1, None),
        )

    here = Path("/proc/self/comm").read_text().strip() + f", process {os.getpid()}"
    change("RequestName", "org.example.Before", 0)
    explorer = explore()
    explorer.act("page", "bus")
    until(lambda: on_the_bus(explorer) == {"org.example.Before": here})
    change("RequestName", "org.example.After", 0)
    until(
        lambda: on_the_bus(explorer) == {"org.example.After": here, "org.example.Before": here}
    )
    change("ReleaseName", "org.example.Before")
    until(lambda: on_the_bus(explorer)["org.example.Before"].startswith("Vanished at "))
    assert on_the_bus(explorer)["org.example.After"] == here
    change("RequestName", "org.example.Before", 0)
    until(lambda: on_the_bus(explorer)["org.example.Before"] == here)


def test_that_the_bus_has_gone_is_told(explore):
    command = "dbus-daemon", "--session", "--nofork", "--print-address"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as daemon:
        try:
            explorer = explore(DBUS_SESSION_BUS_ADDRESS=daemon.stdout.readline().strip())
            explorer.act("page", "bus")
            until(
                lambda: any(each.startswith("org.") for each in explorer.window.rows("Names"))
            )
        finally:
            daemon.terminate()
        until(lambda: explorer.says("No Session Bus"))


# The window -------------------------------------------------------------------------------


@pytest.mark.parametrize("dialog", ["choose-folder", "add-downloads", "about"])
def test_closing_the_window_in_the_middle_of_everything_ends_all_at_once(
    explore, server, downloads, many_folders, dialog
):
    explorer = explore(many_folders, *map(server.url, slow(1, 2, 3, 4)))
    until(lambda: server.at_work == set(slow(1, 2, 3)) and len(downloads()) == 3)
    explorer.act(dialog)
    until(lambda: len(explorer.program.children()) == 2)
    explorer.act("page", "files")
    explorer.search("a", "ab", "b")
    assert explorer.close() == (0, "")
    assert downloads() == {}


def test_closing_the_window_while_a_folder_without_an_end_is_scanned_ends_that(explore):
    explorer = explore("/")
    until(lambda: explorer.says(" files so far"))
    explorer.search("a", "ab")
    assert explorer.close() == (0, "")


def test_a_second_start_shows_its_folder_in_the_first(explore, environment, tree):
    explorer = explore()
    command = [PROGRAMS[explorer.id], tree]
    second = subprocess.run(command, env=environment, capture_output=True, timeout=60)
    assert (second.returncode, said(second.stderr.decode())) == (0, "")
    windows = until(
        lambda: any("5 files" in each.labels() for each in explorer.program.children())
        and explorer.program.children()
    )
    for window in windows[1:]:
        window.button("Close").press()
    assert explorer.close() == (0, "")


# What is installed with it ----------------------------------------------------------------


FOLDERS = {"org.gawait.Explorer": SOURCE / "python", "org.gawait.ExplorerCpp": SOURCE / "cpp"}


@pytest.mark.parametrize("application_id", PROGRAMS)
@pytest.mark.parametrize(
    "command",
    [
        "desktop-file-validate {}.desktop",
        "appstreamcli validate --no-net {}.metainfo.xml",
        "/usr/bin/python3 -m json.tool {}.json",
    ],
)
def test_what_the_desktop_reads_is_valid(command, application_id):
    program, *arguments = command.format(FOLDERS[application_id] / application_id).split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    checked = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_program_in_cpp_is_installed_with_what_the_desktop_wants_of_it(tmp_path):
    name = "org.gawait.ExplorerCpp"
    if not PROGRAMS[name].exists():
        pytest.skip("it is not built, since what it uses is not installed")
    command = ["meson", "install", "-C", BUILD, "--no-rebuild", "--tags", "explorer-cpp"]
    subprocess.run([*command, "--destdir", tmp_path / "root"], check=True, capture_output=True)
    installed = {each.name for each in (tmp_path / "root").rglob("*") if each.is_file()}
    assert installed == {name, f"{name}.desktop", f"{name}.metainfo.xml", f"{name}.svg"}


def test_the_flatpak_of_the_program_in_python_has_each_of_its_files():
    manifest = json.loads((SOURCE / "python/org.gawait.Explorer.json").read_text())
    commands = " ".join(manifest["modules"][-1]["build-commands"]).split()
    files = [*SOURCE.glob("python/*.py"), *SOURCE.glob("*.ui"), SOURCE / "style.css"]
    assert {each.relative_to(SOURCE).as_posix() for each in files} <= set(commands)
