"""The prompt of `python -m gawait`, through a terminal."""

import os
import subprocess
import sys
import termios

import pexpect
import pytest


def test_it_shows_the_value_of_an_expression(prompt):
    assert prompt.run("6 * 7") == "42"
    assert prompt.run("_ + 1") == "43"


def test_it_awaits(prompt):
    assert prompt.run("await asyncio.sleep(0.001, 'slept')") == "'slept'"
    assert prompt.run("file = Gio.File.new_for_path('/proc/self/comm')") == ""
    assert "python" in prompt.run("(await file.load_contents_async())[1]")


def test_its_names_are_the_main_modules(prompt):
    assert prompt.run("__name__") == "'__main__'"
    names = "asyncio, gawait, GLib, Gio"
    assert prompt.run(f"[each.__name__ for each in ({names})]").count("'") == 8


def test_it_runs_on_the_loop_in_the_main_thread(prompt):
    assert prompt.run("asyncio.get_running_loop()").startswith("<EventLoop running=True")
    prompt.run("import threading")
    assert prompt.run("threading.current_thread() is threading.main_thread()") == "True"


def test_statements_may_have_several_lines(prompt):
    assert prompt.run("async def double(number):", "    return 2 * number", "") == ""
    assert prompt.run("await double(21)") == "42"


def test_tasks_and_callbacks_of_glib_run_while_it_waits(prompt):
    prompt.run("async def tell(): await asyncio.sleep(0.001); print('task' + ' told')", "")
    prompt.terminal.sendline("task = asyncio.create_task(tell())")
    prompt.terminal.expect_exact("task told")
    prompt.terminal.sendline("source = GLib.timeout_add(1, lambda: print('glib' + ' told'))")
    prompt.terminal.expect_exact("glib told")


def test_context_variables_last_from_line_to_line(prompt):
    prompt.run("import contextvars; variable = contextvars.ContextVar('variable')")
    prompt.run("token = variable.set('kept')")
    assert prompt.run("await asyncio.sleep(0, variable.get())") == "'kept'"


def test_an_exception_shows_the_traceback_of_the_statement(prompt):
    assert prompt.run("1 / 0").splitlines()[:2] == [
        "Traceback (most recent call last):",
        '  File "<stdin>", line 1, in <module>',
    ]
    prompt.run("async def fail(): raise ValueError('on purpose')", "")
    shown = prompt.run("await fail()").splitlines()
    assert shown[1].startswith('  File "<stdin>", line 1, in <module>')
    assert shown[-1] == "ValueError: on purpose"
    assert "console.py" not in "".join(shown)


def test_an_incorrect_statement_shows_where(prompt):
    assert prompt.run("if").splitlines()[-1].startswith("SyntaxError")
    assert prompt.run("1 + 1") == "2"


def test_ctrl_c_discards_the_line(prompt):
    prompt.terminal.send("print('never' + ' shown')")
    prompt.interrupt_when_shown("shown')")
    assert "KeyboardInterrupt" in prompt.until_prompt()
    assert prompt.run("1 + 1") == "2"


def test_ctrl_c_discards_the_lines_of_a_statement(prompt):
    prompt.terminal.sendline("def function():")
    prompt.interrupt_when_shown("... ")
    assert "KeyboardInterrupt" in prompt.until_prompt()
    assert prompt.run("1 + 1") == "2"


@pytest.mark.parametrize(
    "statement",
    [
        "await asyncio.sleep(1000)",
        "await asyncio.Event().wait()",
        "[None for _ in iter(int, 1) if await asyncio.sleep(0)]",
        "any(False for _ in iter(int, 1))",
        "__import__('time').sleep(1000)",
        "GLib.MainLoop().run()",
    ],
)
def test_ctrl_c_ends_a_statement(prompt, statement):
    prompt.terminal.sendline(f"print('be' + 'gun'); {statement}")
    prompt.interrupt_when_shown("begun\r\n")
    assert "KeyboardInterrupt" in prompt.until_prompt()
    assert prompt.run("1 + 1") == "2"
    assert prompt.run("await asyncio.sleep(0.001, 'slept')") == "'slept'"


def test_ctrl_c_lets_a_statement_clean_up(prompt):
    prompt.run(
        "async def work():",
        "    try: print('be' + 'gun'); await asyncio.sleep(1000)",
        "    finally: print('over')",
        "",
    )
    prompt.terminal.sendline("await work()")
    prompt.interrupt_when_shown("begun\r\n")
    assert "over" in prompt.until_prompt()


def test_tab_completes_names_and_attributes(prompt):
    prompt.terminal.send("asyncio.get_running_l\t")
    prompt.terminal.expect_exact("asyncio.get_running_loop(")
    prompt.run("\x15some_name = 1")
    prompt.terminal.send("some_n\t")
    prompt.terminal.expect_exact("some_name")
    assert prompt.run("") == "1"


def test_the_history_lasts_from_prompt_to_prompt(open_prompt):
    first = open_prompt()
    first.run("6 * 7")
    assert first.exit("\x04")[1] == 0
    second = open_prompt()
    second.terminal.send("\x10")  # the line before
    second.terminal.expect_exact("6 * 7")
    assert second.run("") == "42"


def test_the_history_has_no_line_that_ctrl_c_discarded(prompt):
    prompt.run("6 * 7")
    prompt.terminal.send("discarded")
    prompt.interrupt_when_shown("discarded")
    prompt.until_prompt()
    prompt.terminal.send("\x10")
    prompt.terminal.expect_exact("6 * 7")
    assert prompt.run("") == "42"


