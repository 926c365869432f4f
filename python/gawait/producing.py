"""The other side of awaiting: a coroutine becomes an _async and a _finish method."""

import asyncio
import inspect
import typing

from gi.repository import Gio, GLib, GObject

from gawait import _native, async_result
from gawait.guest import current_context, loop_of_context
from gawait.loop import check_priority

_UNGIVEN = object()
_DEFAULT = GLib.PRIORITY_DEFAULT
_OWN_PARAMETERS = ("priority", "cancellable", "callback", "user_data")


class async_method:
    """Make of a coroutine method the pair of methods that GLib's users call.

        class Dictionary(GObject.Object):
            @gawait.async_method
            async def look_up(self, word):
                ...

    gives the class, besides look_up() itself,

        look_up_async(word, priority=GLib.PRIORITY_DEFAULT, cancellable=None,
                      callback=None, *user_data)
        look_up_finish(result)

    The callback is called as callback(source, result, *user_data), exactly once, in a later
    iteration of the thread-default GLib.MainContext of the call, at the priority, which the
    coroutine's task has as well. result is a Gio.Task. With callback=None the coroutine runs all
    the same. Without a callback, where a loop runs, look_up_async() returns an Operation.
    The result is tagged with Dictionary.look_up_async.

    Cancelling the cancellable, in any thread, cancels the coroutine's task. The operation ends
    when the coroutine has ended, and then, whatever that came to, with Gio.IOErrorEnum.CANCELLED.
    If it was cancelled before the call, the coroutine does not begin.

    look_up_finish() returns what the coroutine returned, once. It raises the coroutine's
    GLib.Error, or what error_of() makes of another exception; TypeError for what is no result,
    and ValueError for one of another function or another object.

    A subclass that overrides look_up() overrides what the pair runs.

    C code starts it by emitting the signal "look-up-async", with the coroutine's arguments, which
    all must be given, an int, a GCancellable, a GAsyncReadyCallback and a pointer. The arguments
    are of the types that they are annotated with: bool, int (64 bits), float, str, or a class of
    PyGObject's; others are PyObjects. It finds the value in the GTask, by
    g_task_propagate_value(): of what Python type the value is decides. A coroutine whose name
    begins with an underscore has no signal.

    Raises TypeError, as the cause of what Python says of the class, where that is no
    GObject.Object, or has a method look_up_async() or look_up_finish() of its own.
    """

    def __init__(self, function):
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"async_method: expected an async def function, not {function!r}")
        self._function = function
        self.__doc__ = function.__doc__
        self._positional = _positional_parameters(function)

    def __set_name__(self, owner, name):
        if not issubclass(owner, GObject.Object):
            raise TypeError(f"async_method: {owner.__qualname__} is not a GObject.Object")
        for other in (f"{name}_async", f"{name}_finish"):
            if other in vars(owner):
                raise TypeError(
                    f"async_method: {owner.__qualname__} has a method {other}() already, "
                    f"which {name}() is to be called by"
                )
        self._owner, self._name = owner, name
        self._title = f"{owner.__qualname__}.{name}"
        setattr(owner, name, self._function)
        start = self._start_method()
        self._tag = id(start)
        self._held = async_result.hold(start)
        self._pair = _native.Pair(
            owner, name, self._title, self._own_arguments, self._tag, self._positional
        )
        setattr(owner, f"{name}_async", start)
        setattr(owner, f"{name}_finish", self._finish_method())
        self._add_signal()

    def _start_method(self):
        def start(source, *args, **kwargs):
            return self._pair.begin(source, args, kwargs)

        return self._named(start, "async", f"Start {self._title}(); see gawait.async_method.")

    def _finish_method(self):
        def finish(source, result):
            return self._finish(source, result)

        return self._named(finish, "finish", f"Return what {self._title}() returned.")

    def _add_signal(self):
        """In time for PyGObject, which looks for signals when it registers the type."""
        if self._name.startswith("_"):
            return  # no signal can have that name
        name = f"{self._name}_async"
        if hasattr(self._owner, f"do_{name}"):
            return  # a base class has the signal, or a virtual method
        own = (int, Gio.Cancellable, GObject.TYPE_POINTER, GObject.TYPE_POINTER)
        types = _signal_types(self._function, self._positional) + own
        flags = GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.ACTION
        signals = dict(vars(self._owner).get("__gsignals__", {}))
        signals[name.replace("_", "-")] = (flags, None, types)
        self._owner.__gsignals__ = signals
        setattr(self._owner, f"do_{name}", lambda *all: self._emitted(*all))

    def _emitted(self, source, *all):
        *args, priority, cancellable, callback, user_data = all
        task = _native.new_task_for_c(
            source, cancellable, priority, self._tag, self._title, callback, user_data
        )
        run(call_method(source, self._name, args), task, self._title, cancellable, priority)

    def _named(self, method, suffix, documentation):
        method.__name__ = f"{self._name}_{suffix}"
        method.__qualname__ = f"{self._title}_{suffix}"
        method.__module__ = self._function.__module__
        method.__doc__ = documentation
        return method

    def _own_arguments(self, rest, kwargs):
        """Return the priority, the cancellable, a tuple of user data and, if it was given, the
        callback; what is named leaves the dictionary."""
        own = [_DEFAULT, None, _UNGIVEN]
        own[: len(rest)] = rest[:3]
        for index, name in enumerate(_OWN_PARAMETERS[:3]):
            if name not in kwargs:
                continue
            if index < len(rest):
                raise TypeError(f"{self._title}_async() got multiple values for '{name}'")
            own[index] = kwargs.pop(name)
        if own[0] != _DEFAULT:
            check_priority(own[0], f"{self._title}_async")
        user_data = rest[3:]
        if "user_data" in kwargs:
            user_data += (kwargs.pop("user_data"),)
        priority, cancellable, callback = own
        given = () if callback is _UNGIVEN else (callback,)
        return priority, cancellable, user_data, *given

    def _finish(self, source, result):
        return _native.finish(source, result, self._tag, self._title)


