"""The C++ of one interface: the types in it, a class for callers and one for services."""

from ..layout import WIDTH, wrap
from . import documentation
from .signature import MOST_MEMBERS, Array, Basic, Dictionary, Struct

VIEWS = {"s": "std::string_view"}
BY_VALUE = set("ybnqiuxtd")


def passed(kind):
    """How a value is passed to a function that keeps none of it."""
    if kind.code in VIEWS:
        return VIEWS[kind.code]
    return stored(kind)


def stored(kind):
    """How a value is passed to a function that wants that very type."""
    return kind.cpp if kind.code in BY_VALUE else f"const {kind.cpp}&"


def parameters(values, how):
    return [f"{how(each.type)} {each.name}" for each in values]


def names(values):
    return [each.name for each in values]


def several(values, structure):
    """The type of what a message carries."""
    types = [each.type.cpp for each in values]
    if len(types) == 1:
        return types[0]
    return structure or f"std::tuple<{', '.join(types)}>"


def result(method):
    return several(method.outputs, method.result) if method.outputs else "void"


def signal_value(signal):
    return several(signal.arguments, signal.result)


def structure(name, members, comments):
    """A struct of types and names."""
    lines = [f"struct {name} {{"]
    for (kind, member), comment in zip(members, comments, strict=True):
        if comment:
            lines.append(comment)
        lines.append(f"    {kind} {member};")
    return "\n".join([*lines, "};"])


def named_struct(interface, struct):
    """One that an annotation names."""
    members = [
        (part.cpp, name) for part, name in zip(struct.parts, struct.members, strict=True)
    ]
    title = documentation.comment(f"`{struct.code}` of {interface.element.name}.")
    return f"{title}\n{structure(struct.name, members, [''] * len(members))}"


def values_struct(name, title, values):
    """Several values that a message carries."""
    comments = [
        documentation.comment(documentation.of_value(each), indent="    ") for each in values
    ]
    members = [(each.type.cpp, each.name) for each in values]
    return f"{documentation.comment(title)}\n{structure(name, members, comments)}"


def value_structs(interface):
    """All of these: their names and texts."""
    for each in interface.methods:
        if each.result:
            title = f"What `{interface.proxy}::{each.name}()` gives."
            yield each.result, values_struct(each.result, title, each.outputs)
    for each in interface.signals:
        if each.result:
            title = f"What the signal {each.element.name} of {interface.element.name} carries."
            yield each.result, values_struct(each.result, title, each.arguments)


def _deprecated(described):
    return "[[deprecated]] " if described.element.deprecated else ""


def declared(returns, name, given, tail):
    """A function of a class, up to its body: what it returns in a line of its own where the rest
    would not fit behind it."""
    line = wrap(f"{returns} {name}(", given, tail, 4)
    if not line.splitlines()[0].endswith("("):
        return line
    return f"    {returns}\n" + wrap(f"{name}(", given, tail, 4)


def member(returns, name, given, statement, comment):
    """A constant function of one statement, in which a line may be broken."""
    head = declared(returns, name, given, ") const {")
    line = f"{head} {statement.strip()} }}"
    if "\n" in line or len(line) > WIDTH:
        line = f"{head}\n{statement}\n    }}"
    return "\n".join(filter(None, [comment, line]))


class Proxy:
    """The functions of the class for callers."""

    def __init__(self, interface):
        self._interface = interface
        self._name = f'"{interface.element.name}"'

    def _function(self, described, kind, given, called, arguments, comment):
        return member(
            f"{_deprecated(described)}{kind}",
            described.name,
            given,
            wrap(f"{called}(", arguments, ");", 8),
            comment,
        )

    def method(self, method):
        gives = result(method)
        template = "" if gives == "void" else f"<{gives}>"
        kind, called = f"gawait::dbus::call_operation<{gives}>", f"return proxy::call{template}"
        given = [self._name, f'"{method.element.name}"', *names(method.inputs)]
        if method.element.no_reply:
            kind, called = "void", "gawait::dbus::send"
            given.insert(0, "*this")
        return self._function(
            method,
            kind,
            parameters(method.inputs, passed),
            called,
            given,
            documentation.of_method(method),
        )

    def property(self, prop):
        """Its functions: which there are is a matter of its access."""
        kind = prop.type.cpp
        found = []

        def add(returns, name, given, then, comment):
            statement = wrap(
                f"return proxy::property<{kind}>(",
                [self._name, f'"{prop.element.name}"'],
                f").{then};",
                8,
            )
            found.append(
                member(f"{_deprecated(prop)}{returns}", name, given, statement, comment)
            )

        if prop.element.readable:
            comment = documentation.of_property(prop, "Asks for the value.")
            add("auto", prop.name, [], "get()", comment)
        if prop.element.writable:
            comment = documentation.of_property(prop, "Sets the value.")
            given = [f"{stored(prop.type)} value"]
            add("auto", prop.setter, given, "set(value)", comment)
        if prop.is_told:
            told = "The value that it has now, and then after each change."
            comment = documentation.of_property(prop, told)
            add(f"gawait::async_generator<{kind}>", prop.values, [], "values()", comment)
        return found

    def signal(self, signal):
        carried = signal_value(signal)
        return self._function(
            signal,
            f"gawait::dbus::signals<{carried}>",
            [],
            f"return proxy::signals<{carried}>",
            [self._name, f'"{signal.element.name}"'],
            documentation.of_signal(signal),
        )


