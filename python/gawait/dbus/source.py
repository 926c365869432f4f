"""Classes of interfaces as the Python that declares them."""

import keyword

from gawait.dbus.interface import Method, Property, Signal, camel_case, interfaces_of
from gawait.dbus.xml import class_of
from gawait.dbus.types import split

# mypy wants to see bodies, where a declaration has none.
_HEAD = '# mypy: disable-error-code="empty-body"\n'

_BASIC = {
    "b": "bool",
    "y": "dbus.Byte",
    "n": "dbus.Int16",
    "q": "dbus.UInt16",
    "i": "int",
    "u": "dbus.UInt32",
    "x": "dbus.Int64",
    "t": "dbus.UInt64",
    "d": "float",
    "s": "str",
    "o": "dbus.ObjectPath",
    "g": "dbus.Signature",
    "h": "dbus.FileDescriptor",
    "v": "Any",
    "ay": "bytes",
}

# What a class is declared by, and its members must not hide.
_USED = {"dbus", "bool", "int", "float", "str", "bytes", "tuple", "list", "dict", "object"}


def source_of(infos):
    """Return the source of a module that declares interfaces, of their Gio.DBusInterfaceInfo.

    Raises ValueError for a name or a type in them that is none.
    """
    titles, classes = {"dbus", "Any"}, []
    for info in infos:
        (description,) = interfaces_of(class_of(info, _USED))
        title = _title(description.name, titles)
        titles.add(title)
        classes.append("\n".join(_class_lines(title, description)))
    imports = "from gawait import dbus\n"
    if any("Any" in each for each in classes):
        imports = f"from typing import Any\n\n{imports}"
    return "\n\n".join([f"{_HEAD}\n{imports}", *(f"{each}\n" for each in classes)])


def annotation_of(signature):
    """Return the annotation, as source, of a signature's type."""
    if signature in _BASIC:
        return _BASIC[signature]
    if signature[0] == "(":
        return f"tuple[{', '.join(map(annotation_of, split(signature[1:-1])))}]"
    if signature.startswith("a{"):
        return f"dict[{', '.join(map(annotation_of, split(signature[2:-1])))}]"
    return f"list[{annotation_of(signature[1:])}]"


def _title(name, taken):
    title = camel_case(name.rpartition(".")[2])
    if not title.isidentifier():
        title = f"_{title}"
    while title in taken or keyword.iskeyword(title):
        title += "_"
    return title


def _class_lines(title, description):
    options = [f'name="{description.name}"', *_described(description)]
    yield f"class {title}(dbus.Interface, {', '.join(options)}):"
    yield from _documentation_lines(description, "    ")
    taken = {each.attribute for each in description.members}
    stands_apart = bool(description.documentation)
    for index, member in enumerate(description.members):
        lines = list(_member_lines(member, taken))
        # Those of a line each stand together.
        if stands_apart or index and len(lines) > 1:
            yield ""
        yield from lines
        stands_apart = len(lines) > 1
    if all(map(_is_left_out, description.members)) and not description.documentation:
        yield "    pass"


def _member_lines(member, taken):
    options = _described(member)
    if camel_case(member.attribute) != member.name:
        options.insert(0, f'name="{member.name}"')
    if isinstance(member, Method):
        return _method_lines(member, options)
    if isinstance(member, Property):
        return _property_lines(member, options, taken)
    return _signal_lines(member, options)


def _method_lines(method, options):
    if method.no_reply:
        options.append("no_reply=True")
    yield f"    @dbus.method{_call(options)}"
    parameters = ["self"]
    for name, (_, type_) in zip(method.signature.parameters, method.inputs):
        name = "self_" if name == "self" else name
        parameters.append(f"{name}: {annotation_of(type_.signature)}")
    outputs = [annotation_of(each.signature) for _, each in method.outputs]
    # A structure alone would be several values.
    is_one = len(outputs) == 1 and not outputs[0].startswith("tuple")
    returned = outputs[0] if is_one else f"tuple[{', '.join(outputs)}]"
    head = f"async def {method.attribute}({', '.join(parameters)})"
    head += f" -> {returned if outputs else None}:"
    yield from _function_lines(head, method)


def _property_lines(described, options, taken):
    if described.emits is not True:
        emits = described.emits
        options.append(f'emits="{emits}"' if emits else "emits=False")
    if not described.readable:
        options.append("readable=False")
    name, annotation = described.attribute, annotation_of(described.type.signature)
    # Any itself is nothing that has a type.
    if annotation != "Any" and not described.documentation:
        options = ["writable=True"] * described.writable + options
        yield f"    {name} = dbus.property({', '.join([annotation, *options])})"
        return
    yield f"    @dbus.property{_call(options)}"
    yield from _function_lines(f"def {name}(self) -> {annotation}:", described)
    if described.writable:
        setter = f"set_{name}"
        while setter in taken:
            setter += "_"
        taken.add(setter)
        yield ""
        yield f"    @{name}.setter"
        yield f"    def {setter}(self, value: {annotation}) -> None: ..."


def _signal_lines(signal, options):
    types = [annotation_of(each.signature) for _, each in signal.arguments]
    if _is_left_out(signal):
        yield f"    # GDBus does not give the file descriptors of the signal {signal.name}."
        yield f"    # {signal.attribute}: {', '.join(types)}"
        return
    # Any itself is nothing that has a type.
    types = ["object" if each == "Any" else each for each in types]
    names = [name for name, _ in signal.arguments]
    if names and all(names):
        options.insert(0, f"arguments={names!r}".replace("'", '"'))
    yield f"    {signal.attribute} = dbus.signal({', '.join([*types, *options])})"


def _is_left_out(member):
    """Whether dbus.signal() would refuse it."""
    return isinstance(member, Signal) and "h" in member.values.signature


def _function_lines(head, member):
    if not member.documentation:
        yield f"    {head} ..."
        return
    yield f"    {head}"
    yield from _documentation_lines(member, "        ")
    # pyright takes a docstring alone for a body that forgets to return something.
    yield "        ..."


def _documentation_lines(described, indentation):
    text = described.documentation
    if not text:
        return
    is_plain = all(each.isprintable() or each == "\n" for each in text)
    if is_plain and "\\" not in text and '"""' not in text and not text.endswith('"'):
        first, *rest = f'"""{text}"""'.split("\n")
        yield indentation + first
        yield from (indentation + each if each else "" for each in rest)
    else:
        yield f"{indentation}{text!r}"


def _described(described):
    options = ["deprecated=True"] * described.deprecated
    if described.annotations:
        options.append(f"annotations={described.annotations!r}")
    return options


def _call(options):
    return f"({', '.join(options)})" if options else ""
