"""Which introspected functions are asynchronous, and how they are finished.

PyGObject's objects are asked, with what all its versions from 3.42 on can answer.
"""

import enum
import functools
import numbers
import operator
import os
import sys

from gi import repository
from gi._gi import CallbackInfo, FunctionInfo, Repository
from gi.repository import GLib, GObject

from gawait import plans
from gawait.typelib import (
    IN,
    hidden,
    index_of,
    is_callback,
    is_filled,
    is_of,
    ready_callback,
    tag_of,
    type_of,
)

# How a finish function is called: finish_form in native/awaiting/operation.hpp.
WITH_RESULT = 0
WITH_SOURCE_AND_RESULT = 1

_PRIORITIES = ("io_priority", "priority")
_REQUIRED = ...
_NOTIFIED = 3  # of GIScopeType
_USER_DATA = ()  # of a callback other than the last, which PyGObject wants as a tuple


def describe(info):
    """Return what _native.await_functions() wants to know of a function.

    None if it is not asynchronous: it takes no Gio.AsyncReadyCallback, returns something,
    or has no finish function. What it gives out at once beside that is dropped. A str says why
    it can be neither awaited nor called.
    """
    if info.get_return_type().get_tag_as_string() != "void":
        return None
    arguments = info.get_arguments()
    callback = ready_callback(arguments)
    if callback is None:
        return None
    unseen = _not_passed(arguments)
    user_data = index_of(arguments[callback], "get_closure")
    behind = set(range(callback + 1, len(arguments))) - unseen - {user_data}
    if any(not arguments[index].may_be_null() for index in behind):
        return None
    finish = finish_function(info)
    if finish is None:
        return None
    if any(map(is_filled, arguments)) and why_no_plan(info):
        return _refusal(info)
    names, defaults, cancellable = _passed(arguments, info.is_method())
    kept = tuple(names.index(each.get_name()) for each in arguments if _is_kept(each))
    return (name_of(info), tuple(names), tuple(defaults), cancellable, *finish, kept)


def _is_kept(argument):
    """Whether it is a callback that PyGObject never lets go of, as nobody tells it when to."""
    notified = int(argument.get_scope()) == _NOTIFIED
    return is_callback(argument) and notified and index_of(argument, "get_destroy") == -1


def _passed(arguments, is_method):
    """Return the names and the defaults of what is passed before the callback, and which of it is
    the cancellable.
    """
    data = {index_of(each, "get_closure") for each in arguments if is_callback(each)}
    unseen = _not_passed(arguments)
    names = ["self"] if is_method else []
    defaults = [_REQUIRED] * len(names)
    cancellable = -1
    for index, argument in enumerate(arguments[: ready_callback(arguments)]):
        if index in unseen:
            continue
        if is_of(argument, "Gio", "Cancellable"):
            cancellable = len(names)
        names.append(argument.get_name())
        defaults.append(_USER_DATA if index in data else _default(argument))
    return names, defaults, cancellable


def describe_call(info):
    """Return what describe() does, and why it must not be called with its callback, or None.

    Or the same of a function that takes a Gio.AsyncReadyCallback but cannot be awaited, without
    a finish function: what it calls back gets its user data. Or, of one that takes other
    callbacks which may be coroutine functions: its name, the names of its arguments, and the
    positions of those.
    """
    described = describe(info)
    if isinstance(described, tuple):
        is_refused = any(map(is_filled, info.get_arguments()))
        return (*described, _refusal(info) if is_refused else None)
    return described or _describe_callbacks(info)


def plan_of(info):
    """Return the call plan of an asynchronous function; None if it has none, or is to go without."""
    is_optional = not any(map(is_filled, info.get_arguments()))
    return None if is_optional and not plans.WANTED else _plan_or_reason(info)[0]


def why_no_plan(info):
    """Return the reason why an asynchronous function has no call plan; None if it has one."""
    return _plan_or_reason(info)[1]


def _plan_or_reason(info):
    names, *_ = _passed(info.get_arguments(), info.is_method())
    try:
        return plans.plan_of(info, _find_finish_of(info), names), None
    except plans.NoPlan as none:
        return None, str(none)


