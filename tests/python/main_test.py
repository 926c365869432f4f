"""`python -m gawait` runs a program as python itself does, but on the loop."""

import os
import subprocess
import sys
import zipfile

import pytest

import gawait

USAGE = "usage: python -m gawait [-i] SCRIPT"

SHOWS_ITS_LOOP = """
import asyncio

async def main():
    print(type(asyncio.get_running_loop()))

asyncio.run(main())
with asyncio.Runner() as runner:
    runner.run(main())
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
"""


@pytest.fixture
def python(tmp_path):
    """Runs python in tmp_path and returns what subprocess.run() does."""

    path = os.path.dirname(os.path.dirname(gawait.__file__))

    def run(*arguments, **options):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )

    return run


@pytest.fixture
def same(python):
    """Asserts that a program does the same with and without `-m gawait`; gives its outcome."""

    def assert_same(*arguments, **options):
        theirs = python(*arguments, **options)
        ours = python("-m", "gawait", *arguments, **options)
        assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr)
        assert ours.returncode == theirs.returncode
        return ours

    return assert_same


@pytest.fixture
def write(tmp_path):
    def write_file(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    return write_file


def test_asyncio_runs_a_script_on_the_loop(python, write):
    write("script.py", SHOWS_ITS_LOOP)
    finished = python("-m", "gawait", "script.py")
    assert finished.stdout.splitlines() == ["<class 'gawait.loop.EventLoop'>"] * 3
    assert (finished.returncode, finished.stderr) == (0, "")


def test_asyncio_runs_a_module_on_the_loop(python, write):
    write("package/module.py", SHOWS_ITS_LOOP)
    finished = python("-m", "gawait", "-m", "package.module")
    assert finished.stdout.splitlines() == ["<class 'gawait.loop.EventLoop'>"] * 3
    assert (finished.returncode, finished.stderr) == (0, "")


SHOWS_ITS_SURROUNDINGS = """
import os, sys
print(sys.argv, __name__, __file__, __package__, type(__loader__).__name__)
print(__spec__ and __spec__.name)
print(sys.path[0])
print(sys.modules["__main__"].__dict__ is globals())
print(sorted(name for name in globals() if "annotations" not in name))
print(type(__builtins__))
"""


@pytest.mark.parametrize("arguments", [(), ("one", "-m", "--two")])
@pytest.mark.parametrize(
    "program",
    [
        ("script.py",),
        ("./directory/script.py",),
        ("-m", "script"),
        ("-m", "directory.script"),
        ("-m", "directory"),
        ("directory",),
    ],
)
def test_a_program_finds_the_same_surroundings(same, write, program, arguments):
    for name in ("script.py", "directory/script.py", "directory/__main__.py"):
        write(name, SHOWS_ITS_SURROUNDINGS)
    assert repr([*arguments])[1:] in same(*program, *arguments).stdout


def test_a_program_in_a_zip_file_finds_the_same_surroundings(same, tmp_path):
    with zipfile.ZipFile(tmp_path / "program.zip", "w") as archive:
        archive.writestr("__main__.py", SHOWS_ITS_SURROUNDINGS)
    assert "program.zip" in same("program.zip", "argument").stdout


def test_a_script_imports_what_is_beside_it_through_a_link(same, write, tmp_path):
    write("directory/neighbour.py", "print('hello')")
    write("directory/script.py", "import neighbour")
    (tmp_path / "link.py").symlink_to("directory/script.py")
    assert same("link.py").stdout == "hello\n"


def test_a_program_reads_its_input(same, write):
    write("script.py", "print(input()[::-1])")
    assert same("script.py", input="drawer\n").stdout == "reward\n"


FAILURES = {
    "an exception": "def fail():\n    1 / 0\n\nfail()",
    "an exception with a cause": """
try:
    {}["missing"]
except KeyError as missing:
    raise ValueError("on purpose") from missing""",
    "a syntax error": "if",
    "an interrupt": "raise KeyboardInterrupt",
    "an interrupt by a signal": "import signal; signal.raise_signal(signal.SIGINT); input()",
    "a death by a signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "exit()": "exit()",
    "exit(3)": "exit(3)",
    "an exit with a message": "import sys; sys.exit('enough')",
    "an error at exit": "import atexit; atexit.register(lambda: print('bye')); 1 / 0",
    "a hook for exceptions": """
import sys
sys.excepthook = lambda kind, failure, traceback: print(failure, traceback.tb_lineno)
1 / 0""",
    "a thread that fails": """
import threading
thread = threading.Thread(target=lambda: 1 / 0, name="failing")
thread.start()
thread.join()""",
}


@pytest.mark.parametrize("form", [("script.py",), ("-m", "script")], ids=["script", "module"])
@pytest.mark.parametrize("name", FAILURES)
def test_a_program_ends_the_same(same, write, name, form):
    write("script.py", FAILURES[name])
    same(*form)


def test_an_exception_in_a_coroutine_has_the_same_traceback(same, write):
    write(
        "script.py",
        """
import asyncio

async def fail():
    await asyncio.sleep(0)
    1 / 0

async def main():
    async with asyncio.timeout(10):
        await fail()

asyncio.run(main())
""",
    )
    assert "line 6, in fail" in same("script.py").stderr


@pytest.mark.parametrize(
    "program", [("missing.py",), ("directory",), ("-m", "missing"), ("-m", "directory")]
)
def test_a_program_that_is_not_there_is_the_same_error(same, tmp_path, program):
    (tmp_path / "directory").mkdir()
    assert same(*program).returncode in (1, 2)


@pytest.mark.parametrize("arguments", [("-x",), ("-m",), ("--version",)])
def test_wrong_options_show_the_usage(python, arguments):
    finished = python("-m", "gawait", *arguments)
    assert finished.stderr.startswith(USAGE)
    assert (finished.returncode, finished.stdout) == (2, "")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_shows_the_usage(python, option):
    finished = python("-m", "gawait", option)
    assert finished.stdout.startswith(USAGE)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_multiprocessing_finds_the_program(same, write):
    write(
        "script.py",
        """
import multiprocessing

def double(number):
    return 2 * number

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [1, 2, 3]))
""",
    )
    assert same("script.py").stdout == "[2, 4, 6]\n"
