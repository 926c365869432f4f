"""The types of D-Bus, and what Python has for them.

bool b, int i, float d, str s, bytes ay, ObjectPath o, Signature g, FileDescriptor h; the other
integers are Byte, Int16, UInt16, Int32, UInt32, Int64 and UInt64, which are int to a type checker.
list[T] and Sequence[T] are arrays, dict[K, V] and Mapping[K, V] dictionaries. tuple[A, B], a
dataclass and a NamedTuple are structures. An enumeration has the type of its values, which
_value_ declares where it is no IntEnum (i), IntFlag (u) or StrEnum (s):

    class Mode(enum.Enum):
        _value_: dbus.Byte
        OFF = 0
        ON = 1

GLib.Variant is a variant that stays one; object and typing.Any are a variant that is seen as what
is inside. Annotated[T, "signature"] is a T that has that type on the bus.

What is packed as object says by itself what it is on the bus: bool b; int i, or x, or t if it is
too large; float d, str s, bytes ay, ObjectPath o, Signature g, FileDescriptor h; a list an array
of its items if they all have one type, and else av, as an empty one; a dict an array of {sv}, or
with other keys of {kv}; a tuple a structure; GLib.Variant a variant; a dataclass, a NamedTuple
and a member of an enumeration as they are declared.
"""

import collections.abc
import dataclasses
import enum
import functools
import types
import typing

from gi.repository import GLib

from gawait._native import DBusType as Type
from gawait._native import FileDescriptor, fault_of_signature, prepare_dbus_types

Byte = typing.Annotated[int, "y"]
Int16 = typing.Annotated[int, "n"]
UInt16 = typing.Annotated[int, "q"]
Int32 = typing.Annotated[int, "i"]
UInt32 = typing.Annotated[int, "u"]
Int64 = typing.Annotated[int, "x"]
UInt64 = typing.Annotated[int, "t"]

LONGEST_SIGNATURE = 255


class ObjectPath(str):
    """The path of an object on D-Bus. Raises ValueError for a str that is none."""

    __slots__ = ()

    def __new__(cls, path):
        Type("value", "o").pack(path, cls.__name__)
        return super().__new__(cls, path)


class Signature(str):
    """Types of D-Bus, one behind the other. Raises ValueError for a str that is something else."""

    __slots__ = ()

    def __new__(cls, signature=""):
        Type("value", "g").pack(signature, cls.__name__)
        return super().__new__(cls, signature)


def type_of(annotation):
    """Return the Type of an annotation.

    A Type has a signature, and pack(value, what), which returns a GLib.Variant; `what` names the
    value in errors. It raises TypeError for a value of the wrong type, OverflowError for a
    number that is too large, and ValueError for what the type does not allow: a str with a null
    character or a lone surrogate, what is no object path or no signature. unpack(variant) returns
    the value of a GLib.Variant that has the signature, and raises ValueError for one that is no
    member of an enumeration.

    pack_with_descriptors(value, what) returns the variant and, if there are file descriptors in
    the value, a Gio.UnixFDList of duplicates, or else None; unpack(variant, list) takes duplicates
    out of one. pack() refuses them.

    Raises TypeError for an annotation that has no D-Bus type, or one beyond D-Bus's limits.
    """
    made = _Builder(is_strict=True).build(annotation)
    if fault := fault_of_signature(made.signature):
        raise TypeError(f"{annotation!r}: {made.signature!r} {fault}")
    return made


def type_of_signature(signature, *, keeps_variants=False):
    """Return the Type of one complete type for which nothing is annotated.

    Structures are tuples. Variants are seen as what is inside, or with keeps_variants as
    GLib.Variant. Raises ValueError if it is not the signature of one type, or beyond D-Bus's
    limits.
    """
    _check_signature(signature)
    return _plain(signature, "variant" if keeps_variants else "object")


def type_fitting(signature, annotation):
    """Return the Type of one complete type, as which it is known on the bus. The annotation says
    what Python has for it, as far as it fits; None is no annotation.

    Raises ValueError as type_of_signature() does.
    """
    _check_signature(signature)
    return _Builder(is_strict=False).build(
        object if annotation is None else annotation, signature
    )


def tuple_of(items, names=()):
    """Return the Type of several values, of one Type each: of a message, "(...)".

    pack(values, what) takes a tuple or list. With names, an error is of "argument 'name' of
    {what}", without of "{what}: item 0". unpack() gives a tuple.

    Raises TypeError if the signatures are longer together than D-Bus allows, and ValueError if
    there are not as many names.
    """
    items = tuple(items)
    signature = "".join(each.signature for each in items)
    if len(signature) > LONGEST_SIGNATURE:
        raise TypeError(f"{signature!r} is longer than {LONGEST_SIGNATURE} bytes")
    return Type("arguments", f"({signature})", items, None, tuple(names))


