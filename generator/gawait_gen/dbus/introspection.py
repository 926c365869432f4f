"""What is in introspection XML, a small class for each kind of element. Elements that are wrong are
refused, with their line.
"""

import re

from . import signature

MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
INTERFACE = re.compile(rf"{MEMBER.pattern}(?:\.{MEMBER.pattern})+", re.ASCII)
LONGEST_NAME = 255

DEPRECATED = "org.freedesktop.DBus.Deprecated"
NO_REPLY = "org.freedesktop.DBus.Method.NoReply"
EMITS_CHANGED = "org.freedesktop.DBus.Property.EmitsChangedSignal"
DOCUMENTATION = "org.gtk.GDBus.DocString"
# That the service is told who calls; and names for what D-Bus has no names for, as "point(x, y)"; ours, as others have theirs.
INVOCATION = "org.gawait.Invocation"
STRUCT = "org.gawait.Struct"
STRUCTS = re.compile(rf"\s*({MEMBER.pattern})\s*\(([^()]*)\)", re.ASCII)

FLAGS = {"true": True, "false": False}
CHANGES = {"true", "invalidates", "const", "false"}
ACCESS = {"read", "write", "readwrite"}
CHILDREN = {
    "node": ("node", "interface"),
    "interface": ("method", "signal", "property"),
    "method": ("arg",),
    "signal": ("arg",),
    "property": (),
    "arg": (),
    "annotation": (),
}


def _check_children(element):
    """A misspelt element would be a method that is not there. Those of other vocabularies are not
    ours to judge."""
    for child in element.children:
        known = *CHILDREN[element.name], "annotation"
        if child.name not in known and ":" not in child.name:
            child.fail(f"<{child.name}> is unknown in <{element.name}>")


def _name(element, pattern, what):
    name = element.need("name")
    if not pattern.fullmatch(name):
        element.fail(f"no name of {what}: {name!r}")
    if len(name) > LONGEST_NAME:
        element.fail(f"a name is longer than {LONGEST_NAME} characters")
    return name


class Described:
    """What annotations and comments may tell of."""

    def __init__(self, element):
        _check_children(element)
        self.element = element
        self.annotations = {}
        for each in element.all("annotation"):
            _check_children(each)
            name = each.need("name")
            if name in self.annotations:
                each.fail(f"{name} is said twice")
            self.annotations[name] = each
            each.attributes.setdefault("value", "")
        self.deprecated = self.flag(DEPRECATED)
        documented = self.annotations.get(DOCUMENTATION)
        self.doc = documented.get("value", "") if documented else element.comment

    def annotation(self, name, allowed):
        """The value of an annotation, or None."""
        found = self.annotations.get(name)
        if not found:
            return None
        value = found.need("value")
        if value not in allowed:
            found.fail(f"{name} is none of {', '.join(sorted(allowed))}: {value!r}")
        return value

    def flag(self, name):
        return FLAGS[self.annotation(name, FLAGS) or "false"]


class Typed(Described):
    """A value: an argument or a property."""

    def __init__(self, element):
        super().__init__(element)
        text = element.need("type")
        try:
            self.type = signature.parse(text)
        except signature.Wrong as why:
            element.fail(f"no signature of a type: {text!r}: {why}")
        self._name_structs()

    def _name_structs(self):
        annotation = self.annotations.get(STRUCT)
        if not annotation:
            return
        text = annotation.need("value")
        named = list(STRUCTS.finditer(text))
        structs = list(self.type.structs)
        if "".join(each[0] for each in named).strip() != text.strip() or not named:
            annotation.fail(f'{STRUCT} is not as "point(x, y)": {text!r}')
        if len(named) != len(structs):
            annotation.fail(f"{STRUCT} names {len(named)} structures of {len(structs)}")
        for struct, each in zip(structs, named, strict=True):
            members = [name.strip() for name in each[2].split(",")]
            if not all(map(MEMBER.fullmatch, members)):
                annotation.fail(f"a member of {each[1]} has no name of one: {each[2]!r}")
            if len(set(members)) != len(members):
                annotation.fail(f"two members of {each[1]} have one name: {each[2]!r}")
            if len(members) != len(struct.parts):
                annotation.fail(
                    f"{each[1]} has {len(struct.parts)} members, of which {len(members)} are named"
                )
            if len(members) > signature.MOST_MEMBERS:
                annotation.fail(f"{each[1]} has more than {signature.MOST_MEMBERS} members")
            struct.name, struct.members = each[1], members


class Argument(Typed):
    def __init__(self, element, directions):
        super().__init__(element)
        self.name = element.get("name", "")
        self.direction = element.get("direction", directions[0])
        if self.direction not in directions:
            element.fail(f"direction is unknown: {self.direction!r}")


class Method(Described):
    def __init__(self, element):
        super().__init__(element)
        self.name = _name(element, MEMBER, "a method")
        arguments = [Argument(each, ("in", "out")) for each in element.all("arg")]
        self.inputs = [each for each in arguments if each.direction == "in"]
        self.outputs = [each for each in arguments if each.direction == "out"]
        self.no_reply = self.flag(NO_REPLY)
        self.wants_invocation = self.flag(INVOCATION)
        if self.no_reply and self.outputs:
            element.fail(f"{self.name} gives results, and is said to have no reply")


class Signal(Described):
    def __init__(self, element):
        super().__init__(element)
        self.name = _name(element, MEMBER, "a signal")
        self.arguments = [Argument(each, ("out",)) for each in element.all("arg")]


class Property(Typed):
    def __init__(self, element, changes):
        super().__init__(element)
        self.name = _name(element, MEMBER, "a property")
        access = element.need("access")
        if access not in ACCESS:
            element.fail(f"access is unknown: {access!r}")
        self.readable = access != "write"
        self.writable = access != "read"
        self.access = access
        self.wants_invocation = self.flag(INVOCATION)
        if self.wants_invocation and not self.writable:
            element.fail(f"{self.name} is never set, so nobody is told who does")
        # "true", "invalidates", "const" or "false".
        self.changes = self.annotation(EMITS_CHANGED, CHANGES) or changes


class Interface(Described):
    def __init__(self, element):
        super().__init__(element)
        self.name = _name(element, INTERFACE, "an interface")
        changes = self.annotation(EMITS_CHANGED, CHANGES) or "true"
        self.methods = self._members("method", Method)
        self.signals = self._members("signal", Signal)
        self.properties = self._members("property", lambda each: Property(each, changes))

    def _members(self, kind, make):
        found = {}
        for element in self.element.all(kind):
            member = make(element)
            if member.name in found:
                element.fail(f"{self.name} has two of the name {member.name}")
            found[member.name] = member
        return list(found.values())


def interfaces(root):
    """Those of a file, also of the nodes within its node."""
    if root.name != "node":
        root.fail(f"no introspection XML: its root is <{root.name}>")
    found = {}
    nodes = [root]
    while nodes:
        node = nodes.pop()
        Described(node)
        nodes += reversed(node.all("node"))
        for element in node.all("interface"):
            interface = Interface(element)
            if interface.name in found:
                element.fail(f"{interface.name} is described twice")
            found[interface.name] = interface
    if not found:
        root.fail("there is no <interface>")
    return list(found.values())
