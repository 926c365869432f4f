"""The documentation of GIR, shortened for a header."""

import re
import textwrap

# Where the libraries have theirs, for a namespace with its version.
SITES = {
    "Adw-1": "https://gnome.pages.gitlab.gnome.org/libadwaita/doc/1-latest",
    "Gdk-4.0": "https://docs.gtk.org/gdk4",
    "GdkPixbuf-2.0": "https://docs.gtk.org/gdk-pixbuf",
    "Gio-2.0": "https://docs.gtk.org/gio",
    "GioUnix-2.0": "https://docs.gtk.org/gio-unix",
    "Gtk-4.0": "https://docs.gtk.org/gtk4",
    "Json-1.0": "https://gnome.pages.gitlab.gnome.org/json-glib",
    "Secret-1": "https://gnome.pages.gitlab.gnome.org/libsecret",
    "Soup-3.0": "https://libsoup.gnome.org/libsoup-3.0",
}
WIDTH = 96


# Advice to who calls C, whose work the owners of C++ do.
FREEING = re.compile(
    r"(?:,? ?\(?(?:which|that|and))? (?:should|must|may|can) be (?:freed|released|unref\w*)\b"
    r".*?(?=,? or null|\.?$)"
)


def plain(text, c_name=None):
    """Text without the marks of gtk-doc and gi-docgen.

    `c_name` gives what C calls what a link is to, or None.
    """

    def linked(match):
        name = c_name(match[2]) if c_name else None
        return f"`{name}`" if name else _named(match[1], match[2])

    text = re.sub(r"\[`?(\w+)@([^\]`]+)`?\]", linked, text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[#%](NULL)\b|`NULL`|%NULL", "null", text)
    text = re.sub(r"%(\w+)", r"`\1`", text)
    text = re.sub(r"#(\w+)", r"`\1`", text)
    text = re.sub(r"(?<![\w`])@(\w+)", r"`\1`", text)
    text = re.sub(r"(?<![\w`.])(\w+\(\))", r"`\1`", text)
    # A comment that ends in a backslash goes on in the next line.
    return " ".join(text.split()).replace("\\", "")


def _named(kind, name):
    name = name.rpartition(":")[2] if "::" in name else name
    return f"`{name}()`" if kind in ("method", "func", "ctor", "type_func") else f"`{name}`"


def link(namespace, owner, function):
    """The page about a function, or None."""
    site = SITES.get(f"{namespace.name}-{namespace.version}")
    if not site:
        return None
    kind = {"method": "method", "constructor": "ctor"}.get(function.kind, "type_func")
    if owner is None:
        return f"{site}/func.{function.name}.html"
    return f"{site}/{kind}.{owner.name}.{function.name}.html"


def comment(*paragraphs, indent=""):
    """Paragraphs as a comment; a pair is one that begins with a command and hangs below it."""
    lines = []
    for paragraph in filter(None, paragraphs):
        first, rest = paragraph if isinstance(paragraph, tuple) else ("", paragraph)
        hanging = "    " if first else ""
        if lines and not (first and lines[-1].startswith(f"{indent}/// @")):
            lines.append(f"{indent}///")
        lines += textwrap.wrap(
            f"{first}{rest}",
            WIDTH,
            initial_indent=f"{indent}/// ",
            subsequent_indent=f"{indent}/// {hanging}",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


class Documentation:
    """What the headers of a namespace say of what is in them."""

    comment = staticmethod(comment)

    def __init__(self, repository, namespace):
        self._repository = repository
        self._namespace = namespace

    def first_sentence(self, doc):
        paragraph = plain(re.split(r"\n\s*\n", doc.strip())[0], self._c_name)
        sentence = re.match(r"(.+?[.!?])(?=\s+[A-Z`(]|$)", paragraph)
        text = sentence[1] if sentence else paragraph
        return text if len(text) <= 400 else text[:397].rsplit(" ", 1)[0] + " ..."

    def _c_name(self, name):
        """What C calls what gi-docgen links to by this name: a type, or a function, property or
        signal of one or of none.
        """
        name, mark, observed = re.match(r"([^:]*)(:*)(.*)", name).groups()
        *path, last = name.split(".")
        namespace = self._namespace
        if path and path[0] in self._repository.namespaces:
            namespace = self._repository.namespaces[path.pop(0)]
        if not path and last in namespace.members:
            c_type = namespace.members[last].c_type
            return c_type and f"{c_type}{mark}{observed}"
        owner = namespace.members.get(path[0]) if len(path) == 1 else None
        functions = owner.functions if owner else namespace.functions if not path else ()
        found = next((each for each in functions if each.name == last), None)
        return found and f"{found.c_name}()"

    def _gives(self, operation):
        """What the function returns, without what C returns when it fails, which is thrown, and
        what its caller should do with it.
        """
        if not operation.returned:
            return ""
        text = self.first_sentence(operation.finish.returned.doc)
        text = re.sub(
            r",?\s*(?:or |and )?(?:null|`FALSE`|-1)\b[^.]*(?:error|fail).*$", "", text
        )
        text = FREEING.sub("", text)
        return "" if re.match(r"(?:a )?`TRUE`|A `gboolean`|a `gboolean`|Always", text) else text

    def of_operation(self, operation):
        start = operation.start
        about = self.first_sentence(start.doc)
        returned = self._gives(operation)
        notes = []
        if not operation.takes_cancellable:
            notes.append("It cannot be cancelled: a cancelled task waits for its end.")
        if operation.changed:
            names = ", ".join(f"`{name}`" for name in operation.changed)
            notes.append(f"It gives back what C leaves in {names}.")
        if operation.left_out:
            names = ", ".join(f"`{name}`" for name in operation.left_out)
            are = "are" if len(operation.left_out) > 1 else "is"
            notes.append(f"{names}, which C gives when it starts, {are} left out.")
        address = link(operation.namespace, operation.owner, start)
        return comment(
            about,
            " ".join(notes),
            ("@return ", returned) if returned else None,
            ("@see ", f"`{start.c_name}()`" + (f", {address}" if address else "")),
        )

    def of_observed(self, observed, kind):
        """Of a signal or a property."""
        site = SITES.get(f"{observed.owner.namespace.name}-{observed.owner.namespace.version}")
        mark = "::" if kind == "signal" else ":"
        c_name = f"`{observed.owner.c_type}{mark}{observed.element.name}`"
        page = f"{site}/{kind}.{observed.owner.name}.{observed.element.name}.html"
        return comment(
            self.first_sentence(observed.element.doc),
            ("@see ", c_name + (f", {page}" if site else "")),
        )