def error_of(exception):
    """Return the GLib.Error that an exception becomes where C code is to see it.

    GLib.Error                the same
    asyncio.CancelledError    Gio.IOErrorEnum.CANCELLED
    TimeoutError              Gio.IOErrorEnum.TIMED_OUT
    OSError                   the Gio.IOErrorEnum of its errno
    NotImplementedError       Gio.IOErrorEnum.NOT_SUPPORTED
    any other                 Gio.IOErrorEnum.FAILED, with the name of its class

    There is one of every exception, also if that is a GLib.Error whose domain or code is none, or
    cannot say what it is. Its message has nothing in it that C code cannot have.
    """
    return classify(exception)[0]


def classify(exception):
    """Return the GLib.Error, and whether it says all: then nobody need see a traceback."""
    if isinstance(exception, GLib.Error):
        return _plain_error(exception)
    if isinstance(exception, asyncio.CancelledError):
        return _io_error(Gio.IOErrorEnum.CANCELLED, "Operation was cancelled"), True
    if isinstance(exception, OSError):
        number = attribute_of(exception, "errno")
        if _is_c_int(number):
            return _io_error(Gio.io_error_from_errno(number), text_of(exception)), True
    if isinstance(exception, TimeoutError):
        return _io_error(Gio.IOErrorEnum.TIMED_OUT, text_of(exception) or "Timed out"), True
    unsupported = isinstance(exception, NotImplementedError)
    code = Gio.IOErrorEnum.NOT_SUPPORTED if unsupported else Gio.IOErrorEnum.FAILED
    says_all = attribute_of(exception, "dbus_error_name") is not None
    return _io_error(code, named_text_of(exception)), says_all


def _plain_error(error):
    """Return a GLib.Error as one that C code can have. A subclass may lack all that it has."""
    message, domain, code = (
        attribute_of(error, name) for name in ("message", "domain", "code")
    )
    is_text = isinstance(message, str)
    text = _for_c(message) if is_text else named_text_of(error)
    if isinstance(domain, str) and domain and domain == _for_c(domain) and _is_c_int(code):
        return GLib.Error(text, domain, code), is_text
    # Neither of the two means anything without the other.
    return _io_error(Gio.IOErrorEnum.FAILED, text), False


def text_of(exception):
    """Return what an exception says, as C code can have it."""
    for say in (str, BaseException.__str__):
        try:
            return _for_c(say(exception))
        except BaseException:  # of code of its own: as the module traceback does
            continue
    return ""


def named_text_of(exception):
    """Return of what class an exception is, and what it says."""
    text = text_of(exception)
    name = type(exception).__name__
    return f"{name}: {text}" if text else name


def attribute_of(exception, name):
    """Return an attribute, or None where code of the exception's own does not give it."""
    try:
        return getattr(exception, name, None)
    except BaseException:
        return None


