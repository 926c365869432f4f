"""XML as a tree of elements that know their lines."""

import xml.parsers.expat

# The namespaces of GIR files, by the prefixes that they have there.
PREFIXES = {
    "http://www.gtk.org/introspection/core/1.0": "",
    "http://www.gtk.org/introspection/c/1.0": "c:",
    "http://www.gtk.org/introspection/glib/1.0": "glib:",
    "http://www.gtk.org/introspection/doc/1.0": "doc:",
    "http://www.w3.org/XML/1998/namespace": "xml:",
}


class Malformed(Exception):
    """A file that cannot be used: says where and why, in one line."""

    def __init__(self, path, line, why):
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")


class Element:
    """An element: its name and attributes with the usual prefixes, and what is in it. `comment` is
    the one before it, or behind it in the same line.
    """

    def __init__(self, file, line, name, attributes):
        self.file = file
        self.line = line
        self.name = name
        self.attributes = attributes
        self.children = []
        self.text = ""
        self.comment = ""

    def get(self, attribute, default=None):
        return self.attributes.get(attribute, default)

    def flag(self, attribute):
        return self.get(attribute) == "1"

    def need(self, attribute):
        """An attribute that must be there."""
        value = self.get(attribute)
        if not value:
            self.fail(f"<{self.name}> has no {attribute}")
        return value

    def number(self, attribute):
        """An attribute that is a number, or None."""
        value = self.get(attribute)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit()):
            self.fail(f"{attribute} is no number: {value!r}")
        return int(value)

    def all(self, *names):
        return [child for child in self.children if child.name in names]

    def first(self, *names):
        return next(iter(self.all(*names)), None)

    def fail(self, why):
        raise Malformed(self.file, self.line, why)


class _Comments:
    """Finds which element a comment is about."""

    def __init__(self, parser):
        self._parser = parser
        self._pending = ""
        self._last = None, 0

    def comment(self, text):
        element, line = self._last
        if element and line == self._parser.CurrentLineNumber:
            element.comment = element.comment or text
        else:
            self._pending = text

    def begins(self, element):
        element.comment = self._pending
        self._pending = ""

    def ended(self, element):
        self._pending = ""
        self._last = element, self._parser.CurrentLineNumber


def _plain(name):
    namespace, _, local = name.rpartition(" ")
    return PREFIXES.get(namespace, namespace + ":" if namespace else "") + local


def parse(path):
    """The root element of a file."""
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    root = Element(path, 0, "", {})
    open_elements = [root]
    comments = _Comments(parser)

    def start(name, attributes):
        element = Element(
            path,
            parser.CurrentLineNumber,
            _plain(name),
            {_plain(key): value for key, value in attributes.items()},
        )
        comments.begins(element)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(name):
        comments.ended(open_elements.pop())

    def characters(text):
        open_elements[-1].text += text

    def entity(name, *_):
        # They can make a line gigabytes.
        raise Malformed(path, parser.CurrentLineNumber, f"entities are not taken: {name!r}")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.CommentHandler = comments.comment
    parser.EntityDeclHandler = entity
    parser.buffer_text = True
    try:
        with open(path, "rb") as file:
            parser.ParseFile(file)
    except xml.parsers.expat.ExpatError as error:
        why = xml.parsers.expat.ErrorString(error.code)
        raise Malformed(path, error.lineno, f"no well-formed XML: {why}") from None
    except (LookupError, ValueError):
        # From what Python has for the encoding that the file says it is in.
        raise Malformed(path, 1, "no well-formed XML: unknown encoding") from None
    except OSError as error:
        raise Malformed(path, 0, error.strerror) from None
    return root.children[0]
