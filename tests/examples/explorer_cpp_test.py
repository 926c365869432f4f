"""examples/explorer/cpp, as who uses it sees it: by what it tells screen readers."""

import http.server
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from accessible import AccessibilityBus, until
from gi.repository import GLib
from serving import serving

import gawait

BUILD = Path(gawait.__file__).parents[2]
SOURCE = Path(__file__).parents[2] / "examples/explorer/cpp"
APPLICATION_ID = "org.gawait.ExplorerCpp"
PROGRAM = BUILD / "examples/explorer/cpp" / APPLICATION_ID

as_gtk_4_8_tells = pytest.mark.skipif(
    subprocess.call(["pkg-config", "--atleast-version=4.10", "gtk4"]) == 0,
    reason="newer GTK tells of dialogs, progress and rows in another way, which accessible.py does not know",
)
pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="it is not built, since what it uses is not installed"
)


class Explorer:
    """The program, while it runs."""

    def __init__(self, bus, environment, folder, *arguments):
        self.bus = bus
        self.process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
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

    def search(self, *texts):
        """Types one after the other."""
        entry = next(self.window.find("search box"))
        for text in texts:
            entry.type(text)

    def act(self, action, *parameter):
        """What a menu, a key or another program does."""
        parameter = [GLib.Variant("s", each) for each in parameter]
        self.bus.session.call_sync(
            APPLICATION_ID,
            f"/{APPLICATION_ID.replace('.', '/')}/window/1",
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
        return self.process.returncode, warned


@pytest.fixture
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
    changed = {
        "AT_SPI_BUS_ADDRESS": accessibility.address,
        "DBUS_SESSION_BUS_ADDRESS": accessibility.session_address,
        "G_DEBUG": "fatal-criticals",
        "GTK_A11Y": "atspi",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "XDG_CONFIG_HOME": str(settings),
    }
    inherited = {each: os.environ[each] for each in os.environ if each != "NO_AT_BRIDGE"}
    return {**inherited, **changed}


@pytest.fixture
def explore(accessibility, environment, tmp_path):
    """Starts the program; what it is still doing at the end of a test, closing it ends."""
    started = []

    def start(*arguments, **changed):
        started.append(
            Explorer(accessibility, {**environment, **changed}, tmp_path, *arguments)
        )
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            assert each.close() == (0, "")
        each.process.kill()
        each.process.communicate()


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
    return {name: line for name, (line,) in explorer.window.list("Results").rows().items()}


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
    explorer.search("")
    until(lambda: not found(explorer))


def test_each_letter_ends_the_search_before_it(explore, tree):
    for number in range(300):
        (tree / f"many-{number}").write_text("a line to look for: b\n" * 200)
    explorer = explore(tree)
    until(lambda: "305 files" in explorer.window.labels())
    explorer.search("b", "bl", "blu", "blue")
    until(lambda: found(explorer) == {"inner/deep/plums.txt": "Blue"})
    explorer.search("g", "gr", "gree", "green <")
    until(lambda: found(explorer) == {"apples.txt": "green <b>& sour</b>"})
    assert found(explorer) == {"apples.txt": "green <b>& sour</b>"}, "and nothing later"


@as_gtk_4_8_tells
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


def test_a_folder_that_cannot_be_read_is_told(explore, tree):
    explorer = explore(tree / "nowhere")
    until(lambda: any("No such file" in each for each in explorer.window.labels()))


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
    rows = explorer.window.list("Downloads").rows()
    return {name: said[0] for name, said in rows.items() if said}


def slow(*numbers):
    return [f"slow-{number}" for number in numbers]


HALF = "1.0 kB"
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


@as_gtk_4_8_tells
def test_the_progress_is_shown(explore, server):
    explorer = explore(server.url("slow-1"))
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
    told(explorer, missing="Not Found", broken="The server sent only a part of it", fine=WHOLE)
    assert downloads() == {"fine": 2000}
    server.mended = True
    explorer.window.row("broken").button("Try Again").press()
    told(explorer, missing="Not Found", broken=WHOLE, fine=WHOLE)
    assert downloads() == {"broken": 2000, "fine": 2000}


def test_a_file_of_the_same_name_is_kept(explore, server, downloads, tmp_path):
    (tmp_path / "downloads" / "one.tar").write_text("mine")
    explore(server.url("folder/one.tar"), server.url("one.tar"))
    until(lambda: sorted(downloads().values()) == [4, 2000, 2000])
    assert downloads() == {"one.tar": 4, "one (2).tar": 2000, "one (3).tar": 2000}


@as_gtk_4_8_tells
def test_addresses_are_asked_for_in_a_dialog(explore, server):
    explorer = explore()
    for answer in "Cancel", "Add":
        explorer.act("add-downloads")
        dialog = until(lambda: explorer.dialog())
        next(dialog.find("text box")).type(f"{server.url('one')}\n{server.url('two')} nonsense")
        # Buttons that are not shown yet do nothing.
        until(lambda: not explorer.dialog() or dialog.button(answer).press(), every=1)
        if answer == "Cancel":
            assert downloading(explorer) == {}
    told(explorer, one=WHOLE, two=WHOLE, **{"index.html": "This is no address"})


# The bus ----------------------------------------------------------------------------------


def on_the_bus(explorer):
    return {
        name: said[0].partition(" ")[0]
        for name, said in explorer.window.list("Names").rows().items()
        if name.startswith("org.example.")
    }


@as_gtk_4_8_tells
def test_names_on_the_bus_appear_and_vanish(explore, accessibility):
    bus = accessibility.session

    def change(method, *arguments):
        form = "(su)" if len(arguments) == 2 else "(s)"
        bus.call_sync(
            *("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method),
            *(GLib.Variant(form, arguments), None, 0, -1, None),
        )

    change("RequestName", "org.example.Before", 0)
    explorer = explore()
    until(lambda: on_the_bus(explorer) == {"org.example.Before": "Owned"})
    change("RequestName", "org.example.After", 0)
    until(
        lambda: on_the_bus(explorer)
        == {"org.example.After": "Owned", "org.example.Before": "Owned"}
    )
    change("ReleaseName", "org.example.Before")
    until(
        lambda: on_the_bus(explorer)
        == {"org.example.After": "Owned", "org.example.Before": "Vanished"}
    )
    change("RequestName", "org.example.Before", 0)
    until(lambda: on_the_bus(explorer)["org.example.Before"] == "Owned")


# The window -------------------------------------------------------------------------------


@as_gtk_4_8_tells
def test_closing_the_window_ends_all_at_once(explore, server, downloads, tree):
    for number in range(1000):
        (tree / f"folder-{number}").mkdir()
        (tree / f"folder-{number}" / "file").write_text("a\n")
    explorer = explore(tree, *map(server.url, slow(1, 2, 3, 4)))
    told(explorer, slow_1=HALF, slow_2=HALF, slow_3=HALF, slow_4="Waiting")
    explorer.search("a", "ab", "a")
    assert explorer.close() == (0, "")
    assert downloads() == {}


def test_a_second_start_opens_a_window_in_the_first(explore, environment, tree):
    explorer = explore()
    second = subprocess.run([PROGRAM, tree], env=environment, capture_output=True, timeout=60)
    assert (second.returncode, second.stderr) == (0, b"")
    windows = until(lambda: len(each := explorer.program.children()) == 2 and each)
    until(lambda: any("5 files" in each.labels() for each in windows))
    for window in windows[1:]:
        window.button("Close").press()
    assert explorer.close() == (0, "")


# What is installed with it ----------------------------------------------------------------


@pytest.mark.parametrize(
    "tool, file",
    [
        ("desktop-file-validate", f"{APPLICATION_ID}.desktop"),
        ("appstreamcli validate --no-net", f"{APPLICATION_ID}.metainfo.xml"),
        ("gtk4-builder-tool validate", "tile.ui"),
        ("/usr/bin/python3 -m json.tool", f"{APPLICATION_ID}.json"),
    ],
)
def test_what_the_desktop_reads_is_valid(tool, file):
    command = tool.split()
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    checked = subprocess.run([*command, SOURCE / file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_program_is_installed_with_what_the_desktop_wants_of_it(tmp_path):
    command = ["meson", "install", "-C", BUILD, "--no-rebuild", "--tags", "explorer-cpp"]
    subprocess.run([*command, "--destdir", tmp_path / "root"], check=True, capture_output=True)
    installed = {each.name for each in (tmp_path / "root").rglob("*") if each.is_file()}
    assert installed == {
        APPLICATION_ID,
        f"{APPLICATION_ID}.desktop",
        f"{APPLICATION_ID}.metainfo.xml",
        f"{APPLICATION_ID}.svg",
    }
