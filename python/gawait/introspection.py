"""Which introspected functions are asynchronous, and how they are finished.

PyGObject's objects are asked, with what all its versions from 3.42 on can answer.
"""

import functools
import numbers
import operator
import os

from gi import repository
from gi._gi import CallbackInfo, FunctionInfo, Repository
from gi.repository import GLib, GObject

# How a finish function is called: finish_form in native/awaiting/operation.hpp.
WITH_RESULT = 0
WITH_SOURCE_AND_RESULT = 1

_PRIORITIES = ("io_priority", "priority")
_REQUIRED = ...
_USER_DATA = ()  # of a callback other than the last, which PyGObject wants as a tuple
_IN, _OUT = 0, 1  # of GIDirection


def describe(info):
    """Return what _native.await_functions() wants to know of a function.

    None if it is not asynchronous: it takes no Gio.AsyncReadyCallback, returns something,
    or has no finish function. What it gives out at once beside that is dropped. A str says why
    it must not be called.
    """
    if info.get_return_type().get_tag_as_string() != "void":
        return None
    arguments = info.get_arguments()
    callback = _ready_callback(arguments)
    if callback is None:
        return None
    if any(map(_outlives_call, arguments)):
        return _refusal(info)
    hidden = _hidden(arguments)
    user_data = _index(arguments[callback], "get_closure")
    behind = set(range(callback + 1, len(arguments))) - hidden - {user_data}
    if any(not arguments[index].may_be_null() for index in behind):
        return None
    finish = finish_function(info)
    if finish is None:
        return None
    data = {_index(each, "get_closure") for each in arguments if _is_callback(each)}
    names, defaults = [], []
    if info.is_method():
        names.append("self")
        defaults.append(_REQUIRED)
    cancellable = -1
    for index, argument in enumerate(arguments[:callback]):
        if index in hidden:
            continue
        if _is(argument, "Gio", "Cancellable"):
            cancellable = len(names)
        names.append(argument.get_name())
        defaults.append(_USER_DATA if index in data else _default(argument))
    return (name_of(info), tuple(names), tuple(defaults), cancellable, *finish)


def describe_call(info):
    """Return what describe() does, or the same of a function that takes a Gio.AsyncReadyCallback
    but cannot be awaited, without a finish function: what it calls back gets its user data.
    """
    return describe(info) or _describe_callback(info)


def finish_function(info):
    """Return the finish function of an asynchronous function, and how it is called; or None."""
    found = _find_finish(info)
    if found is None and hasattr(info, "get_finish_func"):
        # Last, since PyGObject then warns of a deprecated function, and not when it is called.
        found = info.get_finish_func()
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
    hidden = _hidden(arguments)
    visible = [argument for index, argument in enumerate(arguments) if index not in hidden]
    callback = _ready_callback(visible)
    given = values[-1 - callback : -1] if callback else ()
    for argument, value in zip(visible, given):
        if not _fits(argument, value):
            name = argument.get_name()
            reason = str(error).removeprefix(f"argument {name}: ")
            return type(error)(f"{name_of(info)}() argument '{name}': {reason}")
    return error


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


def _describe_callback(info):
    arguments = info.get_arguments()
    callback = _ready_callback(arguments)
    if callback is None:
        return None
    hidden = _hidden(arguments)
    # PyGObject binds constructors to their class.
    names = ["self"] if info.is_method() or info.is_constructor() else []
    names += [each.get_name() for i, each in enumerate(arguments[:callback]) if i not in hidden]
    # What makes a result is not what has begun its operation.
    name = "" if info.is_constructor() else name_of(info)
    return (name, tuple(names), (_REQUIRED,) * len(names), -1, None, WITH_RESULT)


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
    if not arguments or not _is(arguments[-1], "Gio", "AsyncResult"):
        return False
    return len(arguments) == 1 or len(arguments) == 2 and not info.get_container()


def _inputs(info):
    return [each for each in info.get_arguments() if each.get_direction() == _IN]


def _outlives_call(argument):
    """Whether GLib writes to it later, when PyGObject has long freed it: a buffer."""
    return argument.get_direction() != _IN and argument.is_caller_allocates()


def _refusal(info):
    container = info.get_container()
    siblings = {each.get_name() for each in container.get_methods()} if container else ()
    instead = ": use read_bytes_async()" if "read_bytes_async" in siblings else ""
    return (
        f"{name_of(info)}() cannot be called while a gawait loop runs, since it writes into a "
        f"buffer that PyGObject frees when the call returns{instead}"
    )


def _constructor(info):
    """A constructor is called through its class, which may not exist yet."""
    return lambda result: of_class(info)(result)


def _namespace(info):
    return getattr(repository, info.get_namespace())


def _default(argument):
    if argument.may_be_null():
        return None
    if argument.get_name() in _PRIORITIES and _tag(argument) == "gint32":
        return GLib.PRIORITY_DEFAULT
    return _REQUIRED


def _ready_callback(arguments):
    for index, argument in enumerate(arguments):
        if _is(argument, "Gio", "AsyncReadyCallback"):
            return index
        # So in functions for other languages, as Gio.File.copy_async() has become one.
        if argument.get_name() == "ready_callback_closure":
            return index
    return None


def _hidden(arguments):
    """Those that Python code does not pass: lengths of arrays, destroy notifications, results."""
    hidden = {i for i, argument in enumerate(arguments) if argument.get_direction() == _OUT}
    for argument in arguments:
        hidden |= {_array_length(argument), _index(argument, "get_destroy")}
    return hidden - {-1}


# PyGObject 3.52 has renamed these.


def _index(argument, name):
    get = getattr(argument, f"{name}_index", None) or getattr(argument, name)
    index = get()
    return -1 if index is None else index


def _type(argument):
    get = getattr(argument, "get_type_info", None) or argument.get_type
    return get()


def _array_length(argument):
    return _index(_type(argument), "get_array_length") if _tag(argument) == "array" else -1


def _tag(argument):
    return _type(argument).get_tag_as_string()


def _is(argument, namespace, name):
    type_ = _type(argument)
    if type_.get_tag_as_string() != "interface":
        return False
    interface = type_.get_interface()
    return interface.get_name() == name and interface.get_namespace() == namespace


def _is_callback(argument):
    type_ = _type(argument)
    is_interface = type_.get_tag_as_string() == "interface"
    return is_interface and isinstance(type_.get_interface(), CallbackInfo)


# What fits ----------------------------------------------------------------------


def _fits(argument, value):
    """Whether PyGObject takes the value; True also if that cannot be told."""
    if value is None:
        return argument.may_be_null()
    tag = _tag(argument)
    if tag == "utf8":
        return isinstance(value, str)
    if tag == "filename":
        return isinstance(value, (str, bytes, os.PathLike))
    if tag in ("gfloat", "gdouble"):
        return isinstance(value, numbers.Number)
    if tag in _RANGES:
        try:
            return operator.index(value) in _RANGES[tag]
        except TypeError:
            return False
    if tag in ("array", "glist", "gslist"):
        return hasattr(value, "__iter__")
    if _is_callback(argument):
        return callable(value)
    if tag == "interface":
        return _fits_interface(_type(argument).get_interface(), value)
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
    return isinstance(value, (type_, int) if issubclass(type_, int) else type_)
