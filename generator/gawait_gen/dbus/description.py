"""Introspection XML of an interface, as other programs are given it: without comments, in ASCII."""

from xml.sax.saxutils import quoteattr


def _attribute(name, value):
    quoted = quoteattr(value, {'"': "&quot;"})
    # In C++ not all characters may be in a literal as they are.
    plain = "".join(each if " " <= each <= "~" else f"&#{ord(each)};" for each in quoted)
    return f" {name}={plain}"


def _element(name, attributes, children=()):
    # What has no name has no attribute for it.
    written = [each for each in attributes.items() if each != ("name", "")]
    head = f"<{name}{''.join(_attribute(*each) for each in written)}"
    if not children:
        return [f"{head}/>"]
    return [f"{head}>", *(f"  {line}" for line in children), f"</{name}>"]


def _annotations(described):
    lines = []
    for name, element in described.annotations.items():
        lines += _element("annotation", {"name": name, "value": element.get("value", "")})
    return lines


def _argument(argument, **more):
    attributes = {"name": argument.name, "type": argument.type.code, **more}
    return _element("arg", attributes, _annotations(argument))


def _method(method):
    children = _annotations(method)
    for each in method.inputs:
        children += _argument(each, direction="in")
    for each in method.outputs:
        children += _argument(each, direction="out")
    return _element("method", {"name": method.name}, children)


def _property(prop):
    attributes = {"name": prop.name, "type": prop.type.code, "access": prop.access}
    return _element("property", attributes, _annotations(prop))


def _signal(signal):
    children = _annotations(signal)
    for each in signal.arguments:
        children += _argument(each)
    return _element("signal", {"name": signal.name}, children)


def describe(interface):
    """Lines of XML: a node with the interface in it."""
    children = _annotations(interface)
    for members, make in (
        (interface.methods, _method),
        (interface.properties, _property),
        (interface.signals, _signal),
    ):
        for each in members:
            children += make(each)
    return _element("node", {}, _element("interface", {"name": interface.name}, children))
