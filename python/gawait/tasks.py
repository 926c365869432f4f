"""print_tasks(): who awaits what, in Python and in C++."""

import asyncio
import gc
import inspect
import os
import socket
import sys
import types

import gi.repository
from gi.repository import Gio

from gawait import _native
from gawait.guest import current_context
from gawait.loop import EventLoop
from gawait.operation import as_coroutine

_INDENT = "  "


def print_tasks(file=None, loop=None):
    """Print what the tasks of an event loop await: who awaits whom, with file and line, down to
    the operation, by the name of its C function, and for how long already.

        Task-1: main, app.py:31
          fetch, app.py:20
            awaits g_file_load_contents_async, in flight for 1.2 s

    A task that another one awaits is below that. So is what answers an operation, whether that
    is a coroutine in Python or in C++. Tasks in C++ of the same GLib.MainContext follow.

    file is where to, by default sys.stdout. loop is by default the one that runs; where none
    does, that of the thread-default GLib.MainContext, or what there is in C++ alone.

    To be called in the loop's thread, from anywhere: a callback, a signal handler, the prompt.
    Raises RuntimeError in another thread while the loop runs.
    """
    if loop is not None and not isinstance(loop, asyncio.AbstractEventLoop):
        raise TypeError(f"argument 'loop': expected an event loop, not {type(loop).__name__}")
    if loop is None:
        loop = asyncio._get_running_loop() or EventLoop.of_context(current_context())
    roots = [_task(task, loop) for task in _tasks_of(loop)] if loop else []
    roots += map(_from_cpp, _native.tasks_in_cpp(_context_of(loop)))
    lines = []
    for root in _joined(roots):
        root.add_to(lines, 0)
    print("\n".join(lines) or "no tasks", file=file or sys.stdout)


class _Node:
    """A line, and those below it.

    begins is what others know of what it awaits, and answers that of who awaits it: futures by
    their id(), and operations by what the C function was given.
    """

    def __init__(self, text, begins=(), answers=()):
        self.text = text
        self.begins = begins
        self.answers = answers
        self.awaits = []
        self.awaited_by = None

    def add(self, below):
        below.awaited_by = self
        self.awaits.append(below)
        return below

    def all(self):
        yield self
        for each in self.awaits:
            yield from each.all()

    def is_below(self, other):
        node = self
        while node is not None and node is not other:
            node = node.awaited_by
        return node is other

    def add_to(self, lines, depth):
        lines.append(_INDENT * depth + self.text)
        for each in self.awaits:
            each.add_to(lines, depth + 1)


def _joined(roots):
    """Put each root below what it answers, and return the others."""
    waiting = {}
    for root in roots:
        for node in root.all():
            for key in node.begins:
                waiting.setdefault(key, node)
    left = []
    for root in roots:
        asker = next((waiting[key] for key in root.answers if key in waiting), None)
        if asker is None or asker.is_below(root):  # they may await each other
            left.append(root)
        else:
            asker.add(root)
    return left


# C++ --------------------------------------------------------------------------------


def _context_of(loop):
    context = getattr(loop, "_own_context" if isinstance(loop, EventLoop) else "_context", None)
    return context or current_context()


def _from_cpp(tree):
    text, awaits, begins, answers, cancellable = tree
    given = [("user data", begins)] if begins else []
    known = [("user data", answers)] if answers else []
    if cancellable:
        known.append(("cancellable", cancellable))
    node = _Node(text, given, known)
    for each in awaits:
        node.add(_from_cpp(each))
    return node


# Tasks of asyncio -------------------------------------------------------------------


def _tasks_of(loop):
    def in_order(task):
        name, _, number = task.get_name().rpartition("-")
        return (name, int(number)) if number.isdecimal() else (task.get_name(), 0)

    return sorted(asyncio.all_tasks(loop), key=in_order)


