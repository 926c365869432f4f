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


def plain(text):
    """Text without the marks of gtk-doc and gi-docgen."""
    text = re.sub(r"\[`?(\w+)@([^\]`]+)`?\]", lambda m: _named(m[1], m[2]), text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[#%](NULL)\b|`NULL`|%NULL", "null", text)
    text = re.sub(r"%(\w+)", r"`\1`", text)
    text = re.sub(r"#(\w+)", r"`\1`", text)
    text = re.sub(r"(?<![\w`])@(\w+)", r"`\1`", text)
    text = re.sub(r"(?<![\w`])(\w+\(\))", r"`\1`", text)
    # A comment that ends in a backslash goes on in the next line.
    return " ".join(text.split()).replace("\\", "")


def _named(kind, name):
    name = name.rpartition(":")[2] if "::" in name else name
    return f"`{name}()`" if kind in ("method", "func", "ctor", "type_func") else f"`{name}`"


def first_sentence(doc):
    paragraph = plain(re.split(r"\n\s*\n", doc.strip())[0])
    sentence = re.match(r"(.+?[.!?])(?=\s+[A-Z`(]|$)", paragraph)
    text = sentence[1] if sentence else paragraph
    return text if len(text) <= 400 else text[:397].rsplit(" ", 1)[0] + " ..."


def gives(operation):
    """What the function returns, without what C returns when it fails: that is thrown."""
    if not operation.returned:
        return ""
    text = first_sentence(operation.finish.returned.doc)
    text = re.sub(r",?\s*(?:or |and )?(?:null|`FALSE`|-1)\b[^.]*(?:error|fail).*$", "", text)
    return "" if re.match(r"(?:a )?`TRUE`|A `gboolean`|a `gboolean`|Always", text) else text


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


def of_operation(operation):
    start = operation.start
    about = first_sentence(start.doc)
    returned = gives(operation)
    notes = []
    if not operation.takes_cancellable:
        notes.append("It cannot be cancelled: a cancelled task waits for its end.")
    if operation.left_out:
        names = ", ".join(f"`{name}`" for name in operation.left_out)
        notes.append(f"Left out: {names}, which come out when it starts.")
    address = link(operation.namespace, operation.owner, start)
    return comment(
        about,
        " ".join(notes),
        ("@return ", returned) if returned else None,
        ("@see ", f"`{start.c_name}()`" + (f", {address}" if address else "")),
    )


def of_observed(observed, kind):
    """Of a signal or a property."""
    site = SITES.get(f"{observed.owner.namespace.name}-{observed.owner.namespace.version}")
    mark = "::" if kind == "signal" else ":"
    c_name = f"`{observed.owner.c_type}{mark}{observed.element.name}`"
    page = f"{site}/{kind}.{observed.owner.name}.{observed.element.name}.html"
    return comment(
        first_sentence(observed.element.doc),
        ("@see ", c_name + (f", {page}" if site else "")),
    )
