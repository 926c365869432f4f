"""The Python that README and pages of docs/ show works when it is pasted."""

import asyncio
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

from gi.repository import Gio, GLib

PROJECT = pathlib.Path(__file__).parents[2]
HEADING_OR_BLOCK = re.compile(r"^#+ ([^\n]+)$|^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PRINTED = re.compile(r"^\s*print\(.*\)  # (.*)$", re.MULTILINE)

# A block that awaits outside of a function is for the prompt, which has these names. It may
# use those of the blocks before it in its section.
AT_THE_PROMPT = """\
import asyncio, gawait
from gi.repository import Gio, GLib

async def main():
{}
gawait.run(main())
"""


def is_program(block):
    try:
        compile(block, "block", "exec")
    except SyntaxError:
        return False
    return True


def blocks(pages=("README.md", "docs/python.md", "docs/dbus.md", "docs/debugging.md")):
    """The page and the section of each block, and itself."""
    for page in pages:
        text = (PROJECT / page).read_text()
        for title, language, block in HEADING_OR_BLOCK.findall(text):
            if title:
                section = title
            elif language == "python":
                yield page, section, block


def programs():
    """The blocks as programs, with the lines that each of them says it prints, if it does."""
    at_the_prompt = {}
    for page, section, block in blocks():
        program = shown = block
        if not is_program(block):
            shown = at_the_prompt[section] = at_the_prompt.get(section, "") + block
            program = AT_THE_PROMPT.format(textwrap.indent(shown, "    "))
        yield pytest.param(program, PRINTED.findall(shown), id=f"{page}: {section}")


def sections_for_the_prompt():
    """The blocks of each section that are for the prompt."""
    sections = {}
    for page, section, block in blocks():
        if not is_program(block):
            sections.setdefault(f"{page}: {section}", []).append(block)
    return [pytest.param(each, id=name) for name, each in sections.items()]


@pytest.mark.parametrize("program, printed", programs())
def test_a_block_runs_and_prints_what_it_says_that_it_prints(
    desktop, run_script, tmp_path, program, printed
):
    finished = run_script(program, cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert not printed or finished.stdout.splitlines() == printed


@pytest.mark.parametrize("pasted", sections_for_the_prompt())
def test_a_block_for_the_prompt_can_be_pasted_there(desktop, prompt, tmp_path, pasted):
    prompt.run(f"import os; os.chdir({str(tmp_path)!r})")
    for block in pasted:
        shown = prompt.paste(block)
        assert "Error" not in shown and "Traceback" not in shown
        printed = PRINTED.findall(block)
        # The prompt also shows the values of expressions.
        assert [line for line in shown.splitlines() if line in printed] == printed


def test_the_application_that_is_shown_tells_of_a_failure_when_it_happens(desktop):
    (program,) = (
        each.values[0]
        for each in programs()
        if "class Application(Gtk.Application)" in each.values[0]
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program.replace("/etc/debian_version", "/nowhere")],
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        seen = []
        for line in running.stderr:
            seen.append(line)
            if line.startswith("gi.repository.GLib."):
                break
        running.kill()
    assert "/nowhere" in seen[-1] and "Traceback" in "".join(seen)


def test_the_greeter_that_is_shown_greets(run, desktop):
    (program,) = (
        block
        for _, _, block in blocks(["docs/producing-python.md"])
        if "class Greeter:" in block and is_program(block)
    )
    name = "org.example.Greeter"

    async def main():
        address = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SESSION, None)
        flags = Gio.DBusConnectionFlags
        bus = await Gio.DBusConnection.new_for_address(
            address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None
        )
        there = asyncio.Event()
        watch = Gio.bus_watch_name_on_connection(
            bus, name, Gio.BusNameWatcherFlags.NONE, lambda *_: there.set(), None
        )
        service = subprocess.Popen([sys.executable, "-c", program])
        try:
            await asyncio.wait_for(there.wait(), 30)
            reply = await bus.call(
                name,
                "/org/example/Greeter",
                name,
                "Greet",
                GLib.Variant("(s)", ("you",)),
                None,
                Gio.DBusCallFlags.NONE,
                30_000,
            )
        finally:
            service.kill()
            service.wait()
            Gio.bus_unwatch_name(watch)
            await bus.close()
        return reply.unpack()

    assert run(main()) == ("Hello you",)
