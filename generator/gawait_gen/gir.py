"""What is in a GIR file, a small class for each kind of element, as far as async functions need
it. Elements that are wrong are refused, with their line.
"""

import re

from .names import KEYWORDS
from .xml import Malformed, parse

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
C_TYPE = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*|\*|\s)+")
FILE_NAME = re.compile(r"[A-Za-z0-9_+.-]+(?:/[A-Za-z0-9_+.-]+)*")
TRANSFERS = {"none", "container", "full", "floating"}
DIRECTIONS = {"in", "out", "inout"}


def identifier(element, attribute, default=None):
    """An attribute that becomes part of C++."""
    value = element.get(attribute, default) if default else element.need(attribute)
    if not IDENTIFIER.fullmatch(value):
        element.fail(f"{attribute} is no identifier: {value!r}")
    return value


def c_name(element, attribute):
    """An attribute that is what C calls something, or None."""
    value = element.get(attribute)
    if value is not None and (not IDENTIFIER.fullmatch(value) or value in KEYWORDS):
        element.fail(f"{attribute} is no identifier: {value!r}")
    return value


class Type:
    """A type, by its name in GIR and its name in C; `elements` are those of a container."""

    def __init__(self, element, namespace):
        self.line = element.line
        self.name = element.get("name") or ""
        self.c_type = element.get("c:type")
        if self.c_type is not None:
            # "volatile" is for atomics in headers of long ago; no value is.
            self.c_type = " ".join(self.c_type.replace("volatile", "").split())
            if not C_TYPE.fullmatch(self.c_type):
                element.fail(f"c:type is no type: {self.c_type!r}")
        self.elements = [make_type(child, namespace) for child in element.all("type", "array")]
        self.namespace = namespace

    @property
    def pointers(self):
        """How many stars its C type has."""
        return (self.c_type or "").count("*")

    @property
    def is_const(self):
        return (self.c_type or "").startswith("const ")

    @property
    def pointee(self):
        """The C type without its stars and `const`."""
        return re.sub(r"\*|\bconst\b", "", self.c_type or "").strip()


class Array(Type):
    """An array of C's, or one of GLib's kinds (`name` tells which)."""

    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.length = element.number("length")
        self.fixed_size = element.number("fixed-size")
        if not self.elements:
            element.fail("<array> has no type of its elements")
        self.zero_terminated = element.get("zero-terminated") == "1" or (
            element.get("zero-terminated") is None
            and self.length is None
            and self.fixed_size is None
        )


def make_type(element, namespace):
    return (Array if element.name == "array" else Type)(element, namespace)


class Documented:
    """What all that has documentation has."""

    def __init__(self, element):
        doc = element.first("doc")
        self.doc = doc.text if doc else ""
        self.line = element.line
        self.file = element.file


class Value(Documented):
    """A value that goes into a function or comes out of it."""

    def __init__(self, element, namespace):
        super().__init__(element)
        self.transfer = element.get("transfer-ownership", "none")
        if self.transfer not in TRANSFERS:
            element.fail(f"transfer-ownership is unknown: {self.transfer!r}")
        self.nullable = element.flag("nullable") or element.flag("allow-none")
        found = element.first("type", "array", "varargs")
        if not found:
            element.fail(f"<{element.name}> has no type")
        self.is_variadic = found.name == "varargs"
        self.type = make_type(found, namespace)


class Parameter(Value):
    """A parameter, or the instance that a method is called on."""

    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.is_instance = element.name == "instance-parameter"
        # Of "..." it is that.
        self.name = element.need("name") if self.is_variadic else identifier(element, "name")
        self.direction = element.get("direction", "in")
        if self.direction not in DIRECTIONS:
            element.fail(f"direction is unknown: {self.direction!r}")
        if self.direction == "out":
            self.nullable = element.flag("nullable")
        self.optional = element.flag("optional")
        self.caller_allocates = element.flag("caller-allocates")
        self.scope = element.get("scope")


