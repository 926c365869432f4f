"""The Python that README and docs/python.md show works when it is pasted."""

import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

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


def programs():
    """The blocks as programs, with the lines that each of them says it prints, if it does."""
    for page in ("README.md", "docs/python.md"):
        text = (PROJECT / page).read_text()
        for title, language, block in HEADING_OR_BLOCK.findall(text):
            if title:
                section, at_the_prompt = title, ""
            elif language == "python":
                program = shown = block
                if not is_program(block):
                    shown = at_the_prompt = at_the_prompt + block
                    program = AT_THE_PROMPT.format(textwrap.indent(at_the_prompt, "    "))
                yield pytest.param(program, PRINTED.findall(shown), id=f"{page}: {section}")


@pytest.mark.parametrize("program, printed", programs())
def test_a_block_runs_and_prints_what_it_says_that_it_prints(
    desktop, run_script, tmp_path, program, printed
):
    finished = run_script(program, cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert not printed or finished.stdout.splitlines() == printed


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