def _for_c(text):
    """Return a text without what UTF-8 in C cannot have: lone surrogates, and a NUL."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _is_c_int(value):
    return isinstance(value, int) and GLib.MININT <= value <= GLib.MAXINT


def report(title, exception):
    """Give an exception to the exception handler of the loop that runs, if nothing else tells all
    of it."""
    if not classify(exception)[1]:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"Exception in {title}", "exception": exception}
        )


async def call_method(instance, name, args):
    """Call a coroutine method, so that whatever is wrong with that is the coroutine's failure."""
    return await getattr(instance, name)(*args)


class TaskEnd:
    """How a Gio.Task ends."""

    def __init__(self, task):
        self._task = task

    def succeed(self, value):
        _native.return_value(self._task, value)

    def fail(self, exception):
        error, says_all = classify(exception)
        _native.return_error(self._task, error.domain, error.code, error.message)
        return says_all


class _OperationEnd:
    """How an Operation ends that no finish function finishes."""

    def __init__(self, operation):
        self._operation = operation

    def fail(self, exception):
        error, says_all = classify(exception)
        _native.fail_operation(self._operation, error)
        return says_all


def run(coroutine, end, title, cancellable=None, priority=_DEFAULT):
    """Run a coroutine, for somebody who waits for it outside its task, in the loop of the current
    context. Return its task, or None if another thread iterates that context, which will start it.

    Cancelling the cancellable cancels the task. end is a Gio.Task or an Operation, or has
    succeed(value) and fail(exception), of which the first ends it. succeed() may raise, and has then
    ended nothing; fail() returns whether it has told all of the exception.
    """
    what = coroutine, end, title, cancellable, priority
    task = _native.run_production(*what)
    if task is not NotImplemented:
        return task
    context = current_context()

    def run_here():
        try:
            loop = loop_of_context(context)
        except BaseException as error:  # no descriptors for a loop
            _not_begun(end, error, coroutine)
            raise
        return _native.run_production(*what, loop)

    if context.acquire():
        try:
            return run_here()
        finally:
            context.release()

    def run_there(*_):
        run_here()
        return GLib.SOURCE_REMOVE

    source = GLib.Idle(priority=priority)
    source.set_callback(run_there)
    source.attach(context)
    return None


def _failed(loop, task, end, title, refusal):
    """End what is waited for as the task has, with the exception with which the end has refused the
    task's value, if it has."""
    if isinstance(refusal, SystemExit | KeyboardInterrupt):
        # Ctrl-C may come right after it has ended, which is then what counts.
        _fail(end, refusal)
        raise refusal
    exception = refusal
    if exception is None:
        exception = asyncio.CancelledError() if task.cancelled() else task.exception()
    if not _fail(end, exception):
        loop.call_exception_handler(
            {"message": f"Exception in {title}()", "exception": exception, "task": task}
        )


def _not_begun(end, error, coroutine):
    _fail(end, error)
    coroutine.close()


def _abandoned(end):
    _fail(end, asyncio.CancelledError())


def _fail(end, exception):
    if isinstance(end, _native.CallEnd):
        end = end.target
    if isinstance(end, Gio.Task):
        end = TaskEnd(end)
    elif isinstance(end, _native.Operation):
        end = _OperationEnd(end)
    try:
        return end.fail(exception)
    except BaseException as error:  # of code of the exception's own
        end.fail(RuntimeError("the exception cannot be described"))
        if not isinstance(error, Exception):
            raise
        return False


_native.run_productions(run, _failed, _not_begun, _abandoned)


def _positional_parameters(function):
    """How many there are besides self; and check that all can be told from the pair's own."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    for each in parameters:
        if each.kind is each.VAR_POSITIONAL or each.name in _OWN_PARAMETERS:
            raise TypeError(f"async_method: {function.__qualname__}() must not take '{each}'")
    return sum(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters
    )


def _signal_types(function, count):
    parameters = list(inspect.signature(function).parameters)[1 : 1 + count]
    try:
        hints = typing.get_type_hints(function)
    except NameError:  # of something that is not defined yet
        hints = {}
    return tuple(_signal_type(hints.get(each)) for each in parameters)


def _signal_type(hint):
    if hint is int:
        return GObject.TYPE_INT64
    if hint in (bool, float, str) or isinstance(hint, type) and hasattr(hint, "__gtype__"):
        return hint
    return object


def _io_error(code, message):
    return GLib.Error.new_literal(Gio.io_error_quark(), message, code)
