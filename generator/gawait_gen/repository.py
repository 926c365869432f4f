"""The GIR files that one refers to, and the types in them."""

import os
import pathlib
import sysconfig

from .gir import Alias, Class, Interface, Namespace
from .xml import Malformed

# Names that GIR has for C's own types, and the C types themselves.
BASIC = {
    "gboolean": "gboolean",
    "gint8": "gint8",
    "guint8": "guint8",
    "gint16": "gint16",
    "guint16": "guint16",
    "gint32": "gint32",
    "guint32": "guint32",
    "gint64": "gint64",
    "guint64": "guint64",
    "gchar": "gchar",
    "guchar": "guchar",
    "gshort": "gshort",
    "gushort": "gushort",
    "gint": "gint",
    "guint": "guint",
    "glong": "glong",
    "gulong": "gulong",
    "gssize": "gssize",
    "gsize": "gsize",
    "gintptr": "gintptr",
    "guintptr": "guintptr",
    "goffset": "goffset",
    "gfloat": "gfloat",
    "gdouble": "gdouble",
    "gunichar": "gunichar",
    "GType": "GType",
    "time_t": "time_t",
    "off_t": "off_t",
    "pid_t": "pid_t",
    "uid_t": "uid_t",
    "gid_t": "gid_t",
}


# Words of C's own types that GIR has other names for.
WORDS_OF_C = set(
    """
    void char short int long unsigned signed float double const gpointer gconstpointer va_list
    """.split()
)


def default_directories():
    """Where a system has its GIR files."""
    data = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    directories = [pathlib.Path(each) / "gir-1.0" for each in data.split(":") if each]
    directories.append(pathlib.Path("/usr/share/gir-1.0"))
    if multiarch := sysconfig.get_config_var("MULTIARCH"):
        directories.append(pathlib.Path("/usr/lib") / multiarch / "gir-1.0")
    return directories


class Repository:
    """GIR files, each read once."""

    def __init__(self, directories):
        self._directories = [pathlib.Path(each) for each in directories]
        self._namespaces = {}

    @property
    def namespaces(self):
        """Those that were read, by their names."""
        return self._namespaces

    @property
    def paths(self):
        """The files that were read."""
        return [namespace.path for namespace in self._namespaces.values()]

    def load(self, name, wanted_by=None):
        """A namespace: by the path of its file, or as "Gio-2.0" from the directories.

        `wanted_by` is the path and the line that name it.
        """
        path = pathlib.Path(name)
        if path.suffix == ".gir":
            namespace = Namespace(path)
            self._namespaces[namespace.name] = namespace
            return namespace
        short = name.partition("-")[0]
        if short not in self._namespaces:
            for directory in self._directories:
                path = directory / f"{name}.gir"
                if path.exists():
                    self._namespaces[short] = Namespace(path)
                    break
            else:
                places = ", ".join(map(str, dict.fromkeys(self._directories)))
                where, line = wanted_by or (f"{name}.gir", 0)
                raise Malformed(where, line, f"there is no {name}.gir in {places}")
        return self._namespaces[short]

    def named(self, namespace, name):
        """What a name in a namespace means: a member of that or of another, or None."""
        if "." not in name:
            return namespace.members.get(name)
        other, _, local = name.partition(".")
        return self._reached(namespace, other, local, set())

    def _reached(self, namespace, other, local, seen):
        if namespace.name == other:
            return namespace.members.get(local)
        seen.add(namespace.name)
        # Direct includes first: most names are from there.
        includes = sorted(namespace.includes, key=lambda include: include[0] != other)
        for name, version, line in includes:
            if name not in seen:
                included = self.load(f"{name}-{version}", (namespace.path, line))
                found = self._reached(included, other, local, seen)
                if found:
                    return found
        return None

    def type_of(self, a_type):
        """What a type names, aliases followed: a member, or a name of BASIC, or None."""
        for _ in range(8):
            if a_type.name in BASIC:
                return a_type.name
            found = self.named(a_type.namespace, a_type.name)
            if not isinstance(found, Alias):
                return found
            a_type = found.target
        return None

    def knows_c_type(self, a_type):
        """Whether what C calls a type is a type of C's, or of a namespace that was read."""
        self.type_of(a_type)  # which reads that
        return all(
            word in WORDS_OF_C
            or word in BASIC
            or any(word in each.c_types for each in self._namespaces.values())
            for word in a_type.pointee.split()
        )

    def bases(self, member):
        """All classes and interfaces that an object of a class, or of an interface, is besides,
        nearest first.
        """
        found = {}
        waiting = [member]
        while waiting:
            each = waiting.pop(0)
            for name in each.base_names:
                base = self.named(each.namespace, name)
                if isinstance(base, (Class, Interface)) and base.c_type not in found:
                    found[base.c_type] = base
                    waiting.append(base)
        found.pop(member.c_type, None)
        return list(found.values())
