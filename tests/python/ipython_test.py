"""IPython's prompt, through a terminal, on the loop and beside it."""

import os
import re
import sys

import pexpect
import pytest

ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07)|\r")

NOTES = r"""
import asyncio
import gawait
from gi.repository import Gio

seen = []

async def note(*_):
    await Gio.File.new_for_path("/dev/null").load_contents_async()
    await asyncio.sleep(0.1)
    seen.append(42)
"""


class IPython:
    def __init__(self, environment, *arguments):
        self.terminal = pexpect.spawn(
            sys.executable,
            [*arguments, "--no-banner", "--colors=NoColor", "--no-confirm-exit"],
            env=environment | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
            encoding="utf-8",
            dimensions=(24, 300),
            timeout=60,
        )
        self._number = 0
        self._until_prompt()

    def _until_prompt(self):
        self._number += 1
        self.terminal.expect_exact(f"In [{self._number}]:")
        return ESCAPE.sub("", self.terminal.before)

    def run(self, *cells):
        """Returns what the last cell shows as its value."""
        for cell in cells:
            self.terminal.send(cell + "\r")
            if not cell.startswith("%"):
                # The prompt is drawn once more with what was entered.
                self.terminal.expect_exact(f"In [{self._number}]:")
            shown = self._until_prompt()
        return shown.rpartition(f"Out[{self._number - 1}]: ")[2].strip()

    def run_until(self, cell, value):
        """Enters a cell that runs nothing else until it has a value."""
        for _ in range(100):
            self.terminal.expect(pexpect.TIMEOUT, timeout=0.1)
            shown = self.run(cell)
            if shown == value:
                return
        assert shown == value


@pytest.fixture
def ipython(desktop, environment, tmp_path):
    opened = []

    def open_prompt(*arguments):
        (tmp_path / "notes.py").write_text(NOTES)
        ours = {
            "HOME": str(tmp_path),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "PYTHONPATH": f"{environment['PYTHONPATH']}:{tmp_path}",
        }
        prompt = IPython(os.environ | ours, *arguments)
        opened.append(prompt)
        prompt.run(
            "import asyncio, gi; gi.require_version('Gtk', '4.0')",
            "from gi.repository import Gio, GLib, Gtk; from notes import note, seen",
        )
        return prompt

    yield open_prompt
    for prompt in opened:
        prompt.terminal.close(force=True)


def test_on_the_loop_cells_await_and_windows_and_handlers_live_between_them(ipython):
    prompt = ipython("-m", "gawait", "-m", "IPython")
    assert prompt.run("await asyncio.sleep(0.01, type(asyncio.get_running_loop()))") == (
        "gawait.loop.EventLoop"
    )
    prompt.run("Gtk.init(); window = Gtk.Window(); window.present()")
    prompt.run("ticks = []; n = window.add_tick_callback(lambda *_: ticks.append(1) or True)")
    prompt.run("source = GLib.idle_add(note)")
    prompt.run_until("seen, len(ticks) > 0", "([42], True)")


def test_beside_ipythons_own_loop_handlers_run_while_the_prompt_waits(ipython):
    prompt = ipython("-m", "IPython")
    prompt.run("%gui gtk4")
    prompt.run("source = GLib.idle_add(note)")
    prompt.run_until("seen", "[42]")


def test_autoawait_takes_the_runner(ipython):
    prompt = ipython("-m", "IPython")
    prompt.run("%autoawait gawait.run")
    assert (
        prompt.run("(await Gio.File.new_for_path('/dev/null').load_contents_async())[1]")
        == "b''"
    )


@pytest.mark.parametrize("on_the_loop", [True, False])
def test_ctrl_c_takes_away_the_dialog_that_a_cell_of_the_runner_awaits(ipython, on_the_loop):
    prompt = ipython(*(["-m", "gawait"] if on_the_loop else []), "-m", "IPython")
    if not on_the_loop:
        prompt.run("%gui gtk4")
    prompt.run("import gawait; Gtk.init(); dialog = Gtk.MessageDialog(text='Really?')")
    prompt.run("%autoawait gawait.run")
    prompt.run("mapped = dialog.connect('map', lambda *_: print('on', 'the screen'))")
    prompt.terminal.send("await gawait.response(dialog)\r")
    prompt.terminal.expect_exact("on the screen")
    prompt.terminal.sendintr()
    prompt._until_prompt()
    assert prompt.run("dialog.get_visible()") == "False"


@pytest.mark.parametrize("arguments", [["-m", "gawait", "-m", "IPython"], ["-m", "IPython"]])
def test_what_a_cell_puts_off_finds_a_loop(ipython, arguments):
    prompt = ipython(*arguments)
    if "gawait" not in arguments:
        prompt.run("%gui gtk4")
    prompt.run(
        "action = Gio.SimpleAction.new('note', None); n = action.connect('activate', note)"
    )
    prompt.run("source = GLib.idle_add(action.activate, None)")
    prompt.run_until("seen", "[42]")
