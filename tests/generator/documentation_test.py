"""What gawait-gen makes of the documentation in a GIR file."""

import pytest

from pieces import DATA, READY, RESULT, function, instance, pair, parameter


def documented(element, doc):
    """The XML of a function with documentation."""
    return element.replace("<return-value", f"<doc>{doc}</doc><return-value", 1)


@pytest.fixture
def about(generate):
    """The first line about a function that a GIR file documents so."""

    def make(doc):
        header = generate(documented(pair(), doc)).header("thing")
        comment = header.partition("} // namespace calls\n\n")[2].partition("\n///\n")[0]
        return " ".join(line.removeprefix("/// ") for line in comment.splitlines())

    return make


@pytest.fixture
def gives(generate):
    """What the header says that a function gives, of which a GIR file says this."""

    def make(doc):
        value = '<type name="Gio.File" c:type="GFile*"/>'
        start = function("method", "test_thing_work_async", [instance(), READY, DATA])
        finish = function("method", "test_thing_work_finish", [instance(), RESULT], value)
        finish = finish.replace("<type name=", f"<doc>{doc}</doc><type name=", 1)
        said = generate(start + finish).header("thing").partition("/// @return ")[2]
        return " ".join(
            line.removeprefix("///").strip()
            for line in said.partition("/// @see")[0].splitlines()
        ).strip()

    return make


@pytest.mark.parametrize(
    "doc, said",
    [
        ("Works. And rests.", "Works."),
        ("Works\non two lines.\n\nMore.", "Works on two lines."),
        ("Takes #GFile, @name, %TRUE and %NULL.", "Takes `GFile`, `name`, `TRUE` and null."),
        ("Calls g_free() and `g_object_ref()`.", "Calls `g_free()` and `g_object_ref()`."),
        ("As [a page](https://example.org) says.", "As a page says."),
        ("Of [class@Thing] and [iface@Gio.File].", "Of `TestThing` and `GFile`."),
        ("As [method@Thing.work_async].", "As `test_thing_work_async()`."),
        ("As [method@Gio.File.copy_async].", "As `g_file_copy_async()`."),
        ("By [func@Gio.bus_get].", "By `g_bus_get()`."),
        ("Sets [property@Gio.Settings:path].", "Sets `GSettings:path`."),
        ("Emits [signal@Gio.Settings::changed].", "Emits `GSettings::changed`."),
        ("By [func@Nobody.knows] and [class@Nobody].", "By `Nobody.knows()` and `Nobody`."),
    ],
)
def test_the_first_sentence_is_there_with_the_names_of_c(about, doc, said):
    assert about(doc) == said


@pytest.mark.parametrize(
    "doc, said",
    [
        ("a #GFile or %NULL on error.", "a `GFile`"),
        ("a file, which should be unreffed with g_object_unref()", "a file"),
        ("the file which must be freed by [func@GLib.free] later.", "the file."),
        ("a file, which can be released with `x()`, or %NULL", "a file, or null"),
        (
            "a string that may be freed with a() or may be freed with b() when done",
            "a string",
        ),
    ],
)
def test_who_frees_what_is_given_is_not_said(gives, doc, said):
    assert gives(doc) == said


def test_what_comes_when_it_starts_is_said_to_be_left_out(generate):
    serials = [
        parameter(name, "guint32*", "guint32", direction="out", optional="1")
        for name in ("serial", "other")
    ]
    header = generate(pair(serials[:1])).header("thing")
    assert "/// `serial`, which C gives when it starts, is left out.\n" in header
    header = generate(pair(serials)).header("thing")
    assert "/// `serial`, `other`, which C gives when it starts, are left out.\n" in header
