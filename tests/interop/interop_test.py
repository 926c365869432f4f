"""What is written with gawait, called from languages that are not ours."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gawait
from gi.repository import Gio
from living import living

HERE = Path(__file__).parent
CROSSING = HERE.parents[1] / "examples/crossing"
BUILT = Path(gawait.__file__).parents[2]
CROSSING_BUILT = BUILT / "examples/crossing"
# Of a build without sanitizers, if this one has them.
TYPELIBS = Path(os.environ.get("GI_TYPELIB_PATH", CROSSING_BUILT))
NAME = "org.example.Words"
PATH = "/org/example/Words"

# The cases of each caller, and what it says to have checked.
CHECKED = {
    "values": ["selected"],
    "proxy": ["selected", "lengths", "language"],
    "together": ["met"],
    "named_error": ["name", "message"],
    "glib_error": ["not found"],
    "cancelled": ["cancelled", "the service saw it"],
}


def start(command, environment):
    """A program whose output is read."""
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said_by(process, timeout=60):
    """What a program has checked, which has to end well."""
    with process:
        try:
            printed, complaints = process.communicate(timeout=timeout)
        finally:
            process.kill()
    assert (complaints, process.returncode) == ("", 0)
    return printed.splitlines()


# Over the bus -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(environment):
    """The Python service as a process, which has to live to the end and to complain of nothing."""
    process = start(
        [sys.executable, "-X", "faulthandler", "-m", "gawait", HERE / "service.py"], environment
    )
    with living(process):
        assert process.stdout.readline() == f"{NAME}\n"
        yield process


@pytest.fixture(scope="module")
def compile_vala(tmp_path_factory):
    """Makes a program of a file here."""

    def compile_file(name, *options):
        directory = tmp_path_factory.mktemp("vala")
        # Of the C code that valac makes, the C compiler warns without reason.
        command = ["valac", "--fatal-warnings", "--pkg", "gio-2.0", "-X", "-w", *options]
        # It is put into the current directory and removed there: another process of the tests
        # may be making the same program.
        subprocess.run(
            [*command, "-o", "program", HERE / name], cwd=directory, check=True, timeout=60
        )
        return directory / "program"

    return compile_file


@pytest.fixture(scope="module")
def vala_caller(compile_vala):
    return compile_vala("caller.vala")


@pytest.fixture(params=["gjs", "vala"])
def caller(request, service, environment):
    """Starts the calling program of a language with one of its cases."""
    if request.param == "gjs":
        command = ["gjs", "-m", HERE / "caller.js"]
    else:
        command = [request.getfixturevalue("vala_caller")]

    def call(case):
        return start([*command, case], environment)

    call.language = request.param
    return call


@pytest.mark.parametrize("case", CHECKED)
def test_what_a_caller_checks_is_right(caller, case):
    assert said_by(caller(case)) == CHECKED[case]


def test_a_caller_that_is_killed_cancels_its_call(caller, environment):
    who = f"killed {caller.language}"

    async def told(signals, *expected):
        async for _, name, values in signals:
            if (name, *values.unpack()) == expected:
                return

    async def main():
        flags = Gio.DBusConnectionFlags
        bus = await Gio.DBusConnection.new_for_address(
            environment["DBUS_SESSION_BUS_ADDRESS"],
            flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION,
            None,
        )
        words = await Gio.DBusProxy.new(
            bus, Gio.DBusProxyFlags.NONE, None, NAME, PATH, NAME, None
        )
        async with asyncio.timeout(60):
            with gawait.signals(words, "g-signal") as signals:
                with caller("wait") as process:
                    try:
                        await told(signals, "Began", who)
                    finally:
                        process.kill()
                await told(signals, "Cancelled", who)
        await bus.close()

    gawait.run(main())


# The library of examples/crossing -----------------------------------------------------


@pytest.fixture(scope="module")
def crossing():
    """The environment in which it is found."""
    return {
        **os.environ,
        "GI_TYPELIB_PATH": str(TYPELIBS),
        "LD_LIBRARY_PATH": str(CROSSING_BUILT),
        "G_DEBUG": "fatal-criticals",
    }


@pytest.fixture(scope="module")
def vala_counter(compile_vala, tmp_path_factory):
    vapi = tmp_path_factory.mktemp("vapi")
    gir = TYPELIBS / "Crossing-1.0.gir"
    command = ["vapigen", "--quiet", "--library", "crossing-1.0", "--pkg", "gio-2.0"]
    subprocess.run([*command, "--directory", vapi, gir], check=True, timeout=60)
    # The library may want a sanitizer's, which is there when the program runs.
    lenient = "-Wl,--unresolved-symbols=ignore-in-shared-libs"
    to_compiler = (f"-I{CROSSING}", f"-L{CROSSING_BUILT}", "-lcrossing", lenient)
    options = [word for each in to_compiler for word in ("-X", each)]
    return compile_vala("counter.vala", "--vapidir", vapi, "--pkg", "crossing-1.0", *options)


@pytest.mark.parametrize("language", ["gjs", "vala"])
def test_a_library_made_of_coroutines_is_like_any_other(request, language, crossing, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "one").write_text("await it")
    (tree / "other").write_text("await")
    not_text = tmp_path / "picture"
    not_text.write_bytes(b"\x89PNG\r\n\x1a\n")
    if language == "gjs":
        command = ["gjs", "-m", HERE / "counter.js"]
    else:
        command = [request.getfixturevalue("vala_counter")]
    process = start([*command, tree, not_text], crossing)
    assert said_by(process) == ["counted", "together", "cancelled", "not text"]


def test_what_cpp_does_for_python_is_shown_below_what_python_awaits(crossing, tmp_path):
    for count in range(100):
        (tmp_path / f"text {count}").write_text("await it")
    lines = said_by(start([sys.executable, HERE / "tasks.py", tmp_path], crossing))
    awaited = lines.index(next(each for each in lines if each.startswith("count: count, ")))
    operation, answer, *below = lines[awaited + 1 :]
    assert operation.startswith("  awaits crossing_word_counter_count_async, in flight for ")
    assert answer == "    called as crossing_word_counter_count_async"
    assert below[0] == "      count"
    assert re.fullmatch(" +awaits g_file_[a-z_]+_async, in flight for .*", below[-1])


def test_a_storm_of_calls_from_cpp_and_python_leaves_nothing_behind(crossing, tmp_path):
    storm = start(
        [sys.executable, HERE / "storm.py", BUILT / "tests/interop/libstorm.so", tmp_path],
        crossing,
    )
    assert said_by(storm, timeout=600)[-2:] == ["nothing is alive", "no file is open"]
