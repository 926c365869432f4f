"""IPython's kernel for Jupyter, on the loop: `python -m gawait -m ipykernel_launcher`."""

import json

import pytest

# In a process of its own: the client changes asyncio.
CLIENT = """
import json, sys
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

class Manager(KernelManager):
    kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "gawait", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    )

def run(cell):
    shown = []
    def see(message):
        content = message["content"]
        shown.append(content.get("text") or content.get("data", {}).get("text/plain"))
        shown.extend(content.get("traceback", ()))
    client.execute_interactive(cell, output_hook=see, timeout=30)
    return "".join(filter(None, shown))

manager = Manager()
manager.start_kernel(stderr=sys.stderr)
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(timeout=30)
    print(json.dumps([run(cell) for cell in json.loads(sys.argv[1])]))
finally:
    client.stop_channels()
    manager.shutdown_kernel()
print("over" if not manager.has_kernel else "still there")
"""


@pytest.fixture
def run_cells(desktop, run_script):
    """Runs cells one after the other in a kernel; returns what each of them shows."""

    def run(*cells):
        ended = run_script(CLIENT, json.dumps(cells), timeout=120)
        assert ended.returncode == 0, ended.stderr
        shown, over = ended.stdout.splitlines()
        assert over == "over"
        return json.loads(shown)

    return run


def test_a_cell_awaits_on_the_loop_in_the_main_thread(run_cells):
    assert run_cells(
        "import asyncio, threading, gawait\n"
        "from gi.repository import Gio, GLib\n"
        "type(asyncio.get_running_loop()) is gawait.EventLoop",
        "threading.current_thread() is threading.main_thread()",
        "asyncio.get_running_loop()._context == GLib.MainContext.default()",
        "await asyncio.sleep(0.01, 'slept')",
        "len((await Gio.File.new_for_path('/proc/self/comm').load_contents_async())[1]) > 0",
        "task = asyncio.create_task(asyncio.sleep(0.01, 'done between'))",
        "await task",
    ) == ["True", "True", "True", "'slept'", "True", "", "'done between'"]


def test_a_window_lives_between_cells(run_cells):
    shown = run_cells(
        "import gi, gawait\n"
        "gi.require_version('Gtk', '4.0')\n"
        "from gi.repository import Gtk, GLib\n"
        "Gtk.init()\n"
        "window = Gtk.Window(title='a window')\n"
        "ticks = []\n"
        "window.add_tick_callback(lambda *_: ticks.append(None) or True)\n"
        "window.present()",
        "import asyncio\nwhile len(ticks) < 3: await asyncio.sleep(0.01)",
        "window.get_mapped()",
        "closed = gawait.signal(window, 'close-request')\nwindow.close()\nlen(await closed)",
    )
    assert shown[1:] == ["", "True", "0"]


def test_handlers_run_between_cells(run_cells):
    shown = run_cells(
        "import asyncio, gi, gawait\n"
        "gi.require_version('Gtk', '4.0')\n"
        "from gi.repository import Gtk, GLib\n"
        "Gtk.init()\n"
        "async def on_clicked(button):\n"
        "    await asyncio.sleep(0.01)\n"
        "    seen.append('clicked')\n"
        "seen, button = [], Gtk.Button()\n"
        "handler = button.connect('clicked', on_clicked)\n"
        "source = GLib.timeout_add(10, lambda: button.emit('clicked'))",
        "import time; time.sleep(0)",
        "while not seen: await asyncio.sleep(0.01)",
        "seen",
    )
    assert shown == ["", "", "", "['clicked']"]


def test_a_cell_awaits_a_dialog(run_cells):
    shown = run_cells(
        "import gi, gawait\n"
        "gi.require_version('Gtk', '4.0')\n"
        "from gi.repository import Gtk, GLib\n"
        "Gtk.init()\n"
        "dialog = Gtk.MessageDialog(transient_for=Gtk.Window(), buttons=Gtk.ButtonsType.OK)\n"
        "source = GLib.timeout_add(200, dialog.response, Gtk.ResponseType.OK)\n"
        "(await gawait.response(dialog)).value_nick",
        "1 + 1",
    )
    assert shown == ["'ok'", "2"]
