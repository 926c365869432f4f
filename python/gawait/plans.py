"""Call plans: how native/awaiting/plans/ calls an asynchronous function without PyGObject.

A plan tells the symbols of the two functions, and the kind of each argument and result. A
function that has anything of no such kind has no plan.
"""

import os

from gi import repository
from gi._gi import ResultTuple
from gi.repository import GLib, GObject

from gawait.typelib import (
    IN,
    OUT,
    array_length,
    index_of,
    is_callback,
    is_filled,
    is_of,
    length_of,
    ready_callback,
    tag_of,
    type_of,
)

# For reports of faults, to tell whether it is a plan that is wrong: GAWAIT_CALL_PLANS=0 awaits
# through PyGObject whatever that can do.
WANTED = os.environ.get("GAWAIT_CALL_PLANS") != "0"

_MOST_ARGUMENTS = 20
_NOTHING, _EVERYTHING = 0, 2  # of GITransfer
_C_ARRAY = 0  # of GIArrayType
_INTEGERS = {f"g{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_PLAIN = {"gboolean", "gfloat", "gdouble", "utf8", "filename", *_INTEGERS}


class NoPlan(Exception):
    """Says why."""


def plan_of(start, finish, names):
    """Return the plan of an asynchronous function and its finish function, for _native.

    names are the arguments that Python passes. Raises NoPlan.
    """
    return _start(start, names), _finish(finish)


# The start ----------------------------------------------------------------------


def _start(info, names):
    arguments = info.get_arguments()
    described = []
    if info.is_method():
        described.append(_given(0, "object", False, _class_of_methods(info)))
    callback = ready_callback(arguments)
    lengths = {array_length(each) for each in arguments} - {-1}
    data = index_of(arguments[callback], "get_closure")
    others_data = {index_of(each, "get_closure") for each in arguments if is_callback(each)}
    for index, argument in enumerate(arguments):
        name = argument.get_name()
        if index == callback:
            if name == "ready_callback_closure":
                raise NoPlan("a closure is called back")
            described.append(_unasked("ready"))
        elif index == data:
            described.append(_unasked("data"))
        elif index in lengths:
            described.append(_unasked("length", tag_of(argument)))
        elif index in others_data and name in names:
            described.append(_given(names.index(name), "none", True))
        elif is_of(argument, "Gio", "Cancellable") and index < callback:
            described.append(_unasked("cancellable"))
        elif is_filled(argument):
            described.append(_given(names.index(name), "buffer", False))
        elif argument.get_direction() != IN:
            described.append(_written(argument))
        elif name in names:
            described.append(_argument(names.index(name), argument))
        else:  # behind the callback, or what destroys another one, which is none here
            described.append(_unasked("null"))
    if len(described) > _MOST_ARGUMENTS:
        raise NoPlan("it has too many arguments")
    kinds = [kind for _, kind, *_ in described]
    if kinds.count("bytes") + kinds.count("buffer") > (1 if lengths else 0):
        raise NoPlan("it has several arrays")
    return info.get_symbol(), tuple(described)


def _given(position, kind, may_be_null, class_=None):
    return "given", kind, position, may_be_null, class_


def _unasked(role, kind="none"):
    return role, kind, 0, False, None


def _written(argument):
    if tag_of(argument) not in _PLAIN - {"utf8", "filename"}:
        raise NoPlan(f"it gives out {argument.get_name()!r} at once")
    return _unasked("written")


def _argument(position, argument):
    may_be_null = argument.may_be_null()
    try:
        if int(argument.get_ownership_transfer()) != _NOTHING:
            raise NoPlan(f"it takes over {argument.get_name()!r}")
        return _given(position, *_to_c(argument, may_be_null))
    except NoPlan:
        # It goes through PyGObject only where this is passed.
        if may_be_null or is_callback(argument):
            return _given(position, "none", True)
        raise


def _to_c(argument, may_be_null):
    type_ = type_of(argument)
    tag = type_.get_tag_as_string()
    if tag in _PLAIN:
        return tag, may_be_null
    if tag == "interface":
        kind, class_ = _interface(type_)
        return ("member" if kind in ("enum", "flags") else kind), may_be_null, class_
    if tag == "array":
        kind = _array(type_)
        if kind in ("bytes", "strv"):
            return kind, may_be_null
    raise NoPlan(f"{argument.get_name()!r} is a {_text(type_)}")


# The finish ---------------------------------------------------------------------


# What an argument of a finish function is that is no result: in native/awaiting/plans/call_plan.cpp.
_SOURCE, _FINISHED = -1, -2


def _finish(info):
    arguments = info.get_arguments()
    order = []  # of the arguments
    source, source_may_be_null = None, False
    if info.is_method():
        source = _class_of_methods(info)
        order.append(_SOURCE)
    places = {}  # of the results, by the argument
    for index, argument in enumerate(arguments):
        if argument.get_direction() == OUT:
            places[index] = len(places) + 1
            order.append(places[index])
        elif is_of(argument, "Gio", "AsyncResult"):
            order.append(_FINISHED)
        elif argument.get_direction() == IN and _SOURCE not in order:
            _, source = _interface(type_of(argument))
            source_may_be_null = argument.may_be_null()
            order.append(_SOURCE)
        else:
            raise NoPlan(f"its finish function takes {argument.get_name()!r}")
    if len(order) > _MOST_ARGUMENTS:
        raise NoPlan("its finish function has too many arguments")
    results = [_returned(info, places)]
    lengths = {array_length(arguments[each]) for each in places}
    lengths.add(length_of(info.get_return_type()))
    names = [None] if results[0][2] else []
    for index in places:
        argument = arguments[index]
        if argument.is_caller_allocates():
            raise NoPlan(f"its finish function takes memory for {argument.get_name()!r}")
        shown = index not in lengths
        transfer = int(argument.get_ownership_transfer())
        results.append(_result(type_of(argument), transfer, shown, places))
        names += [argument.get_name()] if shown else []
    tuple_ = ResultTuple._new_type(names) if len(names) > 1 else None
    throws = info.can_throw_gerror()
    return (
        info.get_symbol(),
        source,
        source_may_be_null,
        throws,
        tuple(order),
        tuple(results),
        tuple_,
    )


def _returned(info, places):
    type_ = info.get_return_type()
    if type_.get_tag_as_string() == "void" and not type_.is_pointer():
        return "void", False, False, -1, None, None
    return _result(type_, int(info.get_caller_owns()), not info.skip_return(), places)


def _result(type_, transfer, shown, places, is_item=False):
    """places: of the results among them all, by the argument."""
    tag = type_.get_tag_as_string()
    owned = transfer == _EVERYTHING
    kind, class_, item = None, None, None
    if tag in _PLAIN:
        kind = tag
    elif tag == "interface":
        kind, class_ = _interface(type_, is_item)
    elif tag == "array":
        kind = _array(type_)
        item = ("utf8", owned, True, -1, None, None) if kind == "strv" else None
    elif tag in ("glist", "gslist") and not is_item:
        item = _result(_element(type_), transfer, True, places, is_item=True)
        if item[0] in ("utf8", "filename", "object", "boxed", "variant"):
            kind = tag
    if kind is None:
        raise NoPlan(f"it results in a {_text(type_)}")
    if transfer not in (_NOTHING, _EVERYTHING):
        raise NoPlan(f"it gives away a {_text(type_)}, but not what is in it")
    return kind, owned, shown, places.get(length_of(type_), -1), class_, item


# Types --------------------------------------------------------------------------


def _interface(type_, is_item=False):
    """Return the kind and the class of an object, or of what else has a name."""
    interface = type_.get_interface()
    try:
        class_ = getattr(_namespace(interface), interface.get_name())
        gtype = class_.__gtype__
    except (AttributeError, ImportError, NotImplementedError):
        raise NoPlan(f"{_text(type_)} has no class") from None
    if gtype.is_a(GObject.TYPE_OBJECT) or gtype.is_a(GObject.TYPE_INTERFACE):
        return "object", class_
    if gtype == GLib.Variant.__gtype__:
        return "variant", GLib.Variant
    for kind, base in (("flags", GObject.TYPE_FLAGS), ("enum", GObject.TYPE_ENUM)):
        if gtype.is_a(base) and issubclass(class_, int):
            return kind, class_
    boxed = gtype.is_a(GObject.TYPE_BOXED) and issubclass(class_, GObject.GBoxed)
    if boxed and (is_item or type_.is_pointer()) and not _is_special(interface, gtype):
        return "boxed", class_
    raise NoPlan(f"no converter for {_text(type_)}")


def _is_special(interface, gtype):
    """Of what PyGObject does not make an object that only points to it."""
    special = gtype.is_a(GObject.Value) or gtype.is_a(GObject.Closure)
    return special or interface.get_namespace() == "cairo"


def _array(type_):
    """Return the kind of an array, or None."""
    if int(type_.get_array_type()) != _C_ARRAY:
        return None
    element = _element(type_).get_tag_as_string()
    has_length = length_of(type_) != -1
    if element == "guint8":
        if has_length:
            return "bytes"
        return "bytes_to_null" if type_.is_zero_terminated() else None
    if element == "utf8" and type_.is_zero_terminated() and not has_length:
        return "strv"
    return None


def _text(type_):
    tag = type_.get_tag_as_string()
    if tag == "interface":
        interface = type_.get_interface()
        return f"{interface.get_namespace()}.{interface.get_name()}"
    if tag == "array" or tag in ("glist", "gslist"):
        return f"{tag} of {_text(_element(type_))}"
    return tag


def _element(type_):
    return type_.get_param_type(0)


def _class_of_methods(info):
    container = info.get_container()
    class_ = getattr(_namespace(container), container.get_name())
    gtype = class_.__gtype__
    if gtype.is_a(GObject.TYPE_OBJECT) or gtype.is_a(GObject.TYPE_INTERFACE):
        return class_
    raise NoPlan("it is a method of what is no GObject")


def _namespace(info):
    return getattr(repository, info.get_namespace())
