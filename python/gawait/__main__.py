"""Runs a program on gawait's loop, or opens a prompt with top-level await.

usage: python -m gawait [-i] SCRIPT [ARGUMENT...]
       python -m gawait [-i] -m MODULE [ARGUMENT...]
       python -m gawait

With -i the prompt opens when the program has ended, and has its names.

In the program, asyncio.run(), asyncio.Runner and asyncio.new_event_loop() use
gawait.EventLoop; all else is as without `-m gawait`. SCRIPT may be a directory or a ZIP file
with a __main__.py.
"""

from __future__ import annotations

import builtins
import io
import os
import pkgutil
import runpy
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType
from typing import Any

import gawait


def main(arguments: list[str]) -> None:
    then_prompt = arguments[:1] == ["-i"]
    match arguments[then_prompt:]:
        case [] if not then_prompt:
            _open_prompt()
        case ["-h" | "--help", *_]:
            print(_usage())
        case ["-m", module, *rest]:
            sys.argv = ["-m", *rest]
            _run(lambda: _run_module(module), then_prompt)
        case [script, *rest] if not script.startswith("-"):
            sys.argv = [script, *rest]
            _run(lambda: _run_script(script), then_prompt)
        case _:
            print(_usage(), file=sys.stderr)
            sys.exit(2)


def _open_prompt(names: dict[str, Any] | None = None) -> None:
    # Late: what it imports is not for every program.
    from gawait.console import open_prompt

    open_prompt(names)


def _usage() -> str:
    return (__doc__ or "").partition("\n\n")[2].partition("\n\n")[0]


def _run(program: Callable[[], None], then_prompt: bool) -> None:
    gawait.install()
    try:
        program()
    except BaseException as failure:
        if not then_prompt:
            _hide_own_frames()
            raise
        theirs = _without_own_frames(failure.__traceback__)
        sys.excepthook(type(failure), failure.with_traceback(theirs), theirs)
    if then_prompt:
        _open_prompt(vars(sys.modules["__main__"]))


def _run_module(name: str, *, alter_argv: bool = True) -> None:
    """Run a module exactly as `python -m` does, which also calls this function of runpy's."""
    _new_main()
    runpy._run_module_as_main(name, alter_argv)  # type: ignore[attr-defined]


def _run_script(script: str) -> None:
    path = os.path.join(os.getcwd(), script)
    if not sys.flags.safe_path:
        del sys.path[0]  # where `python -m gawait` was started
    if pkgutil.get_importer(path):
        sys.path.insert(0, path)
        _run_module("__main__", alter_argv=False)
        return
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as failure:
        reason = f"[Errno {failure.errno}] {failure.strerror}"
        print(f"{sys.executable}: can't open file {path!r}: {reason}", file=sys.stderr)
        sys.exit(2)
    names = vars(_new_main())
    names.update(__file__=path, __cached__=None, __loader__=SourceFileLoader("__main__", path))
    exec(compile(source, path, "exec", dont_inherit=True), names)


def _new_main() -> ModuleType:
    main_module = ModuleType("__main__")
    vars(main_module)["__builtins__"] = builtins
    sys.modules["__main__"] = main_module
    return main_module


def _hide_own_frames() -> None:
    """Let the traceback of an exception that ends the program begin in the program."""
    show = sys.excepthook

    def show_without_own_frames(
        kind: type[BaseException], failure: BaseException, traceback: TracebackType | None
    ) -> None:
        theirs = _without_own_frames(traceback)
        show(kind, failure.with_traceback(theirs), theirs)

    sys.excepthook = show_without_own_frames


def _without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    theirs = traceback
    while traceback:
        following = traceback.tb_next
        if traceback.tb_frame.f_code.co_filename == __file__:
            theirs = following
        traceback = following
    return theirs


if __name__ == "__main__":
    main(sys.argv[1:])
