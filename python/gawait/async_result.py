"""Gio.AsyncResult with Python's own objects as user data and tags, which are pointers in C.

    result.get_user_data()     what was passed with the callback: None, the object, or a tuple of
                               several; of what C code began, an address
    result.is_tagged(tag)      whether it is a result of what has that tag: an introspected
                               function, which is compared as the function of C that it is, and
                               as the one that Python called; any object; an address
    Gio.Task.set_source_tag()  takes any object, and keeps it
    Gio.Task.get_source_tag()  gives it back

A class of Python's that names Gio.AsyncResult among its bases has do_get_source_object(),
do_get_user_data() and do_is_tagged(source_tag) called, by C and by Python. To C code, the user data
is the address of the object, which is alive until do_get_user_data() returns another one; None,
integers and capsules are the pointers that they stand for.

Tags are compared as a list compares: identical, or equal. A bound method is its function.
"""

import contextlib
import inspect
import weakref

from gi._gi import FunctionInfo
from gi.repository import Gio

from gawait import _native, introspection

_METHODS = ("do_get_source_object", "do_get_user_data", "do_is_tagged")


class Held:
    """A Python object that is a tag in C, for as long as somebody keeps this."""

    __slots__ = ("__weakref__", "tag")

    def __init__(self, tag):
        self.tag = tag


_held = weakref.WeakValueDictionary()  # by address


def hold(tag):
    """Return what makes `tag` the object that is meant by its address."""
    held = _held.get(id(tag))
    if held is None:
        _held[id(tag)] = held = Held(tag)
    return held


def fill(class_):
    """Make of a Python class's methods what C code calls; return their names."""
    if not issubclass(class_, Gio.AsyncResult):
        return set()
    _native.fill_async_result(class_)
    return {name for name in _METHODS if name in vars(class_)}


def patch():
    """Replace the methods of Gio.AsyncResult and Gio.Task that take or give a pointer."""
    for class_, function in (
        (Gio.AsyncResult, get_user_data),
        (Gio.AsyncResult, is_tagged),
        (Gio.Task, get_source_tag),
        (Gio.Task, set_source_tag),
    ):
        setattr(class_, function.__name__, function)
    _native.convert_tags(_asked_for)


def get_user_data(self):
    """Return what was passed with the callback of the operation."""
    method = getattr(type(self), "do_get_user_data", None)
    return _native.user_data_of(self) if method is None else method(self)


def is_tagged(self, source_tag=None):
    """Return whether the result has that tag, generally the function that it was begun by."""
    method = getattr(type(self), "do_is_tagged", None)
    if method is not None:
        return bool(method(self, source_tag))
    tag = _function(source_tag)
    if isinstance(tag, FunctionInfo):
        # GIO tags some with a function of its own that does the work.
        if _native.begun_by(self) == introspection.name_of(tag):
            return True
        address = _address_of(tag)
        return bool(address) and _native.is_tagged(self, address)
    if _native.is_tagged(self, _address_of(tag)):
        return True
    own = _own_tag(self)
    return own is not None and bool(own == tag)


def get_source_tag(self):
    """Return the tag of a task: what its producer said, a function of C's, or an address."""
    own = _own_tag(self)
    return _object_of(_native.source_tag_of(self)) if own is None else own


def set_source_tag(self, source_tag=None):
    """Set the tag of a task, which may be any object."""
    tag = _function(source_tag)
    address = _address_of(tag)
    if isinstance(tag, FunctionInfo) and not address:
        raise ValueError(f"set_source_tag(): no library has {introspection.name_of(tag)}()")
    _native.set_source_tag(self, address)
    self._gawait_source_tag = hold(tag) if address == id(tag) else None


def _own_tag(result):
    """The Python object that a task is tagged with, or None."""
    address = _native.source_tag_of(result)
    held = _held.get(address)
    if held is not None:
        return held.tag
    name = _native.virtual_method_of(address)
    return None if name is None else getattr(type(result.get_source_object()), name, None)


def _function(tag):
    return getattr(tag, "__func__", tag)


def _address_of(tag):
    if isinstance(tag, FunctionInfo):
        return _native.address_of_symbol(tag.get_symbol())
    return _native.address_of(tag)


def _object_of(address):
    """What a tag of C code is in Python."""
    if not address:
        return None
    held = _held.get(address)
    if held is not None:
        return held.tag
    symbol = _native.symbol_at(address)
    if symbol is None:
        return address
    function = introspection.function_of_symbol(symbol)
    return address if function is None else function


def _asked_for(address, result):
    """What C code asks a result of Python's for: a pointer may be one to a Python object, if it
    is one that do_is_tagged() can name.
    """
    tag = _object_of(address)
    if tag == address and isinstance(tag, int):
        for each in _nameable(result):
            if id(each) == address:
                return each
    return tag


def _nameable(result):
    yield from vars(result).values()
    for class_ in type(result).__mro__:
        yield from vars(class_).values()
    function = inspect.unwrap(_function(type(result).do_is_tagged))
    if not inspect.isfunction(function):
        return
    with contextlib.suppress(ValueError):  # a variable that is not set yet
        named = inspect.getclosurevars(function)
        for each in named.nonlocals, named.globals, named.builtins:
            yield from each.values()