class Function(Documented):
    """A function, method or constructor."""

    def __init__(self, element, namespace):
        super().__init__(element)
        self.kind = element.name
        self.name = element.get("name", "")
        element.need("c:identifier")
        self.c_name = c_name(element, "c:identifier")
        self.throws = element.flag("throws")
        self.version = element.get("version")
        self.deprecated = element.flag("deprecated")
        self.deprecated_version = element.get("deprecated-version")
        # GIR gives a variant for bindings the name of the function that it stands for.
        self.shadows = element.get("shadows")
        self.prefixes = namespace.symbol_prefixes
        self.moved = element.get("moved-to") is not None
        # Newer GIRs say it, by a name or an identifier.
        self.finish_func = element.get("glib:finish-func")
        self.async_func = element.get("glib:async-func")
        returned = element.first("return-value")
        if not returned:
            element.fail(f"<{element.name}> has no return-value")
        self.returned = Value(returned, namespace)
        self.parameters = []
        parameters = element.first("parameters")
        for child in parameters.all("instance-parameter", "parameter") if parameters else []:
            self.parameters.append(Parameter(child, namespace))
        for parameter in self.parameters:
            length = getattr(parameter.type, "length", None)
            if length is not None and length >= len(self.plain_parameters):
                element.fail(f"there is no parameter {length} for a length")
        position = element.first("source-position")
        self.header = position.get("filename", "") if position else ""

    @property
    def instance(self):
        return next((each for each in self.parameters if each.is_instance), None)

    @property
    def plain_parameters(self):
        """Those that an index in GIR is about."""
        return [each for each in self.parameters if not each.is_instance]

    def length_of(self, value):
        """The parameter that holds the length of an array, or None."""
        length = getattr(value.type, "length", None)
        return None if length is None else self.plain_parameters[length]


def dashed(element):
    """The name of a signal or a property."""
    name = element.need("name")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        element.fail(f"no name of a signal or property: {name!r}")
    return name


class Signal(Documented):
    def __init__(self, element, namespace):
        super().__init__(element)
        self.name = dashed(element)
        self.is_detailed = element.flag("detailed")
        self.deprecated = element.flag("deprecated")
        self.deprecated_version = element.get("deprecated-version")
        parameters = element.first("parameters")
        self.parameters = [
            Parameter(child, namespace)
            for child in (parameters.all("parameter") if parameters else [])
        ]
        returned = element.first("return-value")
        if not returned:
            element.fail("<glib:signal> has no return-value")
        self.returned = Value(returned, namespace)


class Property(Value):
    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.name = dashed(element)
        self.deprecated = element.flag("deprecated")
        self.deprecated_version = element.get("deprecated-version")
        # Readable, if nothing else is said, and not fixed when the object is made.
        self.can_change = element.get("readable", "1") == "1" and not element.flag(
            "construct-only"
        )


class Named(Documented):
    """What a namespace holds and a type may name."""

    functions = ()

    def __init__(self, element, namespace):
        super().__init__(element)
        self.namespace = namespace
        self.name = element.need("name")
        self.c_type = c_name(element, "c:type")
        self.version = element.get("version")
        self.deprecated = element.flag("deprecated")
        self.get_type = c_name(element, "glib:get-type")
        self.gtype_name = c_name(element, "glib:type-name")
        position = element.first("source-position")
        self.header = position.get("filename", "") if position else ""


class Container(Named):
    """What has functions of its own."""

    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.symbol_prefix = element.get("c:symbol-prefix")
        if self.symbol_prefix is not None and not IDENTIFIER.fullmatch(self.symbol_prefix):
            element.fail(f"c:symbol-prefix is no identifier: {self.symbol_prefix!r}")
        self.functions = [
            Function(child, namespace)
            for child in element.all("function", "method", "constructor")
            if child.get("c:identifier")
        ]


