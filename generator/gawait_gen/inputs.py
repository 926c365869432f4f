"""What the arguments of a start function are in C++, a small class for each kind."""

import copy

from .gir import Array, Callback, Class, Enumeration, Interface, Record
from .names import camel, safe
from .repository import BASIC

GLIB_ARRAYS = {
    "GLib.Array": "GArray",
    "GLib.ByteArray": "GByteArray",
    "GLib.PtrArray": "GPtrArray",
}
BYTES = {"gint8", "guint8", "gchar", "guchar"}


# Functions that take over nothing, though the GIR file says that they do: a reference given to them
# would be nobody's.
TAKING_NOTHING = {
    f"secret_password_{name}"
    for name in ("clearv", "lookupv", "searchv", "storev", "storev_binary")
}


class Unsupported(Exception):
    """Why a function is left out."""


class Input:
    """An argument: a parameter of the C++ function, a member of the call, which holds it until
    the operation has ended, and the C arguments that are made of it.
    """

    template = None  # "handle_to<GFile> File", if its type is one of the function template
    template_default = None
    default = None
    valid = None  # an expression that tells whether C may have it

    def __init__(self, name):
        # The function has a type of that name.
        self.name = "call_" if name == "call" else safe(name)
        self.member = safe(name).rstrip("_") + "_"

    @property
    def initializer(self):
        return f"std::move({self.name})"

    def _takes_template(self, concept):
        plain = self.name.rstrip("_")
        self.type_name = camel(plain) if camel(plain) != plain else f"{plain}Type"
        self.template = f"{concept} {self.type_name}"
        self.parameter = f"{self.type_name}&& {self.name}"

    @property
    def _forwarded(self):
        return f"std::forward<{self.type_name}>({self.name})"


class Plain(Input):
    """A number, an enumeration, a struct by value."""

    def __init__(self, name, c_type, default=None):
        super().__init__(name)
        self.default = default
        is_bool = c_type == "gboolean"
        self.member_type = "bool" if is_bool else c_type
        self.parameter = f"{self.member_type} {self.name}"
        self.argument = self.member
        self.initializer_text = self.name

    @property
    def initializer(self):
        return self.initializer_text


class Priority(Input):
    """The I/O priority, a named argument at the end."""

    def __init__(self):
        super().__init__("io_options")
        self.name = "options"
        self.member = "priority_"
        self.member_type = "int"
        self.parameter = "io_options options"
        self.default = "{}"
        self.argument = self.member

    @property
    def initializer(self):
        return "options.priority"


class Object(Input):
    """A handle to an object, or to another type with references.

    `given` makes of what is lent a copy to be taken over, if a reference is none.
    """

    def __init__(self, name, pointee, nullable, give, given=None):
        super().__init__(name)
        self.pointee = pointee
        self._takes_template(f"handle_to<{pointee}>")
        self.member_type = f"detail::object_argument<{pointee}, {self.type_name}>"
        self.argument = f"{self.member}.{'give' if give and not given else 'get'}()"
        if given:
            self.argument = f"{given(self.argument)}.release()"
        if nullable:
            self.default = "nullptr"
            self.template_default = "std::nullptr_t"
        else:
            self.valid = f"{self.member}.valid()"

    @property
    def initializer(self):
        return self._forwarded


class Holder(Input):
    """What a class of `arguments.hpp` takes: strings, variants, lists."""

    def __init__(self, name, kind, nullable, access="get", cast=None):
        super().__init__(name)
        # Of these there is a class that may be null beside the one that may not.
        self.member_type = f"optional_{kind}" if nullable and "<" not in kind else kind
        self.parameter = f"{self.member_type} {self.name}"
        self.argument = f"{self.member}.{access}()"
        if cast:
            self.argument = f"const_cast<{cast}>({self.argument})"
        self.valid = f"{self.member}.valid()"
        if nullable:
            self.default = "{}"


