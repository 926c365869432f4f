"""What an interface is in C++: its names, and the types of its values."""

import re

from ..names import KEYWORDS, safe, snake
from ..xml import parse
from . import introspection
from .signature import MOST_MEMBERS

# What would hide the namespaces that the types are in.
HIDING = {"std", "gawait"}
# What the classes of gawait have that those for an interface derive from.
INHERITED = {
    *("proxy", "connection", "destination", "path", "options", "call", "signals"),
    *("property", "get_all", "match"),
}


def cpp_name(name):
    """The name of D-Bus as C++ has it. Two underscores are the compiler's."""
    plain = safe(re.sub(r"_+", "_", snake(re.sub(r"[^A-Za-z0-9_]", "_", name))))
    return plain + "_" if plain in HIDING else plain


def is_namespace(text):
    """Whether it can be the name of a namespace: identifiers with `::` between."""
    return all(
        re.fullmatch("[A-Za-z][A-Za-z0-9_]*", part, re.ASCII)
        and part not in KEYWORDS | HIDING
        and "__" not in part
        for part in text.split("::")
    )


class _Names:
    """Names in one place, none of them twice."""

    def __init__(self, taken=()):
        self._taken = set(taken)

    def take(self, name, word=2):
        """The name, and behind it the word or a number if it is taken."""
        free = name
        while free in self._taken:
            free = f"{name.rstrip('_')}_{word}"
            word = word + 1 if isinstance(word, int) else 2
        self._taken.add(free)
        return free


class Value:
    """An argument or a property, by its name in C++."""

    def __init__(self, element, name):
        self.element = element
        self.type = element.type
        self.name = name


def _values(interface, arguments, word):
    # The names of the classes, in which these are, and what a service may be given besides.
    names = _Names(["proxy", interface.proxy, interface.service, "invocation"])
    return [
        Value(each, names.take(cpp_name(each.name) if each.name else f"{word}{index}"))
        for index, each in enumerate(arguments)
    ]


def _structure(interface, name, values):
    """The name of a structure of several values, unless they are too many for one."""
    if 1 < len(values) <= MOST_MEMBERS:
        return interface.types.take(f"{interface.base}_{name}")
    return None


class Method:
    def __init__(self, interface, element):
        self.element = element
        self.name = interface.names.take(cpp_name(element.name), "method")
        self.inputs = _values(interface, element.inputs, "argument")
        self.outputs = _values(interface, element.outputs, "result")
        self.result = _structure(interface, f"{self.name}_result", self.outputs)


class Property(Value):
    def __init__(self, interface, element):
        take = interface.names.take
        super().__init__(element, take(cpp_name(element.name), "property"))
        plain = self.name.rstrip("_")
        self.setter = take(f"set_{plain}", "property")
        self.values = take(f"{plain}_values", "property")
        self.changed = take(f"{plain}_changed", "property")

    @property
    def is_told(self):
        """Whether the service tells of its changes."""
        return self.element.readable and self.element.changes in ("true", "invalidates")


class Signal:
    def __init__(self, interface, element):
        self.element = element
        self.name = interface.names.take(cpp_name(element.name), "signal")
        self.emit = interface.names.take(f"emit_{self.name.rstrip('_')}", "signal")
        self.arguments = _values(interface, element.arguments, "argument")
        self.result = _structure(interface, f"{self.name}_arguments", self.arguments)


class Interface:
    """An interface, whose `base` the names of all its types begin with."""

    def __init__(self, element, namespace):
        self.element = element
        *parents, last = element.name.split(".")
        self.namespace = namespace or "::".join(map(cpp_name, parents))
        # "default" is a keyword, but default_proxy is none.
        self.base = cpp_name(last).rstrip("_")
        self.proxy = f"{self.base}_proxy"
        self.service = f"{self.base}_service"
        self.types = _Names([self.proxy, self.service])
        self.structs = self._structs()
        self.names = _Names([*INHERITED, self.proxy, self.service])
        self.methods = [Method(self, each) for each in element.methods]
        self.properties = [Property(self, each) for each in element.properties]
        self.signals = [Signal(self, each) for each in element.signals]

    @property
    def values(self):
        """All that it takes, gives and has."""
        for method in self.methods:
            yield from [*method.inputs, *method.outputs]
        for signal in self.signals:
            yield from signal.arguments
        yield from self.properties

    @property
    def header(self):
        return f"{self.element.name}.hpp"

    @property
    def summary(self):
        counts = {
            "methods": len(self.methods),
            "properties": len(self.properties),
            "signals": len(self.signals),
        }
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        return f"{self.element.name}: {told}"

    def _structs(self):
        """Those that annotations name, inner ones first."""
        element = self.element
        values = [*element.properties]
        values += [
            each for method in element.methods for each in method.inputs + method.outputs
        ]
        values += [each for signal in element.signals for each in signal.arguments]
        found = {}
        for value in values:
            for struct in reversed(list(value.type.structs)):
                if not struct.name:
                    continue
                said = struct.name
                struct.name = f"{self.base}_{cpp_name(struct.name).rstrip('_')}"
                struct.members = _member_names(struct.members)
                known = found.setdefault(struct.name, struct)
                if known.layout != struct.layout:
                    value.element.fail(f"there are two structures {said}, which differ")
                if known is struct and self.types.take(struct.name) != struct.name:
                    value.element.fail(f"no structure can be called {said}")
        return list(found.values())


def _member_names(names):
    taken = _Names()
    return [taken.take(cpp_name(name)) for name in names]


def read_interfaces(paths, namespace=None):
    """The interfaces of files of introspection XML, in a namespace of C++'s or each in its own."""
    found = {}
    for path in paths:
        for element in introspection.interfaces(parse(path)):
            interface = Interface(element, namespace)
            name = f"{interface.namespace}::{interface.base}"
            other = found.setdefault(name, interface)
            if other is not interface:
                element.element.fail(
                    f"{element.name} would be {name}, as {other.element.name} in "
                    f"{other.element.element.file}"
                )
    return list(found.values())
