"""What the tests of the Python package share."""

import asyncio
import gc
import os
import ssl
import subprocess
import sys

import pexpect
import pytest

import gawait
from gi.repository import GLib


@pytest.fixture
def run():
    """Runs a coroutine on a new loop; fails on anything that the loop's exception handler saw."""

    def run_main(main, *, debug=None, expected_reports=0):
        reports = []

        async def observed():
            asyncio.get_running_loop().set_exception_handler(
                lambda loop, context: reports.append(context)
            )
            return await main

        result = gawait.run(observed(), debug=debug)
        assert len(reports) == expected_reports, reports
        return result

    return run_main


@pytest.fixture
def loop():
    """A loop of the default context that does not run yet."""
    created = gawait.new_event_loop()
    yield created
    created.close()


@pytest.fixture
def reports(loop):
    """What `loop` gave to its exception handler."""
    seen = []
    loop.set_exception_handler(lambda loop, context: seen.append(context))
    return seen


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 and its key, made for the test; gives the file with both."""
    directory = tmp_path_factory.mktemp("certificate")
    path, key = directory / "certificate.pem", directory / "key.pem"
    command = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2"
    subprocess.run(
        [*command.split(), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(path)],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return str(path)


@pytest.fixture
def server_tls(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def client_tls(certificate):
    return ssl.create_default_context(cafile=certificate)


STOCK, OURS = asyncio.SelectorEventLoop, gawait.EventLoop


def run_on(factory, main, arguments):
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main(runner.get_loop(), *arguments))


@pytest.fixture(params=[STOCK, OURS], ids=["stock", "ours"])
def either(request):
    """Runs a coroutine function with a loop: in one test asyncio's, in another ours."""
    return lambda main, *arguments: run_on(request.param, main, arguments)


@pytest.fixture
def ours():
    """Runs a coroutine function with a loop of ours."""
    return lambda main, *arguments: run_on(OURS, main, arguments)


@pytest.fixture
def on_both():
    """Runs a coroutine function with asyncio's loop and with ours; returns what both give."""

    def run_both(main, *arguments):
        stock, ours = (run_on(each, main, arguments) for each in (STOCK, OURS))
        assert ours == stock
        return ours

    return run_both


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Exiting(Exception):
    def __str__(self):
        raise SystemExit("at a bad time")


class Uninitialised(GLib.Error):
    def __init__(self, *_):
        pass


class Raising(GLib.Error):
    @property
    def domain(self):
        raise RuntimeError("no domain")

    @domain.setter
    def domain(self, _):
        pass


class Incomparable(int):
    def __ge__(self, _):
        raise RuntimeError("no comparisons")

    __lt__ = __gt__ = __le__ = __ge__


# Exceptions that are no GError as they are, and the text that C code is to see.
ODD_EXCEPTIONS = [
    (ValueError("caf\udce9"), r"ValueError: caf\udce9"),
    (OSError(2, "caf\udce9"), r"caf\udce9"),
    (OSError("text", "what"), "what"),
    (OSError(2**70, "what"), "what"),
    (TimeoutError("caf\udce9"), r"caf\udce9"),
    (NotImplementedError("caf\udce9"), r"NotImplementedError: caf\udce9"),
    (Unprintable("what it is made of"), "Unprintable: what it is made of"),
    (Unprintable(Unprintable()), "Unprintable"),
    (Exiting("what it is made of"), "Exiting: what it is made of"),
    (Uninitialised("what it is made of"), "Uninitialised: what it is made of"),
    (Raising("what"), "what"),
    (GLib.Error(None, "domain", 1), "None"),
    (GLib.Error("caf\udce9", "domain", 1), r"caf\udce9"),
    (GLib.Error("what", None, 1), "what"),
    (GLib.Error("what", "", 1), "what"),
    (GLib.Error("what", "nul \0", 1), "what"),
    (GLib.Error("what", "caf\udce9", 1), "what"),
    (GLib.Error("what", "domain", 2**40), "what"),
    (GLib.Error("what", "domain", "1"), "what"),
    (GLib.Error("what", "domain", Incomparable(1)), "cannot be described"),
]


@pytest.fixture(params=ODD_EXCEPTIONS, ids=lambda odd: f"{type(odd[0]).__name__}-{odd[1]}")
def odd_exception(request):
    """An exception that is no GError as it is, and the text that C code is to see."""
    return request.param


@pytest.fixture
def count_objects():
    """Counts the live objects of a type, after collecting garbage."""

    def count(kind):
        gc.collect()
        return sum(isinstance(each, kind) for each in gc.get_objects())

    return count


PROMPT = r"(^|\n)>>> $"


class Prompt:
    """A prompt in a terminal of its own."""

    def __init__(self, environment, *arguments):
        self.terminal = pexpect.spawn(
            sys.executable,
            ["-m", "gawait", *arguments],
            env=environment,
            encoding="utf-8",
            dimensions=(24, 200),
            timeout=20,
        )
        self.greeting = self.until_prompt()

    def until_prompt(self):
        """Returns what was shown before the next prompt."""
        self.terminal.expect(PROMPT)
        return self.terminal.before.replace("\r", "")

    def run(self, *lines):
        """Returns what a statement shows; the lines of a compound one end with an empty one."""
        for line in lines[:-1]:
            self.terminal.sendline(line)
            self.terminal.expect_exact("\n... ")
        self.terminal.sendline(lines[-1])
        return self.until_prompt().partition("\n")[2]

    def paste(self, block):
        """Returns what the lines of a block show, with an Enter behind them if they want it."""
        shown = []
        for line in block.splitlines():
            shown.append(self._enter(line))
        if self._continued:
            shown.append(self._enter(""))
        return "\n".join(filter(None, shown))

    def _enter(self, line):
        self.terminal.sendline(line)
        self._continued = self.terminal.expect([PROMPT, r"\n\.\.\. $"]) == 1
        return self.terminal.before.replace("\r", "").partition("\n")[2]

    def interrupt_when_shown(self, text):
        self.terminal.expect_exact(text)
        self.interrupt()

    def interrupt(self):
        self.terminal.send("\x03")

    def exit(self, line):
        """Ends the prompt; returns what it showed and its exit status."""
        self.terminal.send(line)
        self.terminal.expect(pexpect.EOF)
        self.terminal.close()
        return self.terminal.before.replace("\r", ""), self.terminal.exitstatus


@pytest.fixture
def environment(tmp_path):
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "PYTHONPATH": os.path.dirname(os.path.dirname(gawait.__file__)),
        "TERM": "dumb",
        "INPUTRC": "/dev/null",
    }


@pytest.fixture
def open_prompt(environment):
    prompts = []

    def opened(*arguments):
        prompts.append(Prompt(environment, *arguments))
        return prompts[-1]

    yield opened
    for prompt in prompts:
        prompt.terminal.close(force=True)


@pytest.fixture
def prompt(open_prompt):
    return open_prompt()