def results_of(annotation):
    """Return the Type of what a method returns that is annotated so: of a message, "(...)".

    None is no value, a tuple several, each as an item of it; anything else is the one value, as
    which pack() takes it and unpack() gives it.
    """
    if annotation in (None, types.NoneType):
        return Type("nothing", "()")
    if typing.get_origin(annotation) is tuple:
        return tuple_of(type_of(each) for each in typing.get_args(annotation))
    return single(type_of(annotation))


def single(item):
    """Return the Type of a message of one value, which Python has without a tuple around it."""
    return Type("single", f"({item.signature})", (item,))


def _check_signature(signature):
    if fault := fault_of_signature(signature):
        raise ValueError(f"{signature!r} {fault}")


def split(signature):
    """Return the types of a valid signature, one behind the other."""
    found, begin = [], 0
    while begin < len(signature):
        end = _end_of_type(signature, begin)
        found.append(signature[begin:end])
        begin = end
    return found


def _end_of_type(signature, begin):
    end, depth = begin, 0
    while True:
        letter = signature[end]
        end += 1
        depth += (letter in "({") - (letter in ")}")
        if letter != "a" and depth == 0:
            return end


_CLASSES = {"o": ObjectPath, "g": Signature}


def _plain(signature, variant):
    """The Type of a signature alone, in which a variant has that shape."""
    if signature == "v":
        return Type(variant, "v")
    if signature == "ay":
        return Type("bytes", "ay", (Type("value", "y"),))
    if len(signature) == 1:
        return Type("value", signature, (), _CLASSES.get(signature))
    shape, inside = _inside(signature)
    return Type(shape, signature, tuple(_plain(each, variant) for each in split(inside)))


def _variant(signature):
    """The Type of a GLib.Variant that stays one, of any type or of that one."""
    return Type(
        "variant", signature, () if signature == "v" else (_plain(signature, "variant"),)
    )


def _inside(signature):
    """The shape of a container, and the signatures of what is in it."""
    if signature[0] == "(":
        return "tuple", signature[1:-1]
    if signature.startswith("a{"):
        return "dict", signature[2:-1]
    return "list", signature[1:]


_BASIC = {
    bool: "b",
    int: "iynquxt",  # the first is that of an int without a signature
    float: "d",
    str: "sog",
    ObjectPath: "o",
    Signature: "g",
    FileDescriptor: "h",
}
_CONTAINERS = {
    list: "list",
    collections.abc.Sequence: "list",
    collections.abc.MutableSequence: "list",
    dict: "dict",
    collections.abc.Mapping: "dict",
    collections.abc.MutableMapping: "dict",
    tuple: "tuple",
}


class _Builder:
    """Makes a Type of an annotation; also of a signature, where there is one.

    Where the two do not go together it is strict, or takes the signature alone.
    """

    def __init__(self, is_strict, within=()):
        self._is_strict = is_strict
        self._within = within  # these classes

    def build(self, hint, signature=None):
        try:
            return self._build(*_unwrapped(hint, signature))
        except TypeError:
            if self._is_strict or signature is None:
                raise
            return _plain(signature, "object")

    def _build(self, hint, signature):
        if hint in (object, typing.Any):
            return _plain(signature or "v", "object")
        if hint is GLib.Variant:
            return _variant(signature or "v")
        if hint is bytes:
            return _plain(_fitting(hint, "ay", signature), "object")
        if isinstance(hint, type) and hint in _BASIC:
            chosen = _fitting(hint, _BASIC[hint][0], signature, _BASIC[hint])
            return Type("value", chosen, (), hint if hint in _CLASSES.values() else None)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return self._enumeration(hint, signature)
        if isinstance(hint, type) and _is_structure(hint):
            return self._structure(hint, signature)
        return self._container(hint, signature)

    def _container(self, hint, signature):
        shape = _CONTAINERS.get(typing.get_origin(hint))
        hints = typing.get_args(hint)
        if shape is None or not hints or (shape != "tuple" and len(hints) != _COUNTS[shape]):
            raise TypeError(f"{hint!r} has no D-Bus type")
        parts = self._parts(hint, shape, hints, signature)
        inside = "".join(each.signature for each in parts)
        if shape == "dict" and (len(parts[0].signature) > 1 or parts[0].signature == "v"):
            raise TypeError(
                f"{hint!r} has no D-Bus type: keys are of one type without others in it"
            )
        return Type(shape, _AROUND[shape].format(inside), parts)

    def _parts(self, hint, shape, hints, signature):
        if signature is None:
            return tuple(self.build(each) for each in hints)
        found, inside = _inside(signature) if len(signature) > 1 else (None, "")
        signatures = split(inside)
        if found != shape or len(signatures) != len(hints):
            raise _unfit(hint, signature)
        return tuple(map(self.build, hints, signatures))

    def _structure(self, class_, signature):
        if class_ in self._within:
            raise TypeError(f"{class_.__qualname__} contains itself, which has no D-Bus type")
        fields = _fields(class_)
        # What a class has is not to be of other types than it says.
        inner = _Builder(is_strict=True, within=(*self._within, class_))
        parts = inner._parts(class_, "tuple", list(fields.values()), signature)
        inside = "".join(each.signature for each in parts)
        return Type("structure", f"({inside})", parts, class_, tuple(fields))

    def _enumeration(self, class_, signature):
        values = self.build(_declared_values(class_), signature)
        for name, member in class_.__members__.items():
            try:
                values.pack(member.value, f"{class_.__qualname__}.{name}")
            except (ValueError, OverflowError) as error:
                raise TypeError(str(error)) from None
        return Type("member", values.signature, (values,), class_)