class Buffer(Input):
    """An array with a length."""

    def __init__(self, name, element, c_element, length_type, for_c_to_write, access="data"):
        super().__init__(name)
        self._takes_template(
            f"buffer_of<{element}>" if for_c_to_write else f"buffer_of<const {element}>"
        )
        self.member_type = f"detail::buffer_argument<{self.type_name}>"
        self.argument = f"{self.member}.template {access}<{c_element}>()"
        self.length = f"{self.member}.template size<{length_type}>()"
        if length_type not in {"gsize", "guint64", "size_t"}:
            self.valid = f"{self.member}.template fits<{length_type}>()"

    @property
    def initializer(self):
        return self._forwarded


class Called(Input):
    """A callback, with its user data and perhaps a function that destroys that."""

    def __init__(self, name, c_type, nullable, has_destroy):
        super().__init__(name)
        self._takes_template("class")
        kind = "kept_callback_argument" if has_destroy else "callback_argument"
        self.member_type = f"detail::{kind}<{self.type_name}, {c_type}>"
        self.argument = f"{self.member}.function()"
        self.data = f"{self.member}.data()"
        self.destroy = f"{self.member}.destroy()"
        if nullable:
            self.default = "nullptr"
            self.template_default = "std::nullptr_t"

    @property
    def initializer(self):
        return self._forwarded


def c_type_of(a_type, member):
    """The C type of something that goes by value or by one pointer, without the pointer."""
    return a_type.pointee or getattr(member, "c_type", None) or member


def is_string_in_c(a_type):
    return a_type.pointers == 1 and a_type.pointee in ("char", "gchar")


def _access(transfer):
    """How a holder hands over what it has."""
    return {"none": "get", "container": "give_container"}.get(transfer, "give")


def make(repository, function, parameter, length):
    """The input for a parameter, which is none of those that a call supplies itself. `length` is
    the one with the length of an array.
    """
    if function.c_name in TAKING_NOTHING:
        parameter = copy.copy(parameter)
        parameter.transfer = "none"
    a_type = parameter.type
    name = parameter.name
    if isinstance(a_type, Array):
        return _array(repository, parameter, length)
    if parameter.direction == "out":
        raise Unsupported(f"its argument {name} comes out when it starts")
    give = parameter.transfer in ("full", "floating")
    if a_type.name in ("utf8", "filename"):
        if a_type.c_type and not is_string_in_c(a_type):
            raise Unsupported(f"its argument {name} is a string in GIR and none in C")
        return _string(parameter, give)
    if a_type.name in ("GLib.List", "GLib.SList"):
        return _list(repository, parameter)
    if a_type.name == "GLib.Variant":
        access = _access("full" if parameter.transfer == "full" else "none")
        return Holder(name, "gvariant", parameter.nullable, access)
    if a_type.name == "GLib.HashTable":
        return Object(name, "GHashTable", parameter.nullable, parameter.transfer != "none")
    if a_type.name in ("gpointer", "gconstpointer"):
        return Plain(name, a_type.name)
    member = repository.type_of(a_type)
    if isinstance(member, (Class, Interface, Record)) and member.c_type:
        return _object(parameter, member, give)
    if a_type.pointers:
        raise Unsupported(f"its argument {name} is a pointer to {a_type.name or 'something'}")
    if isinstance(member, Enumeration) and member.c_type:
        c_type = c_type_of(a_type, member)
        return Plain(name, c_type, "{}" if member.is_flags else None)
    if member in BASIC:
        return Plain(name, c_type_of(a_type, BASIC[member]))
    if a_type.name == "va_list":
        raise Unsupported("its arguments are a va_list")
    raise Unsupported(f"its argument {name} is of a type that is not known: {a_type.name}")


def _string(parameter, give):
    c_type = parameter.type.c_type
    cast = None if give or not c_type or parameter.type.is_const else c_type
    return Holder(
        parameter.name, "cstring", parameter.nullable, "give" if give else "get", cast
    )


def copy_of(member, lent):
    """An owner of a copy of a structure that is not counted, or None."""
    if member.copy:
        return f"detail::copied({lent}, {member.copy})"
    if member.get_type and member.get_type != "intern":
        return f"detail::copied_boxed({lent}, {member.get_type}())"
    return None


