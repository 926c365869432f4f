"""Writes the headers of a namespace: one for each class with async functions, signals or
properties, one that says what its types are, and one that includes all.
"""

import pathlib
import re

from mako.template import Template

from . import layout, text
from .documentation import Documentation
from .gir import Array, Class, Enumeration, Interface, Record
from .names import snake
from .signals import Property, Signal

TEMPLATES = pathlib.Path(__file__).parent / "templates"

# Of these ref.hpp knows the types up to the oldest GLib that there may be.
KNOWN = {"GLib", "GObject", "Gio", "GioUnix"}
KNOWN_VERSION = (2, 74)

# One structure of two types, of which that of Gdk is in use.
SAME_STRUCTURE = {"cairo_rectangle_int_t": "GdkRectangle"}


def tag(member):
    """The structure of a class or an interface, which may be in a header that is not included:
    by GObject's convention for its name.
    """
    return f"::_{member.c_type}"


def _version(text):
    return tuple(int(part) for part in re.findall(r"\d+", text or ""))


class Traits:
    """What classes.hpp says of a type."""

    def __init__(self, c_type, base):
        self.c_type = c_type
        self.base = base

    def text(self, name="ref_traits"):
        head = f"struct {name}<{self.c_type}>"
        line = templated_full(f"{head} : {self.base} {{}};")
        if max(map(len, line.splitlines())) <= layout.WIDTH:
            return line
        kind, _, inner = self.base.partition("<")
        return f"template <>\n{head}\n" + layout.wrap(
            f": {kind}<", inner[:-1].split(", "), "> {};", 4
        )


class CallingTraits:
    """The same of a record, by calls: as template arguments its functions may not be inline in C,
    as GStreamer's are.
    """

    def __init__(self, c_type, ref, unref):
        self.c_type = c_type
        self.functions = {"ref": ref, "unref": unref}

    def text(self):
        parameters = [f"{self.c_type}* object"]
        methods = [
            layout.function(
                f"static void {name}", parameters, " noexcept", f"{called}(object);", 4
            )
            for name, called in self.functions.items()
            if called
        ]
        return "\n".join([f"template <> struct ref_traits<{self.c_type}> {{", *methods, "};"])


def templated_full(declaration):
    """A full specialisation."""
    line = f"template <> {declaration}"
    return line if len(line) <= layout.WIDTH else f"template <>\n{declaration}"


def _is_object(repository, member):
    """Whether it derives from GObject."""
    if isinstance(member, Interface):
        return True
    if member.is_fundamental and f"{member.namespace.name}.{member.name}" != "GObject.Object":
        return False
    return True


def reference_traits(repository, namespace):
    """How the types of a namespace are referenced, as far as ref.hpp does not know."""
    traits, boxed = [], []
    for member in namespace.members.values():
        if not member.c_type or member.c_type in SAME_STRUCTURE:
            continue
        known = namespace.name in KNOWN and _version(member.version) <= KNOWN_VERSION
        if known:
            continue
        if isinstance(member, (Class, Interface)):
            if _is_object(repository, member):
                traits.append(Traits(tag(member), f"gobject_traits<{tag(member)}>"))
            elif all(member.fundamental_functions):
                functions = ", ".join(member.fundamental_functions)
                traits.append(Traits(tag(member), f"ref_functions<{tag(member)}, {functions}>"))
        elif isinstance(member, Record) and not member.is_class_structure:
            if member.ref and member.unref:
                traits.append(CallingTraits(member.c_type, member.ref, member.unref))
            elif member.free:
                traits.append(CallingTraits(member.c_type, None, member.free))
            elif member.get_type and member.get_type != "intern":
                boxed.append(member)
    return traits, boxed


def base_traits(repository, namespace):
    """Which classes and interfaces the classes of a namespace derive from."""
    found = []
    for member in namespace.members.values():
        if not isinstance(member, (Class, Interface)) or not member.c_type:
            continue
        bases = [
            tag(base)
            for base in repository.bases(member)
            if base.c_type and base.c_type != "GObject"
        ]
        if bases:
            found.append(Traits(tag(member), f"derives_from<{', '.join(bases)}>"))
    return found


def tags(repository, namespace):
    """The structures that the traits of a namespace name."""
    found = set()
    for member in namespace.members.values():
        if isinstance(member, (Class, Interface)) and member.c_type:
            found.add(tag(member))
            found.update(tag(each) for each in repository.bases(member) if each.c_type)
    return [each.removeprefix("::") for each in sorted(found)]


def c_includes(namespace):
    """The C headers of a namespace."""
    # Wants a macro from who includes it.
    return [each for each in namespace.c_includes if each != "gio/gsettingsbackend.h"]