def _not_passed(arguments):
    """hidden(), without memory that GLib fills, which may be passed."""
    return hidden(arguments) - {i for i, each in enumerate(arguments) if is_filled(each)}


def finish_function(info):
    """Return the finish function of an asynchronous function, and how it is called; or None."""
    found = _find_finish_of(info)
    if found is None:
        return None
    if found.is_constructor():
        return _constructor(found), WITH_RESULT
    if found.is_method() or len(_inputs(found)) == 2:
        return found, WITH_SOURCE_AND_RESULT
    return found, WITH_RESULT


def of_class(method):
    """Return what the method's class has under its name, of which `method` may be a copy."""
    class_ = getattr(_namespace(method), method.get_container().get_name())
    return getattr(class_, method.get_name(), None)


def name_of(info):
    """Return "Gio.File.load_contents_async"."""
    container = info.get_container()
    names = [info.get_namespace(), container and container.get_name(), info.get_name()]
    return ".".join(filter(None, names))


def explain(info, values, error):
    """Return the error to raise for one that a call of the function raised: it names the
    argument, if it can be told which one is wrong.
    """
    if not isinstance(error, (TypeError, ValueError, OverflowError)):
        return error
    arguments = info.get_arguments()
    unseen = _not_passed(arguments)
    visible = [argument for index, argument in enumerate(arguments) if index not in unseen]
    callback = ready_callback(visible)
    given = values[-1 - callback : -1] if callback else ()
    for argument, value in zip(visible, given):
        if not _fits(argument, value):
            return _naming(error, name_of(info), argument.get_name())
    return error


def _naming(error, function, argument):
    where = f"{function}() argument '{argument}'"
    if isinstance(error, UnicodeEncodeError):
        return UnicodeEncodeError(*error.args[:-1], f"{error.reason} in {where}")
    reason = str(error).removeprefix(f"argument {argument}: ")
    return type(error)(f"{where}: {reason}")


def function_of_symbol(symbol):
    """Return the function that a symbol of a loaded namespace's library is, as Python code gets
    it, or None.
    """
    namespaces = Repository.get_default().get_loaded_namespaces()
    return _find_symbol(symbol, tuple(namespaces))


@functools.cache
def _find_symbol(symbol, namespaces):
    for namespace in namespaces:
        for info in Repository.get_default().get_infos(namespace):
            functions = (info,) if isinstance(info, FunctionInfo) else ()
            if hasattr(info, "get_methods"):
                functions = info.get_methods()
            for function in functions:
                if function.get_symbol() == symbol:
                    return _accessed(function)
    return None


def _accessed(function):
    if function.get_container() is not None:
        return of_class(function) or function
    return getattr(_namespace(function), function.get_name(), function)


def _describe_callbacks(info):
    arguments = info.get_arguments()
    callback = ready_callback(arguments)
    if callback is None:
        return _describe_handlers(info, arguments)
    names = _names(info, arguments[:callback])
    # What makes a result is not what has begun its operation.
    name = "" if info.is_constructor() else name_of(info)
    return (name, names, (_REQUIRED,) * len(names), -1, None, WITH_RESULT, (), None)


def _describe_handlers(info, arguments):
    handlers = {each.get_name() for each in arguments if _may_be_coroutine(each)}
    if not handlers:
        return None
    names = _names(info, arguments)
    positions = tuple(index for index, name in enumerate(names) if name in handlers)
    return (name_of(info), names, positions)


def _may_be_coroutine(argument):
    """Whether it is called back, and nobody needs an answer but a bool."""
    type_ = type_of(argument)
    if type_.get_tag_as_string() != "interface":
        return False
    interface = type_.get_interface()
    if isinstance(interface, CallbackInfo):
        return interface.get_return_type().get_tag_as_string() in ("void", "gboolean")
    return interface.get_name() == "Closure" and interface.get_namespace() == "GObject"


def _names(info, arguments):
    """Return the names of what is passed of the arguments, which are the first of the function's."""
    unseen = _not_passed(info.get_arguments())
    # PyGObject binds constructors to their class.
    names = ["self"] if info.is_method() or info.is_constructor() else []
    names += [each.get_name() for index, each in enumerate(arguments) if index not in unseen]
    return tuple(names)


