"""Comments of introspection XML, as comments of C++."""

import re
import unicodedata

from ..documentation import comment, plain


def _paragraphs(doc, name):
    """The text in paragraphs; and by name what it says of arguments, as in "@by: seconds"."""
    # Characters that are no text, of which some turn the direction of what follows.
    text = "".join(
        each
        for each in doc.replace("??/", "")
        if each.isspace() or unicodedata.category(each)[0] != "C"
    )
    paragraphs, arguments = [[]], {}
    into = paragraphs[0]
    for line in map(str.strip, text.strip().splitlines()):
        said = re.match(r"@([\w-]+):\s*(.*)", line)
        if said:
            into = arguments.setdefault(said[1], [])
            into.append(said[2])
        elif not line:
            paragraphs.append([])
            into = paragraphs[-1]
        # The name of what it is about, as gtk-doc wants it.
        elif not re.fullmatch(rf"(?:[\w.]+[.:])?{re.escape(name)}:", line):
            into.append(line)
    found = [plain(" ".join(each)) for each in paragraphs]
    return [each for each in found if re.search(r"\w", each)], {
        key: plain(" ".join(each)) for key, each in arguments.items()
    }


def of_value(value):
    """What is said of an argument."""
    return " ".join(_paragraphs(value.element.doc, value.element.name)[0])


def of_proxy(interface):
    element = interface.element
    text, _ = _paragraphs(element.doc, element.name)
    return comment(*text, f"A remote object with the interface {element.name}.")


def of_service(interface):
    element = interface.element
    text, _ = _paragraphs(element.doc, element.name)
    return comment(
        *text,
        f"An object with the interface {element.name}, for `gawait::dbus::exported` and its kin. A "
        "class derived from it says what its methods do, and lives until all calls have ended. What "
        "they throw is the answer to the caller, as `gawait::dbus::error_of()` has it.",
    )


def _of_arguments(values, arguments):
    for each in values:
        yield each, of_value(each) or arguments.get(each.element.name, "")


def of_method(method):
    """Also of what it takes and gives."""
    element = method.element
    text, arguments = _paragraphs(element.doc, element.name)
    told = [
        (f"@param {each.name} ", said)
        for each, said in _of_arguments(method.inputs, arguments)
        if said
    ]
    if len(method.outputs) == 1:
        told += [
            ("@return ", said) for _, said in _of_arguments(method.outputs, arguments) if said
        ]
    return comment(*text, *told, indent="    ")


def of_property(prop, *more):
    text, _ = _paragraphs(prop.element.doc, prop.element.name)
    return comment(*text, *more, indent="    ")


def of_signal(signal):
    text, arguments = _paragraphs(signal.element.doc, signal.element.name)
    told = [
        f"`{each.name}`: {said}"
        for each, said in _of_arguments(signal.arguments, arguments)
        if said
    ]
    return comment(*text, *told, indent="    ")