def _task(task, loop):
    steps = list(_steps(task.get_coro()))
    within = [each for each in steps if isinstance(each, _Step) and not each.of_operation]
    # What asyncio and gawait await within a function is not what anybody debugs.
    own = len(within)
    while own > 0 and within[own - 1].library:
        own -= 1
    waits_for = getattr(task, "_fut_waiter", None)
    leaf = _leaf(task, loop, waits_for, steps, within[own:])
    texts = [each.text for each in within[:own]]
    called = _called(within[own:])
    if called and not leaf.text.startswith(f"awaits {called}"):
        texts.append(called)
    name = task.get_name()
    root = node = _Node(f"{name}: {texts[0]}" if texts else name, (), _answers(task))
    for text in texts[1:]:
        node = node.add(_Node(text))
    node.add(leaf)
    return root


class _Step:
    """A coroutine or generator that has begun, where it is."""

    def __init__(self, awaitable, frame):
        self.frame = frame
        module = frame.f_globals.get("__name__", "")
        self.of_operation = module == as_coroutine.__module__  # which is shown itself
        package = module.partition(".")[0]
        self.library = package if package in ("asyncio", "gawait") else ""
        self.name = ".".join(filter(None, (self.library, awaitable.__qualname__)))
        self.text = f"{self.name}, {_path(frame.f_code.co_filename)}:{frame.f_lineno}"


def _path(file):
    here = os.getcwd() + os.sep
    return file.removeprefix(here)


_KINDS = (
    (types.CoroutineType, "cr_frame", "cr_await"),
    (types.GeneratorType, "gi_frame", "gi_yieldfrom"),
    (types.AsyncGeneratorType, "ag_frame", "ag_await"),
)


def _steps(awaitable):
    """From a coroutine to what it awaits in the end: a _Step each, and other objects as they are."""
    while awaitable is not None:
        for kind, frame, awaits in _KINDS:
            if isinstance(awaitable, kind):
                if getattr(awaitable, frame) is not None:
                    yield _Step(awaitable, getattr(awaitable, frame))
                awaitable = getattr(awaitable, awaits)
                break
        else:
            yield awaitable
            awaitable = _wrapped(awaitable)


def _wrapped(awaitable):
    """What a coroutine_wrapper or an async_generator_asend is of, which they do not tell."""
    if type(awaitable).__module__ != "builtins" or isinstance(awaitable, asyncio.Future):
        return None
    kinds = tuple(kind for kind, *_ in _KINDS)
    return next((each for each in gc.get_referents(awaitable) if isinstance(each, kinds)), None)


def _answers(task):
    """What is known of who awaits a task: itself, and of a production what that ends."""
    answers = [("future", id(task))]
    for callback, _ in getattr(task, "_callbacks", None) or ():
        end = getattr(callback, "end", None)
        if isinstance(end, _native.CallEnd):
            end = end.target
        if isinstance(end, _native.Operation):
            answers.append(("user data", id(end)))
        elif isinstance(end, Gio.Task):
            answers.append(("user data", _native.user_data_address(end)))
    return answers


# What is awaited --------------------------------------------------------------------


def _leaf(task, loop, future, steps, within):
    if future is None:
        if task is asyncio.current_task(loop):
            return _Node("running")
        return _Node("about to go on" if _has_begun(task.get_coro()) else "not begun")
    if isinstance(future, _native.Operation):
        return _operation(future)
    if isinstance(future, asyncio.Task):
        return _futures(f"awaits {future.get_name()}", [future])
    if isinstance(future, asyncio.tasks._GatheringFuture):
        return _futures("awaits asyncio.gather", [future])
    if _shielded(future):
        return _futures("awaits asyncio.shield", [future])
    if signal := getattr(future, "_signal", None):
        return _Node(f"awaits the signal '{signal}'")
    if call := next((each for each in steps if isinstance(each, _native.SocketCall)), None):
        return _Node(f"awaits {call.__qualname__}{_descriptor(call)}")
    if what := _iterated(within):
        return _Node(f"awaits {what}")
    if not within:
        return _Node(f"awaits a {type(future).__name__}")
    awaited = [each for step in within for each in _futures_in(step.frame)]
    left = _time_left(within[-1].frame, loop)
    return _futures(f"awaits {_called(within)}{left}", awaited)