def _find_finish_of(info):
    found = _find_finish(info)
    if found is None and hasattr(info, "get_finish_func"):
        # Last, since PyGObject then warns of a deprecated function, and not when it is called.
        found = info.get_finish_func()
    return found


def _find_finish(info):
    """By its name: foo_async or foo is finished by foo_finish, and several that differ in how
    they start, as foo_bytes_async, by that as well.
    """
    container = info.get_container()
    if container is None:
        repository_ = Repository.get_default()

        def find(name):
            found = repository_.find_by_name(info.get_namespace(), name)
            return found if isinstance(found, FunctionInfo) else None

    else:
        find = {sibling.get_name(): sibling for sibling in container.get_methods()}.get
    stem = info.get_name_unescaped().removesuffix("_async")
    while stem:
        for candidate in (stem, stem.removesuffix("v")):
            found = find(f"{candidate}_finish")
            if found is not None and _takes_result(found):
                return found
        stem = stem.rpartition("_")[0]
    return None


def _takes_result(info):
    arguments = _inputs(info)
    if not arguments or not is_of(arguments[-1], "Gio", "AsyncResult"):
        return False
    return len(arguments) == 1 or len(arguments) == 2 and not info.get_container()


def _inputs(info):
    return [each for each in info.get_arguments() if each.get_direction() == IN]


def _refusal(info):
    return (
        f"{name_of(info)}() cannot be called with a callback while a gawait loop runs, since it "
        "writes into a buffer that PyGObject frees when the call returns: await it"
    )


def _constructor(info):
    """A constructor is called through its class, which may not exist yet."""
    return lambda result: of_class(info)(result)


def _namespace(info):
    return getattr(repository, info.get_namespace())


def _default(argument):
    if argument.may_be_null():
        return None
    if argument.get_name() in _PRIORITIES and tag_of(argument) == "gint32":
        return GLib.PRIORITY_DEFAULT
    return _REQUIRED


# What fits ----------------------------------------------------------------------


def _fits(argument, value):
    """Whether PyGObject takes the value; True also if that cannot be told."""
    if is_filled(argument):
        return isinstance(value, int) and 0 <= value <= sys.maxsize
    if value is None:
        return argument.may_be_null()
    if is_callback(argument):
        return callable(value)
    return _fits_type(type_of(argument), value)


def _fits_type(type_, value):
    tag = type_.get_tag_as_string()
    if tag == "utf8":
        return isinstance(value, str) and _can_be(str.encode, value)
    if tag == "filename":
        return isinstance(value, (str, bytes, os.PathLike)) and _can_be(os.fsencode, value)
    if tag in ("gfloat", "gdouble"):
        return isinstance(value, numbers.Number)
    if tag in _RANGES:
        try:
            return operator.index(value) in _RANGES[tag]
        except TypeError:
            return False
    if tag in ("array", "glist", "gslist"):
        return hasattr(value, "__iter__") and _items_fit(type_.get_param_type(0), value)
    if tag == "interface":
        return _fits_interface(type_.get_interface(), value)
    return True


def _items_fit(type_, values):
    if not isinstance(values, (list, tuple, str)):
        return True
    is_byte = type_.get_tag_as_string() in ("gint8", "guint8")
    return all(
        each is None or is_byte and isinstance(each, bytes) or _fits_type(type_, each)
        for each in values
    )


def _can_be(kind, value):
    try:
        kind(value)
    except (ValueError, OverflowError):
        return False
    return True


_RANGES = {
    f"g{sign}int{bits}": range(-(2 ** (bits - 1)), 2 ** (bits - 1))
    if not sign
    else range(2**bits)
    for bits in (8, 16, 32, 64)
    for sign in ("", "u")
}


def _fits_interface(interface, value):
    try:
        type_ = getattr(_namespace(interface), interface.get_name())
    except AttributeError:
        return True
    if not isinstance(type_, type) or type_ is GObject.Closure:
        return callable(value)
    if isinstance(value, type_):
        return True
    return issubclass(type_, int) and isinstance(value, int) and _is_member(type_, value)


def _is_member(type_, value):
    """Whether an int stands for something of an enumeration; of flags, only 0 does."""
    if issubclass(type_, (GObject.GFlags, enum.Flag)):
        return value == 0
    return _can_be(type_, value)
