"""What gawait-gen makes of signals and properties, compared with what the libraries have."""

import gi
import pytest
from pieces import parameter
from gi.repository import GObject
from gawait_gen.repository import Repository, default_directories
from gawait_gen.signals import signals


def signal(name="moved", parameters=(), returned='<type name="none" c:type="void"/>', **more):
    given = "".join(f' {key}="{value}"' for key, value in more.items())
    return (
        f'<glib:signal name="{name}" when="last"{given}>'
        f'<return-value transfer-ownership="none">{returned}</return-value>'
        f'<parameters>{"".join(parameters)}</parameters></glib:signal>'
    )


def observed_property(name, gir_type, **more):
    given = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
    return (
        f'<property name="{name}" transfer-ownership="none"{given}>'
        f'<type name="{gir_type}"/></property>'
    )


@pytest.fixture
def observed(tmp_path):
    """The signals and properties of a class with this content, and what is left out."""
    from pieces import HEAD, OBJECT, TAIL

    def make(content):
        gir = tmp_path / "Test-1.0.gir"
        gir.write_text(f"{HEAD}{OBJECT}{content}</class>{TAIL}")
        repository = Repository(default_directories())
        return signals(repository, repository.load(str(gir)), [])

    return make


def test_a_signal_is_named_after_its_class(observed):
    ((moved,), _) = observed(signal("has-moved"))
    assert (moved.name, moved.answer, moved.arguments) == ("thing_has_moved", "void", [])


def test_a_property_is_named_after_the_signal_that_tells_of_it(observed):
    ((level,), _) = observed(observed_property("max-level", "gint"))
    assert (level.name, level.value) == ("thing_notify_max_level", "gint")


def test_what_cannot_change_or_be_read_is_not_observed(observed):
    written, left_out = observed(
        observed_property("a", "gint", construct_only="1")
        + observed_property("b", "gint", readable="0")
    )
    assert not written and not left_out


@pytest.mark.parametrize(
    "gir, cpp",
    [
        ("gboolean", "bool"),
        ("guint64", "guint64"),
        ("gdouble", "gdouble"),
        ("utf8", "unique_string"),
        ("Gio.File", "ref<GFile>"),
        ("Thing", "ref<TestThing>"),
        ("GObject.Object", "ref<GObject>"),
        ("GObject.ParamSpec", "ref<GParamSpec>"),
        ("GLib.Variant", "ref<GVariant>"),
        ("GLib.Error", "ref<GError>"),
        ("Gio.FileMonitorEvent", "GFileMonitorEvent"),
    ],
)
def test_arguments_are_what_owns_them(observed, gir, cpp):
    ((made,), _) = observed(
        signal(parameters=[parameter("x", "", gir).replace(' c:type=""', "")])
    )
    assert made.arguments == [cpp]


def test_a_signal_may_want_an_answer_and_take_a_detail(observed, generate):
    asks = signal("asks", returned='<type name="gboolean" c:type="gboolean"/>', detailed="1")
    ((made,), _) = observed(asks)
    assert made.answer == "bool" and made.has_detail
    header = generate(asks).header("thing")
    assert "thing_asks(emitter<TestThing> object, const char* detail = nullptr)" in header
    assert "object_signal<bool()>" in header and 'signal(object, "asks", detail)' in header


@pytest.mark.parametrize(
    "gir", ["gpointer", "GLib.List", "GObject.Value", "Gio.AsyncReadyCallback"]
)
def test_what_nobody_knows_how_to_hold_is_left_out_and_named(observed, gir):
    written, (left,) = observed(signal(parameters=[parameter("x", "gpointer", gir)]))
    assert not written
    assert left.c_name == "TestThing::moved" and "it is not known how it is held" in left.reason


def test_names_that_functions_have_are_told_apart(tmp_path, generate):
    from pieces import pair

    header = generate(pair(name="moved") + signal("moved")).header("thing")
    assert "auto thing_moved(" in header and "auto thing_moved_signal(" in header


def cpp_type_of(gtype):
    """The C++ type that takes a GType's values, as gvalue.hpp has it."""
    plain = {
        "gboolean": "bool",
        "gchararray": "unique_string",
        "GStrv": "unique_strv",
        "GType": "GType",
        "GParam": "ref<GParamSpec>",
    }
    if gtype.name in plain:
        return plain[gtype.name]
    if gtype.fundamental.name in ("GEnum", "GFlags") or gtype.name.startswith("g"):
        return gtype.name
    return f"ref<{gtype.name}>"


# What is the same number in C.
SAME = {
    "gunichar": "guint",
    "gulong": "guint64",
    "glong": "gint64",
    "gsize": "guint64",
    "gssize": "gint64",
    "guint32": "guint",
    "gint32": "gint",
}


def same(written, gtype):
    return SAME.get(written, written) == SAME.get(cpp_type_of(gtype), cpp_type_of(gtype))


@pytest.mark.parametrize("name", ["Gio-2.0", "Gtk-4.0"])
def test_each_type_is_the_one_that_the_library_registered(name):
    short, version = name.split("-")
    gi.require_version(short, version)
    __import__("gi.repository", fromlist=[short])
    module = getattr(gi.repository, short)
    repository = Repository(default_directories())
    namespace = repository.load(name)
    written, _ = signals(repository, namespace, [])
    checked, wrong = 0, []
    for each in written:
        class_ = getattr(module, each.owner.name, None)
        gtype = getattr(class_, "__gtype__", None)
        if gtype is None:
            continue
        if hasattr(each, "arguments"):
            signal_id = GObject.signal_lookup(each.element.name, class_)
            query = GObject.signal_query(signal_id) if signal_id else None
            if query is None:
                continue
            pairs = list(zip(each.arguments, query.param_types, strict=True))
            if each.answer != "void":
                pairs.append((each.answer, query.return_type))
        else:
            found = [
                one for one in GObject.list_properties(class_) if one.name == each.element.name
            ]
            pairs = [(each.value, one.value_type) for one in found]
        checked += len(pairs)
        wrong += [
            (each.name, cpp, found.name)
            for cpp, found in pairs
            if not same(cpp, GObject.GType(found))
        ]
    assert checked > 100
    assert not wrong