def _called(within):
    """The function of asyncio's or gawait's that was called, by its public name, or ""."""
    if _iterated(within):
        return ""
    names = [each.name.partition(".<locals>")[0] for each in within]
    return next(
        (name for name in names if "._" not in name.replace(".__", ".")), "".join(names[:1])
    )


def _iterated(within):
    """What an iterator of gawait's gives, or ""."""
    return getattr(within[0].frame.f_locals.get("self"), "_given", "") if within else ""


def _has_begun(coroutine):
    if not isinstance(coroutine, types.CoroutineType):  # of something else, nobody knows
        return True
    return inspect.getcoroutinestate(coroutine) != inspect.CORO_CREATED


def _futures(text, futures):
    awaited = list(_each_of(futures))
    node = _Node(text, [("future", id(each)) for each in awaited])
    for each in awaited:
        if isinstance(each, _native.Operation):
            node.add(_operation(each))
    return node


def _each_of(futures):
    """They themselves, and in the place of what asyncio makes of several or another one, those."""
    for each in futures:
        shielded = _shielded(each)
        if isinstance(each, asyncio.tasks._GatheringFuture):
            yield from _each_of(each._children)
        elif shielded:
            yield from _each_of(shielded)
        else:
            yield each


def _shielded(future):
    """What asyncio.shield() has returned the future for: only a callback knows."""
    for callback, _ in getattr(future, "_callbacks", None) or ():
        if getattr(callback, "__qualname__", "") == "shield.<locals>._outer_done_callback":
            cells = [each.cell_contents for each in callback.__closure__]
            return [
                each
                for each in cells
                if isinstance(each, asyncio.Future) and each is not future
            ]
    return []


def _futures_in(frame):
    """Those that a coroutine of asyncio's awaits by a future of its own."""
    names = frame.f_locals
    group = names.get("self")
    if isinstance(group, asyncio.TaskGroup):
        return list(group._tasks)
    found = names.get("fs", ()) or [names.get("fut")]
    return [each for each in found if isinstance(each, asyncio.Future)]


def _time_left(frame, loop):
    """Of asyncio.sleep()."""
    timer = frame.f_locals.get("h")
    if frame.f_code is not asyncio.sleep.__code__ or timer is None:
        return ""
    return f", due in {_duration(timer.when() - loop.time())}"


def _descriptor(call):
    """The socket's, of one that loop.sock_recv() or its kin returned."""
    sockets = (each for each in gc.get_referents(call) if isinstance(each, socket.socket))
    return "".join(f", file descriptor {each.fileno()}" for each in sockets)


def name_of(operation):
    """The C function of an Operation, or what else it is."""
    function, finish, call, *_ = operation._told
    if call:
        return call
    if function:
        return _symbol(function)
    if finish:
        return f"an operation that {getattr(finish, '__qualname__', None) or repr(finish)} ends"
    return "an operation"


def _operation(operation):
    *_, age, cancellable, is_unheard = operation._told
    begins = [("user data", id(operation)), ("future", id(operation))]
    if cancellable:
        begins.append(("cancellable", cancellable))
    refused = ", or refused: nobody has its cancellable" if is_unheard else ""
    return _Node(
        f"awaits {name_of(operation)}, in flight for {_duration(age)}{refused}", begins
    )


def _symbol(name):
    """The C function of "Gio.File.load_contents_async"."""
    found = gi.repository
    for part in name.split("."):
        found = getattr(found, part, None)
    get_symbol = getattr(found, "get_symbol", None)
    return get_symbol() if get_symbol else name


def _duration(seconds):
    return f"{seconds:.1f} s" if seconds >= 1 else f"{max(seconds, 0) * 1000:.0f} ms"
