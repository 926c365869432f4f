"""D-Bus signatures as trees of types, which know what they are in C++."""

BASIC = {
    "y": "std::uint8_t",
    "b": "bool",
    "n": "std::int16_t",
    "q": "std::uint16_t",
    "i": "std::int32_t",
    "u": "std::uint32_t",
    "x": "std::int64_t",
    "t": "std::uint64_t",
    "d": "double",
    "s": "std::string",
    "o": "gawait::dbus::object_path",
    "g": "gawait::dbus::signature",
    "h": "gawait::dbus::unix_fd",
}
LONGEST = 255
DEEPEST = 32
# Of how many members gawait/dbus/value.hpp sees a structure of C++'s, which is then one of D-Bus's.
MOST_MEMBERS = 16


class Wrong(Exception):
    """What is wrong with a signature."""


class Type:
    """A single complete type. `parts` are those that it is made of."""

    parts = ()

    @property
    def structs(self):
        """All structures in it, in the order in which they open."""
        for part in self.parts:
            yield from part.structs


class Basic(Type):
    def __init__(self, code):
        self.code = code
        self.cpp = BASIC[code]


class Variant(Type):
    code = "v"
    cpp = "gawait::dbus::variant"


class Array(Type):
    def __init__(self, element):
        self.parts = (element,)

    @property
    def code(self):
        return "a" + self.parts[0].code

    @property
    def cpp(self):
        if self.code == "ay":
            return "gawait::dbus::bytes"
        return f"std::vector<{self.parts[0].cpp}>"


class Dictionary(Type):
    def __init__(self, key, value):
        self.parts = (key, value)

    @property
    def code(self):
        key, value = self.parts
        return f"a{{{key.code}{value.code}}}"

    @property
    def cpp(self):
        if self.code == "a{sv}":
            return "gawait::dbus::vardict"
        key, value = self.parts
        return f"std::map<{key.cpp}, {value.cpp}>"


class Struct(Type):
    """A `std::tuple`, unless it is given a name."""

    def __init__(self, parts):
        self.parts = tuple(parts)
        self.name = None
        self.members = ()

    @property
    def structs(self):
        yield self
        yield from super().structs

    @property
    def layout(self):
        """Its members, by types and names."""
        return [part.cpp for part in self.parts], self.members

    @property
    def code(self):
        return f"({''.join(part.code for part in self.parts)})"

    @property
    def cpp(self):
        return self.name or f"std::tuple<{', '.join(part.cpp for part in self.parts)}>"


class _Reader:
    def __init__(self, text):
        self._text = text
        self._at = 0

    def _next(self):
        if self._at == len(self._text):
            raise Wrong("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _looks_at(self, code):
        return self._text[self._at : self._at + 1] == code

    @property
    def left(self):
        return self._text[self._at :]

    def one(self, arrays=0, structs=0):
        """The type that begins here, within so many arrays and structures."""
        code = self._next()
        if code == "v":
            return Variant()
        if code in BASIC:
            return Basic(code)
        if code == "a" and arrays == DEEPEST or code == "(" and structs == DEEPEST:
            raise Wrong(f"it is nested more than {DEEPEST} deep")
        if code == "a":
            if self._looks_at("{"):
                return self._dictionary(arrays + 1, structs)
            return Array(self.one(arrays + 1, structs))
        if code == "(":
            parts = []
            while not self._looks_at(")"):
                parts.append(self.one(arrays, structs + 1))
            self._next()
            if not parts:
                raise Wrong("a structure is empty")
            return Struct(parts)
        if code == "{":
            raise Wrong("a dictionary's entry is in no array")
        raise Wrong(f"{code!r} begins no type")

    def _dictionary(self, arrays, structs):
        self._next()
        if self._next() not in BASIC:
            raise Wrong("the key of a dictionary is no basic type")
        if self._text[self._at - 1] == "h":
            raise Wrong("the key of a dictionary is a descriptor")
        key = Basic(self._text[self._at - 1])
        value = self.one(arrays, structs + 1)
        if self._next() != "}":
            raise Wrong("a dictionary's entry has more than a key and a value")
        return Dictionary(key, value)


def parse(text):
    """The type of a signature that has to be of just one.

    Raises Wrong where it is not.
    """
    if len(text) > LONGEST:
        raise Wrong(f"it is longer than {LONGEST} characters")
    reader = _Reader(text)
    found = reader.one()
    if reader.left:
        raise Wrong("it is of more than one type")
    return found
