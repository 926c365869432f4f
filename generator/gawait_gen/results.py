"""What a finish function gives, in C++."""

import re

from .gir import Array, Class, Enumeration, Interface, Record
from .inputs import GLIB_ARRAYS, Unsupported, c_type_of, copy_of
from .names import safe, snake
from .repository import BASIC


class Part:
    """One value of a result: its C++ type, and how it is made of C's value."""

    def __init__(self, name, cpp_type, made, c_type=None):
        self.name = _member(name)
        self.cpp_type = cpp_type
        self.made = made  # with a {} for C's value
        self.c_type = c_type  # of the variable that an out-argument is put into


def _member(name):
    """Of a structure, in which a member may not have the name of a type of another one."""
    name = safe(name)
    return name + "_" if name in ("list", "ptr_array", "ref") else name


def variable_of(parameter):
    """What an out-argument is put into."""
    return f"out_{parameter.name.removeprefix('out_')}"


def return_part(repository, finish):
    """What the function returns, or None if that is nothing."""
    value = finish.returned
    if value.type.name == "none":
        return None
    length = finish.length_of(value)
    length = length and variable_of(length)
    return make(repository, value, _name_of(value.type), value.type.c_type, length)


def name_of(parameter):
    """What an out-argument is called that only comes out."""
    return parameter.name.removesuffix("_out").removeprefix("out_") or parameter.name


def out_part(repository, parameter, name, length):
    """An out-argument. `length` is the variable with the length of an array."""
    a_type = parameter.type
    c_type = a_type.c_type
    if c_type is None or not c_type.endswith("*"):
        raise Unsupported(f"the C type of its result {name} is not known")
    c_type = c_type.removesuffix("*").strip()
    is_structure = isinstance(repository.type_of(a_type), Record) and c_type == a_type.pointee
    if parameter.caller_allocates or is_structure:
        return _by_value(repository, name, a_type, c_type)
    return make(repository, parameter, name, c_type, length)


def _name_of(a_type):
    """A return value has no name: its type gives one."""
    name = (a_type.name or "").rpartition(".")[2]
    if isinstance(a_type, Array) or name in BASIC or name in ("utf8", "filename", ""):
        return "value"
    return snake(name)


def _by_value(repository, name, a_type, c_type):
    member = repository.type_of(a_type)
    owns = isinstance(member, Record) and (member.unref or member.free)
    if isinstance(member, Record) and member.fields and not owns and member.c_type != "GValue":
        return Part(name, c_type, "{}", c_type)
    raise Unsupported(f"its result {name} is written to memory of the caller's")


def make(repository, value, name, c_type, length):
    a_type = value.type
    owned = value.transfer != "none"
    if c_type is None:
        raise Unsupported(f"the C type of its result {name} is not known")
    if isinstance(a_type, Array):
        return _array(repository, value, name, c_type, length)
    if a_type.name in ("utf8", "filename"):
        if c_type.count("*") != 1 or a_type.pointee not in ("char", "gchar"):
            raise Unsupported(f"its result {name} is a string in GIR and none in C")
        return Part(name, "unique_string", _string(c_type, owned), c_type)
    if a_type.name in ("GLib.List", "GLib.SList"):
        return _list(repository, value, name, c_type)
    if a_type.name == "GLib.HashTable":
        return Part(name, "ref<GHashTable>", _ownership("GHashTable", owned), c_type)
    if a_type.name in ("gpointer", "gconstpointer"):
        return Part(name, a_type.name, "{}", c_type)
    member = repository.type_of(a_type)
    stars = c_type.count("*")
    if (
        isinstance(member, (Class, Interface))
        and member.c_type
        and (stars or "gpointer" in c_type)
    ):
        made = _ownership(member.c_type, owned).format(_mutable(c_type))
        return Part(name, f"ref<{member.c_type}>", made, c_type)
    if isinstance(member, Record) and member.c_type and stars == 1:
        return _record(value, member, name, c_type, owned)
    if stars:
        raise Unsupported(f"its result {name} is a pointer to {a_type.name or 'something'}")
    if isinstance(member, Enumeration):
        return Part(name, c_type_of(a_type, member), "{}", c_type)
    if member in BASIC:
        if member == "gboolean":
            return Part(name, "bool", "{} != FALSE", c_type)
        return Part(name, c_type, "{}", c_type)
    raise Unsupported(f"its result {name} is of a type that is not known: {a_type.name}")