@pytest.mark.parametrize(
    "line, status",
    [
        ("\x04", 0),
        ("exit()\n", 0),
        ("quit()\n", 0),
        ("exit(3)\n", 3),
        ("raise SystemExit(4)\n", 4),
        ("await asyncio.sleep(0); exit(5)\n", 5),
        ("source = GLib.idle_add(lambda: asyncio.get_running_loop().call_soon(exit, 6))\n", 6),
    ],
)
def test_it_ends(prompt, line, status):
    shown, reached = prompt.exit(line)
    assert reached == status
    assert "Traceback" not in shown and "never" not in shown


def test_its_end_cancels_what_still_runs(prompt):
    prompt.run(
        "async def work():",
        "    try: await asyncio.sleep(1000)",
        "    finally: print('can' + 'celled')",
        "",
    )
    prompt.run("task = asyncio.create_task(work())")
    assert "cancelled" in prompt.exit("\x04")[0]


def test_it_gives_the_terminal_back_when_it_is_ended_while_it_reads(prompt):
    prompt.terminal.sendline(
        "source = GLib.idle_add(lambda: asyncio.get_running_loop().call_soon(exit))"
    )
    prompt.terminal.expect(pexpect.EOF)
    attributes = termios.tcgetattr(prompt.terminal.child_fd)
    assert attributes[3] & termios.ICANON and attributes[3] & termios.ECHO
    assert attributes[6][termios.VINTR] == b"\x03"


def test_the_startup_file_is_run(environment, open_prompt, tmp_path):
    (tmp_path / "startup.py").write_text("greeting = 'hello'")
    environment["PYTHONSTARTUP"] = str(tmp_path / "startup.py")
    assert open_prompt().run("greeting") == "'hello'"


def test_statements_can_come_from_a_pipe(environment):
    finished = subprocess.run(
        [sys.executable, "-m", "gawait"],
        env=environment,
        input="await asyncio.sleep(0, 'slept')\n1 / 0\nexit(3)\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "'slept'" in finished.stdout
    assert "ZeroDivisionError" in finished.stderr
    assert finished.returncode == 3


# After a program ---------------------------------------------------------------------


@pytest.fixture
def program(tmp_path):
    """Writes a program and returns its path."""

    def write(source):
        path = tmp_path / "program.py"
        path.write_text(source)
        return str(path)

    return write


def test_after_a_program_it_has_the_programs_names(open_prompt, program):
    prompt = open_prompt(
        "-i",
        program(
            "import sys, gawait\n"
            "number, arguments, GLib = 21, sys.argv[1:], 'the program has one'\n"
            "async def double(): return 2 * number\n"
            "print('run:', gawait.run(double()))\n"
        ),
        "an argument",
    )
    assert "run: 42" in prompt.greeting
    assert prompt.run("arguments, GLib") == "(['an argument'], 'the program has one')"
    prompt.run("number = 50")
    assert prompt.run("await double()") == "100"
    assert prompt.run("(await Gio.File.new_for_path('/dev/null').load_contents_async())[1]")


@pytest.mark.parametrize("end", ["1 / 0", "raise SystemExit(3)"])
def test_after_a_program_that_failed_it_opens_too(open_prompt, program, end):
    prompt = open_prompt("-i", program(f"number = 42\n{end}\n"))
    assert "Traceback" in prompt.greeting and "__main__.py" not in prompt.greeting
    assert prompt.run("number") == "42"
    assert prompt.exit("\x04")[1] == 0


def test_after_a_module_it_opens_too(open_prompt, program, environment, tmp_path):
    program("number = 42")
    environment["PYTHONPATH"] += f":{tmp_path}"
    assert open_prompt("-i", "-m", "program").run("number, __name__") == "(42, '__main__')"


def test_it_wants_a_program_to_run_before(environment):
    command = [sys.executable, "-m", "gawait", "-i"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and ended.stderr.startswith("usage: python -m gawait [-i]")


# With a window ---------------------------------------------------------------------


@pytest.fixture
def window_prompt(desktop, open_prompt, environment):
    """A prompt with a GTK window that is drawn."""
    environment |= os.environ | {
        name: environment[name] for name in ("PYTHONPATH", "HOME", "TERM")
    }
    prompt = open_prompt()
    prompt.run("import gi; gi.require_version('Gtk', '4.0')")
    prompt.run("from gi.repository import Gtk; Gtk.init()")
    prompt.run("window = Gtk.Window(); window.present()")
    return prompt


def test_handlers_of_a_window_run_while_it_waits(window_prompt):
    prompt = window_prompt
    prompt.run("async def tell(_): await asyncio.sleep(0.001); print('tol' + 'd')", "")
    prompt.run("button = Gtk.Button(); handler = button.connect('clicked', tell)")
    prompt.terminal.sendline("source = GLib.timeout_add(50, button.emit, 'clicked')")
    prompt.terminal.expect_exact("told")


def test_it_awaits_a_dialog(window_prompt):
    prompt = window_prompt
    prompt.run("dialog = Gtk.MessageDialog(transient_for=window, buttons=Gtk.ButtonsType.OK)")
    prompt.run("source = GLib.timeout_add(200, dialog.response, Gtk.ResponseType.OK)")
    assert "OK" in prompt.run("await gawait.response(dialog)")