def _object(parameter, member, give):
    a_type = parameter.type
    # "gpointer" is for what may be any object.
    pointee = member.c_type if a_type.c_type in (None, "gpointer") else a_type.pointee
    if a_type.c_type not in (None, "gpointer") and a_type.pointers == 0:
        return Plain(parameter.name, a_type.c_type)
    if a_type.pointers > 1:
        raise Unsupported(f"its argument {parameter.name} is a pointer to a pointer")
    given = None
    if give and isinstance(member, Record) and not (member.ref and member.unref):
        if not copy_of(member, ""):
            raise Unsupported(
                f"its argument {parameter.name} is taken over and cannot be copied"
            )
        given = lambda lent: copy_of(member, lent)  # noqa: E731
    if a_type.is_const and not give:
        pointee = f"const {pointee}"
    return Object(parameter.name, pointee, parameter.nullable, give, given)


def _list(repository, parameter):
    a_type = parameter.type
    list_type = "GList" if a_type.name == "GLib.List" else "GSList"
    if not a_type.elements:
        raise Unsupported(f"its argument {parameter.name} is a list of nobody knows what")
    if a_type.elements[0].name in ("utf8", "filename"):
        element = "char"
    else:
        member = repository.type_of(a_type.elements[0])
        if not isinstance(member, (Class, Interface)) or not member.c_type:
            raise Unsupported(f"its argument {parameter.name} is a list of no objects")
        element = member.c_type
    return Holder(
        parameter.name,
        f"list_argument<{element}, {list_type}>",
        parameter.nullable,
        _access(parameter.transfer),
    )


def _array(repository, parameter, length):
    array = parameter.type
    name = parameter.name
    give = parameter.transfer != "none"
    if array.name in GLIB_ARRAYS:
        if parameter.direction == "out":
            raise Unsupported(f"its argument {name} comes out when it starts")
        return Object(name, GLIB_ARRAYS[array.name], parameter.nullable, give)
    element = array.elements[0]
    if element.name in ("utf8", "filename") and parameter.direction == "in":
        return _strings(parameter, length)
    if length is None:
        if array.zero_terminated and element.name in BYTES and parameter.direction == "in":
            return _string(parameter, give)
        raise Unsupported(f"its argument {name} is an array whose length is not known")
    writes = parameter.direction == "out"
    if writes and not parameter.caller_allocates:
        raise Unsupported(f"its argument {name} comes out when it starts")
    length_type = length.type.c_type or length.type.name
    if length.direction != "in" or length.type.pointers:
        raise Unsupported(f"the length of its argument {name} comes out when it starts")
    if repository.type_of(length.type) not in BASIC:
        raise Unsupported(f"the length of its argument {name} is no number")
    member = repository.type_of(element)
    pointee = array.pointee
    if array.pointers != 1 or (element.c_type or "").count("*"):
        raise Unsupported(f"its argument {name} is an array of pointers")
    access = "give" if give and not writes else "data"
    if element.name in BYTES:
        return Buffer(name, "std::byte", pointee, length_type, writes, access)
    if isinstance(member, Record) and access == "give":
        raise Unsupported(f"its argument {name} is an array of structures that is taken over")
    if member in BASIC or (isinstance(member, (Record, Enumeration)) and member.c_type):
        c_element = pointee or c_type_of(element, member)
        writable = writes or (access == "data" and not array.is_const)
        return Buffer(name, c_element, c_element, length_type, writable, access)
    raise Unsupported(f"its argument {name} is an array of {element.name}")


def _strings(parameter, length):
    array = parameter.type
    if array.pointers != 2:
        raise Unsupported(f"its argument {parameter.name} is an array of strings and none in C")
    # C declares them with const in all places, in none, or only where C++ wants a cast.
    cast = None if array.c_type in ("char**", "gchar**") else array.c_type
    access = _access(parameter.transfer)
    holder = Holder(parameter.name, "cstrings", parameter.nullable, access, cast)
    if length:
        holder.length = f"{length.type.c_type or 'gint'}({holder.member}.size())"
    return holder


def is_callback(repository, parameter):
    return isinstance(repository.type_of(parameter.type), Callback)