def gtype_names(namespace):
    """The types that GObject calls otherwise than C does."""
    return [
        member
        for member in namespace.members.values()
        if isinstance(member, (Record, Enumeration))
        and member.c_type
        and member.gtype_name
        and (member.gtype_name != member.c_type or member.c_type in SAME_STRUCTURE.values())
        and member.c_type not in SAME_STRUCTURE
        and not (isinstance(member, Record) and member.is_class_structure)
    ]


class Header:
    """A header with what is written of a class, or of no class."""

    def __init__(self, name, title, written):
        self.name = name
        self.title = title
        self.signals = [each for each in written if isinstance(each, Signal)]
        self.properties = [each for each in written if isinstance(each, Property)]
        observed = {*self.signals, *self.properties}
        self.operations = [each for each in written if each not in observed]
        self.written = written

    @property
    def has_deprecated(self):
        return any(
            each.start.deprecated or each.finish.deprecated for each in self.operations
        ) or any(
            each.element.deprecated or each.owner.deprecated
            for each in [*self.signals, *self.properties]
        )

    @property
    def includes(self):
        """What of gawait it is made of."""
        return (
            (["property"] if self.properties else [])
            + (["signal"] if self.signals else [])
            + (["streams"] if any(map(text.is_of_streams, self.operations)) else [])
            + (["typed"] if self.operations else [])
        )


def headers(namespace, written):
    by_owner = {}
    for each in written:
        by_owner.setdefault(each.owner, []).append(each)
    found = []
    for owner, own in by_owner.items():
        if owner is None:
            found.append(Header("functions", f"functions of {namespace.name}", own))
        else:
            name = owner.symbol_prefix or snake(owner.name)
            found.append(Header(name, owner.c_type or owner.name, own))
    names = {"classes", namespace.name.lower()}
    for each in found:
        while each.name in names:
            each.name += "_class"
        names.add(each.name)
    return sorted(found, key=lambda header: header.name)


def _types(written):
    if isinstance(written, (Signal, Property)):
        for each in written.types:
            yield each
            yield from each.elements
        return
    operation = written
    for each in operation.start.parameters + operation.finish.parameters:
        yield each.type
        yield from each.type.elements
    yield operation.finish.returned.type
    yield from operation.finish.returned.type.elements


def used_namespaces(repository, namespace, written):
    """The other namespaces whose types the functions take or give."""
    found = {}
    for item in written:
        for each in _types(item):
            member = None if isinstance(each, Array) else repository.type_of(each)
            other = getattr(member, "namespace", None)
            if other and other is not namespace and other.name not in ("GLib", "GObject"):
                # All GIO functions take a cancellable and a result.
                if each.name.rpartition(".")[2] not in (
                    "Cancellable",
                    "AsyncResult",
                    "AsyncReadyCallback",
                ):
                    found[other.name] = other
    return [found[name] for name in sorted(found)]


class Writer:
    def __init__(self, repository, output):
        self._repository = repository
        self._output = pathlib.Path(output)
        self._written = set()

    def namespace(self, namespace, operations, signals, left_out):
        """Writes all headers of a namespace, and the classes.hpp of those it uses."""
        written = [*operations, *signals]
        for other in used_namespaces(self._repository, namespace, written):
            self._classes(other)
        self._classes(namespace)
        parts = headers(namespace, written)
        for header in parts:
            self._write(
                "class.hpp.mako",
                header.name,
                namespace,
                header=header,
                used=used_namespaces(self._repository, namespace, header.written),
            )
        self._write(
            "namespace.hpp.mako",
            namespace.name.lower(),
            namespace,
            headers=parts,
            left_out=left_out,
        )

    def _classes(self, namespace):
        if namespace.name in self._written:
            return
        self._written.add(namespace.name)
        traits, boxed = reference_traits(self._repository, namespace)
        self._write(
            "classes.hpp.mako",
            "classes",
            namespace,
            includes=c_includes(namespace),
            tags=tags(self._repository, namespace),
            bases=base_traits(self._repository, namespace),
            traits=traits,
            boxed=boxed,
            gtype_names=gtype_names(namespace),
        )

    def _write(self, template, name, namespace, **values):
        directory = self._output / "gawait" / namespace.name.lower()
        directory.mkdir(parents=True, exist_ok=True)
        rendered = Template(filename=str(TEMPLATES / template)).render(
            namespace=namespace,
            documentation=Documentation(self._repository, namespace),
            text=text,
            **values,
        )
        (directory / f"{name}.hpp").write_text(rendered)