class Observable(Container):
    """What has signals and properties."""

    is_fundamental = False

    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.signals = [Signal(child, namespace) for child in element.all("glib:signal")]
        self.properties = [Property(child, namespace) for child in element.all("property")]


class Class(Observable):
    """A class of objects."""

    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.is_fundamental = element.flag("glib:fundamental")
        self.fundamental_functions = [
            c_name(element, name) for name in ["glib:ref-func", "glib:unref-func"]
        ]
        parent = element.get("parent")
        self.base_names = [parent] if parent else []
        self.base_names += [each.need("name") for each in element.all("implements")]


class Interface(Observable):
    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.base_names = [each.need("name") for each in element.all("prerequisite")]


class Record(Container):
    """A structure, or a union, that is no object."""

    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.is_class_structure = element.get("glib:is-gtype-struct-for") is not None
        self.fields = len(element.all("field", "record", "union"))
        self.is_hidden = element.flag("opaque") or element.flag("disguised")

    def _function(self, *names):
        for each in self.functions:
            if each.name in names and each.kind == "method" and not each.plain_parameters:
                return each.c_name
        return None

    @property
    def ref(self):
        return self._function("ref")

    @property
    def unref(self):
        return self._function("unref")

    @property
    def free(self):
        return self._function("free")

    @property
    def copy(self):
        return self._function("copy")


class Enumeration(Named):
    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        self.is_flags = element.name == "bitfield"


class Callback(Named):
    """The type of a function that C calls."""

    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        parameters = element.first("parameters")
        self.parameters = [
            Parameter(child, namespace)
            for child in (parameters.all("parameter") if parameters else [])
        ]
        returned = element.first("return-value")
        if not returned:
            element.fail("<callback> has no return-value")
        self.returned = Value(returned, namespace)


class Alias(Named):
    def __init__(self, element, namespace):
        super().__init__(element, namespace)
        target = element.first("type", "array")
        if not target:
            element.fail("<alias> has no type")
        self.target = make_type(target, namespace)


KINDS = {
    "class": Class,
    "interface": Interface,
    "record": Record,
    "union": Record,
    "glib:boxed": Record,
    "enumeration": Enumeration,
    "bitfield": Enumeration,
    "callback": Callback,
    "alias": Alias,
}


class Namespace:
    """A GIR file."""

    def __init__(self, path):
        root = parse(path)
        if root.name != "repository":
            root.fail(f"no GIR file: its root is <{root.name}>")
        element = root.first("namespace")
        if not element:
            root.fail("<repository> has no namespace")
        self.path = path
        self.line = element.line
        self.name = identifier(element, "name")
        self.version = element.need("version")
        if not re.fullmatch(r"[0-9][0-9.]*", self.version):
            element.fail(f"version is none: {self.version!r}")
        self.symbol_prefixes = element.get("c:symbol-prefixes", "").split(",")
        self.includes = [
            (each.need("name"), each.need("version"), each.line) for each in root.all("include")
        ]
        self.packages = [each.need("name") for each in root.all("package")]
        self.c_includes = []
        for each in root.all("c:include"):
            if not FILE_NAME.fullmatch(each.need("name")):
                each.fail(f"no name of a header: {each.get('name')!r}")
            self.c_includes.append(each.get("name"))
        self.members = {}
        self.c_types = set()
        self.functions = []
        for child in element.children:
            if child.name == "function":
                function = Function(child, self)
                if not function.moved:
                    self.functions.append(function)
            elif child.name in KINDS:
                # A boxed type has its name elsewhere.
                if child.name == "glib:boxed":
                    child.attributes.setdefault("name", child.get("glib:name"))
                member = KINDS[child.name](child, self)
                if member.c_type and member.c_type in self.c_types:
                    child.fail(f"two types have the C type {member.c_type}")
                self.c_types.add(member.c_type)
                self.members[member.name] = member
        if not self.members and not self.functions:
            raise Malformed(path, self.line, f"the namespace {self.name} is empty")