INVOCATION = "const gawait::dbus::invocation& invocation"


class Service:
    """The functions of the class for services, and what tells the library of them."""

    def __init__(self, interface):
        self._interface = interface

    def method(self, method):
        given = parameters(method.inputs, lambda kind: kind.cpp)
        if method.element.wants_invocation:
            given.insert(0, INVOCATION)
        returns = f"gawait::task<{result(method)}>"
        comment = documentation.of_method(method)
        return self._virtual(returns, method.name, given, "", comment)

    def property(self, prop):
        found = []
        kind = prop.type.cpp
        about = documentation.of_property(prop)
        if prop.element.readable:
            found.append(self._virtual(kind, prop.name, [], " const", about))
        if prop.element.writable:
            given = [INVOCATION] if prop.element.wants_invocation else []
            told = [f"Has to call `{prop.changed}()` if it changes it."] if prop.is_told else []
            about = documentation.of_property(prop, *told)
            given.append(f"{kind} value")
            found.append(self._virtual("void", prop.setter, given, "", about))
        return found

    @staticmethod
    def _virtual(returns, name, given, tail, comment):
        declaration = declared(f"virtual {returns}", name, given, f"){tail} = 0;")
        return "\n".join(filter(None, [comment, declaration]))

    def changed(self, prop):
        if prop.element.changes == "true":
            statement = f'interface_.changed("{prop.element.name}", {prop.name}());'
        else:
            statement = f'interface_.invalidated("{prop.element.name}");'
        comment = documentation.comment(
            f"Tells callers that {prop.element.name} has changed.", indent="    "
        )
        return member("void", prop.changed, [], f"        {statement}", comment)

    def emit(self, signal):
        given = [f'"{signal.element.name}"', *names(signal.arguments)]
        return member(
            "void",
            signal.emit,
            parameters(signal.arguments, passed),
            wrap("interface_.emit(", given, ");", 8),
            documentation.of_signal(signal),
        )

    def registrations(self):
        """How the library gets to know of them. Signals it knows from the description."""
        for each in self._interface.methods:
            given = [f"{value.type.cpp} {value.name}" for value in each.inputs]
            moved = [handed(value) for value in each.inputs]
            if each.element.wants_invocation:
                given.insert(0, INVOCATION)
                moved.insert(0, "invocation")
            yield self._handler("method", each, [Handler(given, each.name, moved)])
        for each in self._interface.properties:
            handlers = [Handler([], each.name, []) if each.element.readable else None]
            if each.element.writable:
                given, moved = [f"{each.type.cpp} value"], [handed(each, "value")]
                if each.element.wants_invocation:
                    given.insert(0, INVOCATION)
                    moved.insert(0, "invocation")
                handlers.append(Handler(given, each.setter, moved))
            yield self._handler("property", each, handlers)

    @staticmethod
    def _handler(kind, described, handlers):
        called = f"        interface_.{kind}("
        name = f'"{described.element.name}"'
        whole = [each.line if each else "nullptr" for each in handlers]
        line = f"{called}{', '.join([name, *whole])});"
        if len(line) <= WIDTH:
            return line
        if len(handlers) > 1:
            # The getter is short.
            setter = handlers[1].lines(12)
            return f"{called}\n            {name}, {whole[0]},\n{setter});"
        below = f"{' ' * len(called)}{whole[0]});"
        if len(below) <= WIDTH:
            return f"{called}{name},\n{below}"
        block = f"{called}{name}, {handlers[0].head}"
        if len(block) <= WIDTH:
            return f"{block}\n{handlers[0].body(12)}\n        }});"
        return f"{called}\n            {name},\n{handlers[0].lines(12)});"


class Handler:
    """A lambda that calls a function of the service with what it is given."""

    def __init__(self, given, name, arguments):
        self._given = given
        # An argument may have its name.
        self._name = (
            f"this->{name}" if any(each.endswith(f" {name}") for each in given) else name
        )
        self._arguments = arguments
        self.head = f"[this]({', '.join(given)}) {{" if given else "[this] {"
        self.line = f"{self.head} {self.body(0)} }}"

    def body(self, indent):
        return wrap(f"return {self._name}(", self._arguments, ");", indent)

    def lines(self, indent):
        """All of it, broken where that is needed."""
        head = wrap("[this](", self._given, ") {", indent)
        line = f"{head} {self.body(0)} }}"
        # Behind it there is a bracket.
        if len(line.splitlines()[-1]) + len(");") <= WIDTH:
            return line
        return f"{head}\n{self.body(indent + 4)}\n{' ' * indent}}}"


def handed(value, name=None):
    """A value that is given away."""
    name = name or value.name
    return name if value.type.code in BY_VALUE else f"std::move({name})"


def includes(interface):
    """The standard headers of the types in it."""
    found = {"string", "string_view", "utility"}
    pending = [each.type for each in interface.values]
    while pending:
        kind = pending.pop()
        pending += kind.parts
        if isinstance(kind, Array):
            found.add("vector")
        elif isinstance(kind, Dictionary):
            found.add("map")
        elif isinstance(kind, Struct) and not kind.name:
            found.add("tuple")
        elif isinstance(kind, Basic) and kind.cpp.startswith("std::") and kind.code != "s":
            found.add("cstdint")
    if any(
        not each.arguments or len(each.arguments) > MOST_MEMBERS for each in interface.signals
    ):
        found.add("tuple")
    return sorted(found)