def _mutable(c_type):
    """C's value, which it declares with `const` now and then though it gives it."""
    plain = re.sub(r"\bconst\b ?", "", c_type)
    return "{}" if plain == c_type else f"const_cast<{plain}>({{}})"


def _string(c_type, owned):
    return f"detail::take_string({_mutable(c_type)})" if owned else "detail::share_string({})"


def _ownership(c_type, owned):
    return f"detail::{'take' if owned else 'share'}<{c_type}>({{}})"


def _record(value, member, name, c_type, owned):
    counted = member.ref and member.unref
    if not counted and not member.free and not member.get_type:
        raise Unsupported(f"its result {name} is a {member.c_type}, which nothing frees")
    cpp_type = f"ref<{member.c_type}>"
    plain = _mutable(c_type)
    if owned or counted:
        return Part(name, cpp_type, _ownership(member.c_type, owned).format(plain), c_type)
    made = copy_of(member, plain)
    if not made:
        raise Unsupported(f"its result {name} is a {member.c_type}, which nothing copies")
    return Part(name, cpp_type, made, c_type)


def _list(repository, value, name, c_type):
    a_type = value.type
    if not a_type.elements:
        raise Unsupported(f"its result {name} is a list of nobody knows what")
    element = a_type.elements[0]
    if element.name in ("utf8", "filename"):
        if value.transfer != "full":
            raise Unsupported(f"its result {name} is a list of strings that are lent")
        strings = "std::vector<unique_string>"
        return Part(name, strings, "detail::take_list_of_strings({})", c_type)
    member = repository.type_of(element)
    if not isinstance(member, (Class, Interface, Record)) or not member.c_type:
        raise Unsupported(f"its result {name} is a list of {element.name}")
    if isinstance(member, Record) and not (member.unref or member.free or member.get_type):
        raise Unsupported(f"its result {name} is a list of {element.name}, which nothing frees")
    counted = not isinstance(member, Record) or (member.ref and member.unref)
    if value.transfer != "full" and not counted:
        raise Unsupported(f"its result {name} is a list of {element.name} that are lent")
    function = {"full": "take_list", "container": "take_cells"}.get(
        value.transfer, "share_list"
    )
    return Part(
        name, f"list<{member.c_type}>", f"detail::{function}<{member.c_type}>({{}})", c_type
    )


def _array(repository, value, name, c_type, length):
    array = value.type
    owned = value.transfer != "none"
    element = array.elements[0]
    if array.name == "GLib.PtrArray":
        member = repository.type_of(element)
        if element.name in ("utf8", "filename"):
            c_element = "char"
        elif isinstance(member, (Class, Interface, Record)) and member.c_type:
            c_element = member.c_type
        else:
            raise Unsupported(f"its result {name} is an array of {element.name}")
        made = f"ptr_array<{c_element}>({_ownership('GPtrArray', owned)})"
        return Part(name, f"ptr_array<{c_element}>", made, c_type)
    if array.name in GLIB_ARRAYS:
        kind = GLIB_ARRAYS[array.name]
        return Part(name, f"ref<{kind}>", _ownership(kind, owned), c_type)
    if element.name in ("utf8", "filename"):
        if c_type.count("*") != 2 or not array.zero_terminated:
            raise Unsupported(f"its result {name} is an array of strings without an end")
        function = {"full": "take_strings", "container": "take_array_of_strings"}.get(
            value.transfer, "share_strings"
        )
        taken = "{}" if value.transfer == "none" else _mutable(c_type)
        return Part(name, "unique_strv", f"detail::{function}({taken})", c_type)
    if c_type.count("*") != 1:
        raise Unsupported(f"its result {name} is an array of pointers")
    member = repository.type_of(element)
    if member not in BASIC:
        raise Unsupported(f"its result {name} is an array of {element.name}")
    c_element = c_type.replace("*", "").replace("const ", "").strip()
    if length is None:
        if array.zero_terminated and element.name in ("guint8", "gchar") and owned:
            return Part(name, "unique_string", _string(c_type, owned), c_type)
        raise Unsupported(f"its result {name} is an array whose length is not known")
    if c_element == "void":
        c_element = "char"
    length = f"std::size_t({length})"
    if owned:
        taken = _mutable(c_type)
        made = f"unique_array<{c_element}>(static_cast<{c_element}*>({taken}), {length})"
    else:
        made = f"detail::share_array(static_cast<const {c_element}*>({{}}), {length})"
    return Part(name, f"unique_array<{c_element}>", made, c_type)
