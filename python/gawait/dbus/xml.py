"""Introspection XML: of interfaces, and interfaces of it."""

import keyword
import re
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from gi.repository import Gio, GLib

from gawait.dbus.interface import EMITS, Interface, Method, Property, Signal
from gawait.dbus.types import type_of_signature

_DEPRECATED = "org.freedesktop.DBus.Deprecated"
_NO_REPLY = "org.freedesktop.DBus.Method.NoReply"
_EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
_DOCUMENTATION = "org.gtk.GDBus.DocString"

_DEEPEST = 64  # of elements in one another, which GDBus frees by recursion


def xml_of(description):
    """Return the introspection XML of an interface."""
    lines = [f"<interface name={quoteattr(description.name)}>"]
    lines += _annotation_lines(description, {})
    for member in description.members:
        lines += _member_lines(member)
    return "\n".join([*lines, "</interface>"])


def info_of(description):
    """Return the Gio.DBusInterfaceInfo of an interface."""
    if description.info is None:
        node = Gio.DBusNodeInfo.new_for_xml(f"<node>{xml_of(description)}</node>")
        description.info = node.interfaces[0]
    return description.info


def _member_lines(member):
    name = f"name={quoteattr(member.name)}"
    if isinstance(member, Method):
        arguments = [(each, "in") for each in member.inputs]
        arguments += [(each, "out") for each in member.outputs]
        opening, closing = f"<method {name}>", "</method>"
        more = {_NO_REPLY: "true"} if member.no_reply else {}
    elif isinstance(member, Signal):
        arguments = [(each, None) for each in member.arguments]
        opening, closing = f"<signal {name}>", "</signal>"
        more = {}
    else:
        access = "read" * member.readable + "write" * member.writable
        opening = f'<property {name} type="{member.type.signature}" access="{access}">'
        arguments, closing = [], "</property>"
        more = {} if member.emits is True else {_EMITS: EMITS[member.emits]}
    lines = [f"  {opening}"]
    for (argument, type_), direction in arguments:
        attributes = f'type="{type_.signature}"'
        if argument is not None:
            attributes = f"name={quoteattr(argument)} {attributes}"
        if direction is not None:
            attributes += f' direction="{direction}"'
        lines.append(f"    <arg {attributes}/>")
    lines += [f"  {each}" for each in _annotation_lines(member, more)]
    return [*lines, f"  {closing}"]


def _annotation_lines(described, more):
    annotations = {**described.annotations, **more}
    if described.deprecated:
        annotations[_DEPRECATED] = "true"
    if described.documentation:
        annotations[_DOCUMENTATION] = described.documentation
    for key, value in annotations.items():
        yield f"  <annotation name={quoteattr(key)} value={quoteattr(value)}/>"


def parse(xml):
    """Return the Gio.DBusNodeInfo of introspection XML, of an interface or a node.

    Raises ValueError for what is none, and for what is nested too deeply.
    """
    xml = xml.strip()
    try:
        _check_depth(xml)
        if re.match(r"<interface\b", xml):
            xml = f"<node>{xml}</node>"
        return Gio.DBusNodeInfo.new_for_xml(xml)
    except (GLib.Error, expat.ExpatError) as error:
        message = error.message if isinstance(error, GLib.Error) else str(error)
        raise ValueError(f"not introspection XML: {message}") from None


def _check_depth(xml):
    parser = expat.ParserCreate()
    depth = 0

    def start(*_):
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"introspection XML of more than {_DEEPEST} levels")

    def end(*_):
        nonlocal depth
        depth -= 1

    def entity(*_):
        raise ValueError("introspection XML that declares entities")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = entity
    parser.Parse(xml.encode("utf-8", "surrogatepass"), True)


def class_of(info, reserved=()):
    """Return a new class of an interface, of its Gio.DBusInterfaceInfo.

    Its members have none of the reserved names. Raises ValueError for a name or a type in it that is none.
    """
    namespace = {}
    for member in _members(info):
        if not Gio.dbus_is_member_name(member.name):
            raise ValueError(f"{info.name}: {member.name!r} is not the name of a member")
        attribute = attribute_of(member.name, {*reserved, *namespace})
        namespace[attribute] = _declared(member) if isinstance(member, Method) else member
        member.attribute = attribute
    options = _described(info)
    namespace["__doc__"] = options.pop("documentation")
    title = info.name.rpartition(".")[2]
    return type(Interface)(title, (Interface,), namespace, name=info.name, **options)


def attribute_of(name, taken=()):
    """Return the name in Python of a member: GetURLFor is get_url_for."""
    # Python has its own names with two in front, and changes others.
    attribute = re.sub("^__+", "_", snake_case(name))
    while attribute in taken or keyword.iskeyword(attribute) or hasattr(Interface, attribute):
        attribute += "_"
    return attribute


def snake_case(name):
    """Return GetName as get_name."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return words.lower()


def _declared(method):
    async def declared(self, *args, **kwargs):
        ...

    declared._dbus_method = method
    return declared


def _members(info):
    for each in info.methods or ():
        title = f"{info.name}.{each.name}()"
        inputs, outputs = _typed(each.in_args, title), _typed(each.out_args, title)
        no_reply = _annotation(each, _NO_REPLY) == "true" and not outputs
        yield Method(inputs, outputs, no_reply=no_reply, name=each.name, **_described(each))
    for each in info.properties or ():
        told = _annotation(each, _EMITS) or _annotation(info, _EMITS) or "true"
        yield Property(
            _type(each.signature, f"{info.name}.{each.name}"),
            readable=bool(each.flags & Gio.DBusPropertyInfoFlags.READABLE),
            writable=bool(each.flags & Gio.DBusPropertyInfoFlags.WRITABLE),
            emits=next((ours for ours, theirs in EMITS.items() if theirs == told), True),
            name=each.name,
            **_described(each),
        )
    for each in info.signals or ():
        arguments = _typed(each.args, f"{info.name}.{each.name}")
        yield Signal(arguments, name=each.name, **_described(each))


def _typed(arguments, title):
    """Pairs of a name, which is None where it is none that Python can have, and a type."""
    pairs, names = [], set()
    for each in arguments or ():
        name = re.sub(r"[^A-Za-z0-9_]", "_", each.name) if each.name else ""
        is_name = name.isidentifier() and not keyword.iskeyword(name) and name not in names
        is_name = is_name and not re.fullmatch(r"arg_\d+", name)  # GDBus's, for none
        names.add(name)
        pairs.append((name if is_name else None, _type(each.signature, title)))
    return pairs


def _type(signature, title):
    try:
        return type_of_signature(signature)
    except ValueError as error:
        raise ValueError(f"{title}: {error}") from None


_KNOWN = {_DEPRECATED, _NO_REPLY, _EMITS, _DOCUMENTATION}


def _described(info):
    annotations = {each.key: each.value for each in info.annotations or ()}
    return {
        "deprecated": annotations.get(_DEPRECATED) == "true",
        "documentation": annotations.get(_DOCUMENTATION),
        "annotations": {k: v for k, v in annotations.items() if k not in _KNOWN},
    }


def _annotation(info, name):
    return next((each.value for each in info.annotations or () if each.key == name), None)
