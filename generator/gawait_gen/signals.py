"""The signals and properties of the classes of a namespace, and what their values are in C++."""

from .gir import Array, Class, Enumeration, Interface, Record
from .inputs import Unsupported
from .names import snake
from .repository import BASIC

# What a GIR file has and C has not: classes that its headers do not declare, and a signal whose
# argument is registered as a pointer.
UNDECLARED = dict.fromkeys(
    ("GtkPageSetupUnixDialog", "GtkPrintJob", "GtkPrintUnixDialog", "GtkPrinter"),
    "gtk.h does not include the header that declares its class",
)
UNDECLARED["GdkSurface::event"] = "GObject does not know the type of its argument"


def _has_references(member):
    """Whether the library knows how to hold one."""
    if isinstance(member, Record):
        return member.get_type and not member.is_class_structure and member.c_type != "GValue"
    return not member.is_fundamental or all(member.fundamental_functions) or _is_known(member)


def _is_known(member):
    return member.c_type in ("GObject", "GParamSpec")


def value_type(repository, value):
    """The C++ type of what a `GValue` holds, as gvalue.hpp has it."""
    a_type = value.type
    if getattr(value, "direction", "in") != "in":
        raise Unsupported("its handlers give something by an argument")
    if isinstance(a_type, Array):
        if (
            a_type.name
            or not a_type.zero_terminated
            or a_type.elements[0].name not in ("utf8", "filename")
        ):
            raise Unsupported("of an array it is not known how it is held")
        return "unique_strv"
    if a_type.name in ("utf8", "filename"):
        return "unique_string"
    member = repository.type_of(a_type)
    if member in BASIC:
        if a_type.c_type and "pointer" in a_type.c_type:
            raise Unsupported("its handlers give something by a pointer")
        return "bool" if member == "gboolean" else BASIC[member]
    if isinstance(member, Enumeration) and member.c_type and member.get_type:
        return member.c_type
    if isinstance(member, (Class, Interface, Record)) and member.c_type:
        if _has_references(member):
            return f"ref<{member.c_type}>"
    raise Unsupported(f"of a {a_type.name or 'value'} it is not known how it is held")


class LeftOut:
    """A signal or property that is not written, and why."""

    def __init__(self, c_name, reason):
        self.c_name = c_name
        self.reason = reason


class Observed:
    """What an object tells of again and again, as one function of C++'s."""

    has_detail = False

    def __init__(self, owner, element, word):
        for each in (owner.c_type, f"{owner.c_type}::{element.name}"):
            if each in UNDECLARED:
                raise Unsupported(UNDECLARED[each])
        self.owner = owner
        self.element = element
        own = (owner.symbol_prefix or snake(owner.name), word, element.name.replace("-", "_"))
        self.name = "_".join(filter(None, own))


class Signal(Observed):
    def __init__(self, repository, owner, element):
        super().__init__(owner, element, "")
        self.has_detail = element.is_detailed
        self.arguments = [value_type(repository, each) for each in element.parameters]
        returned = element.returned
        self.answer = "void"
        if returned.type.name != "none":
            self.answer = value_type(repository, returned)
        if self.answer.startswith("ref<") and isinstance(
            repository.type_of(returned.type), Record
        ):
            raise Unsupported("its handlers return what is no object")
        self.types = [each.type for each in [*element.parameters, returned]]


class Property(Observed):
    def __init__(self, repository, owner, element):
        super().__init__(owner, element, "notify")
        self.value = value_type(repository, element)
        self.types = [element.type]


def _can_be_observed(owner):
    if not isinstance(owner, (Class, Interface)) or not owner.c_type:
        return False
    return not owner.is_fundamental or owner.c_type == "GObject"


def signals(repository, namespace, operations):
    """All signals and properties of a namespace, and those that are left out."""
    written, left_out = [], []
    taken = {each.name for each in operations}
    for owner in filter(_can_be_observed, namespace.members.values()):
        found = [(Signal, each, f"{owner.c_type}::{each.name}") for each in owner.signals]
        found += [
            (Property, each, f"{owner.c_type}:{each.name}")
            for each in owner.properties
            if each.can_change
        ]
        for kind, element, c_name in found:
            try:
                made = kind(repository, owner, element)
            except Unsupported as why:
                left_out.append(LeftOut(c_name, str(why)))
                continue
            while made.name in taken:
                made.name += "_signal"
            taken.add(made.name)
            written.append(made)
    return written, left_out
