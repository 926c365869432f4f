"""The prompt of `python -m gawait`.

Lines are read in a thread of their own. Statements run on the loop, in the main thread, where
GLib's callbacks go on running while the prompt waits.
"""

from __future__ import annotations

import ast
import asyncio
import atexit
import builtins
import code
import concurrent.futures
import contextlib
import contextvars
import inspect
import os
import sys
import termios
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import gawait
from gi.repository import Gio, GLib

try:
    import readline
    import rlcompleter
except ImportError:  # a Python without it: no history and no completion
    readline = None  # type: ignore[assignment]

_INTERRUPT = "\x03"


def open_prompt(names: dict[str, Any] | None = None) -> None:
    """Read statements and run them on a new EventLoop, until the input's end or exit().

    names are those of a program that has run before; by default there are only a few modules.
    """
    startup = None if names is not None else os.environ.get("PYTHONSTARTUP")
    names = {"__name__": "__main__", "__builtins__": builtins} if names is None else names
    modules = {"asyncio": asyncio, "gawait": gawait, "Gio": Gio, "GLib": GLib}
    for name, module in modules.items():
        names.setdefault(name, module)
    with asyncio.Runner(loop_factory=gawait.EventLoop) as runner, _terminal_restored():
        console = _Console(runner.get_loop(), names, startup)
        if readline:
            _read_history()
            readline.set_completer(console.completer())
        console.run()


class _Console(code.InteractiveConsole):
    def __init__(
        self, loop: asyncio.AbstractEventLoop, names: dict[str, Any], startup: str | None
    ) -> None:
        super().__init__(names, filename="<stdin>")
        self._startup = startup
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._loop = loop
        self._context = contextvars.copy_context()
        self._statement: asyncio.Task[None] | None = None
        self._interrupted = False
        self._exit: SystemExit | None = None
        # Held by the thread while it may write. An interpreter that ends meanwhile would find
        # sys.stderr locked for ever, and abort.
        self._writing = threading.Lock()

    # In the main thread -------------------------------------------------------------

    def run(self) -> None:
        threading.Thread(target=self._read, name="prompt", daemon=True).start()
        try:
            self._run_loop()
        finally:
            self._writing.acquire()
        if self._exit:
            raise self._exit

    def _run_loop(self) -> None:
        while True:
            try:
                self._loop.run_forever()
                break
            except KeyboardInterrupt:
                if self._statement:
                    self._interrupted = True
                    self._statement.cancel()

    def _begin(
        self, statement: types.CodeType, outcome: concurrent.futures.Future[Any]
    ) -> None:
        self._interrupted = False
        self._statement = self._loop.create_task(
            self._execute(statement, outcome), context=self._context
        )

    async def _execute(
        self, statement: types.CodeType, outcome: concurrent.futures.Future[Any]
    ) -> None:
        failure = None
        try:
            result = types.FunctionType(statement, self.locals)()  # type: ignore[arg-type]
            if inspect.iscoroutine(result):
                await result
        except BaseException as raised:
            failure = raised
        self._statement = None
        outcome.set_result(failure)

    # In the thread that reads -------------------------------------------------------

    def _read(self) -> None:
        with self._writing:
            try:
                self._run_startup_file()
                self.interact(banner=_banner(), exitmsg="")
            except SystemExit as raised:
                self._exit = raised
        with contextlib.suppress(RuntimeError):  # closed, by an exit() of something else
            self._loop.call_soon_threadsafe(self._loop.stop)

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        """Of the thread, where it waits and writes nothing."""
        self._writing.release()
        try:
            yield
        finally:
            self._writing.acquire()

    def _run_startup_file(self) -> None:
        path = self._startup
        if not path or sys.flags.ignore_environment:
            return
        try:
            with open(path, "rb") as file:
                self.runcode(compile(file.read(), path, "exec"))
        except (OSError, SyntaxError, ValueError):
            self.showtraceback()

    def runcode(self, code: types.CodeType) -> None:
        outcome: concurrent.futures.Future[BaseException | None]
        outcome = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(self._begin, code, outcome, context=self._context)
        with self._waiting():
            failure = outcome.result()
        if isinstance(failure, SystemExit):
            raise failure
        if isinstance(failure, KeyboardInterrupt) or (failure and self._interrupted):
            self.write("\nKeyboardInterrupt\n")
        elif failure:
            self._show(failure)

    def _show(self, failure: BaseException) -> None:
        traceback = failure.__traceback__
        while traceback and traceback.tb_frame.f_code.co_filename == __file__:
            traceback = traceback.tb_next
        try:
            raise failure.with_traceback(traceback)
        except BaseException:
            self.showtraceback()  # without its first frame, which is ours

    def raw_input(self, prompt: str = "") -> str:
        # By an exit() of something that runs meanwhile.
        if sys.stdin.closed:
            raise EOFError
        try:
            with _interrupt_is_a_key(), self._waiting():
                line = input(prompt)
        except ValueError:
            if sys.stdin.closed:
                raise EOFError from None
            raise
        if not line.endswith(_INTERRUPT):
            return line
        if readline and readline.get_current_history_length():
            readline.remove_history_item(readline.get_current_history_length() - 1)
        raise KeyboardInterrupt

    def completer(self) -> Callable[[str, int], str | None]:
        """A completer for readline that looks at the program's objects on the loop."""
        names = rlcompleter.Completer(self.locals)  # type: ignore[arg-type]

        async def complete(text: str, state: int) -> str | None:
            return names.complete(text, state)

        return lambda text, state: asyncio.run_coroutine_threadsafe(
            complete(text, state), self._loop
        ).result()


def _banner() -> str:
    return (
        f"gawait on Python {sys.version.split()[0]}\n"
        'Use "await" directly instead of "gawait.run()".\n'
        ">>> import asyncio, gawait\n"
        ">>> from gi.repository import Gio, GLib"
    )


def _read_history() -> None:
    path = os.environ.get("PYTHON_HISTORY") or os.path.expanduser("~/.python_history")
    with contextlib.suppress(OSError):
        readline.read_history_file(path)

    def write() -> None:
        with contextlib.suppress(OSError):
            readline.write_history_file(path)

    atexit.register(write)


# The terminal -----------------------------------------------------------------------
#
# A signal ends only the main thread's reading. While the prompt reads, Ctrl-C is therefore a
# key like others, which readline is told to end the line with.

if readline:
    readline.parse_and_bind("tab: complete")
    readline.parse_and_bind(r'"\C-c": "\C-e\C-q\C-c\C-m"')


@contextlib.contextmanager
def _interrupt_is_a_key() -> Iterator[None]:
    if not readline or not sys.stdin.isatty():
        yield
        return
    with _terminal_restored():
        attributes = termios.tcgetattr(sys.stdin)
        attributes[6][termios.VINTR] = b"\0"
        termios.tcsetattr(sys.stdin, termios.TCSANOW, attributes)
        yield


@contextlib.contextmanager
def _terminal_restored() -> Iterator[None]:
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()  # which is closed by exit()
    attributes = termios.tcgetattr(descriptor)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