_COUNTS = {"list": 1, "dict": 2}
_AROUND = {"list": "a{}", "dict": "a{{{}}}", "tuple": "({})"}


def _unwrapped(hint, signature):
    """What is inside of names for annotations, and the signature of the outermost that has one."""
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            signature = signature or _declared(hint)
            hint = hint.__origin__
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif isinstance(hint, getattr(typing, "TypeAliasType", ())):
            hint = hint.__value__
        else:
            return hint, signature


def _declared(hint):
    """The signature of an Annotated, whose outermost is the last."""
    signature = hint.__metadata__[-1]
    if not isinstance(signature, str):
        raise TypeError(f"{hint!r}: {signature!r} is not a D-Bus type")
    if fault := fault_of_signature(signature):
        raise TypeError(f"{hint!r}: {signature!r} {fault}")
    return signature


def _fitting(hint, default, signature, allowed=None):
    if signature is None:
        return default
    if signature != default and (len(signature) > 1 or signature not in (allowed or ())):
        raise _unfit(hint, signature)
    return signature


def _unfit(hint, signature):
    name = hint.__qualname__ if isinstance(hint, type) else repr(hint)
    return TypeError(f"{name} does not go with the D-Bus type {signature!r}")


def _is_structure(class_):
    is_named_tuple = issubclass(class_, tuple) and hasattr(class_, "_fields")
    return is_named_tuple or dataclasses.is_dataclass(class_)


def _fields(class_):
    """The annotations of a class's fields, by their names."""
    hints = _hints(class_)
    if not dataclasses.is_dataclass(class_):
        names = class_._fields
    else:
        fields = dataclasses.fields(class_)
        if missing := [each.name for each in fields if not each.init]:
            raise TypeError(f"{class_.__qualname__}.{missing[0]} is no argument of the class")
        names = [each.name for each in fields]
    if not names:
        raise TypeError(f"{class_.__qualname__} has no fields, which has no D-Bus type")
    for name in names:
        if name not in hints:
            raise TypeError(f"{class_.__qualname__}.{name} has no annotation")
    return {name: hints[name] for name in names}


def _declared_values(class_):
    """The annotation of an enumeration's values."""
    if declared := _hints(class_).get("_value_"):
        return declared
    if issubclass(class_, int):
        return UInt32 if issubclass(class_, enum.Flag) else int
    for kind in (float, str):
        if issubclass(class_, kind):
            return kind
    name = class_.__qualname__
    raise TypeError(f"{name} does not declare the D-Bus type of its values, as by _value_: int")


def _hints(class_):
    try:
        return typing.get_type_hints(class_, include_extras=True)
    except NameError as error:
        raise TypeError(f"{class_.__qualname__}: {error}") from None


@functools.lru_cache(maxsize=256)
def _type_of_class(class_):
    """The Type of what declares it itself, or None."""
    is_declared = issubclass(class_, enum.Enum) or _is_structure(class_)
    return type_of(class_) if is_declared else None


prepare_dbus_types(_type_of_class, ObjectPath, Signature)
