"""What gawait-gen makes of introspection XML: types, names, annotations, documentation."""

import re

import pytest
from gawait_gen.dbus import introspection
from gawait_gen.dbus.interface import Interface, cpp_name
from gawait_gen.dbus.signature import Wrong, parse
from gawait_gen.xml import Malformed
from gawait_gen.xml import parse as parse_xml


@pytest.fixture
def interface(tmp_path):
    """The interface of this content, as it is in C++."""

    def make(content="", name="org.example.Player", namespace=None):
        path = tmp_path / "player.xml"
        path.write_text(f'<node><interface name="{name}">\n{content}\n</interface></node>')
        (found,) = introspection.interfaces(parse_xml(str(path)))
        return Interface(found, namespace)

    return make


def method(content="", name="Seek"):
    return f'<method name="{name}">{content}</method>'


def argument(code, name="", direction="in", content=""):
    named = f' name="{name}"' if name else ""
    return f'<arg type="{code}"{named} direction="{direction}">{content}</arg>'


def annotation(name, value):
    return f'<annotation name="{name}" value="{value}"/>'


# Signatures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code, cpp",
    [
        ("y", "std::uint8_t"),
        ("b", "bool"),
        ("n", "std::int16_t"),
        ("t", "std::uint64_t"),
        ("s", "std::string"),
        ("as", "std::vector<std::string>"),
        ("a{sau}", "std::map<std::string, std::vector<std::uint32_t>>"),
        ("(is)", "std::tuple<std::int32_t, std::string>"),
        ("a(i(dd))", "std::vector<std::tuple<std::int32_t, std::tuple<double, double>>>"),
        ("aa{s(b)}", "std::vector<std::map<std::string, std::tuple<bool>>>"),
    ],
)
def test_a_signature_is_a_type_of_cpp(code, cpp):
    assert parse(code).cpp == cpp
    assert parse(code).code == code


@pytest.mark.parametrize(
    "code, why",
    [
        ("", "it ends too early"),
        ("a", "it ends too early"),
        ("(i", "it ends too early"),
        ("ii", "it is of more than one type"),
        ("i)", "it is of more than one type"),
        ("()", "a structure is empty"),
        ("z", "'z' begins no type"),
        (")", "')' begins no type"),
        ("é", "begins no type"),
        ("{sv}", "a dictionary's entry is in no array"),
        ("a{vs}", "the key of a dictionary is no basic type"),
        ("a{s}", "begins no type"),
        ("a{sss}", "more than a key and a value"),
        ("a" * 33 + "i", "nested more than 32 deep"),
        ("(" * 33 + "i" + ")" * 33, "nested more than 32 deep"),
        ("a" * 40_000, "longer than 255"),
    ],
)
def test_a_signature_of_no_type_is_refused(code, why):
    with pytest.raises(Wrong, match=re.escape(why)):
        parse(code)


def test_signatures_may_be_as_deep_as_the_bus_allows():
    deepest = "a" * 32 + "(" * 32 + "i" + ")" * 32
    assert parse(deepest).code == deepest


# Names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, cpp",
    [
        ("PlayPause", "play_pause"),
        ("GetDBusName", "get_dbus_name"),
        ("volume", "volume"),
        ("Delete", "delete_"),
        ("new-name", "new_name"),
        ("__Init__", "init"),
        ("a__b", "a_b"),
        ("_2", "value_2"),
        ("_", "value"),
        ("Linux", "linux_"),
        ("std", "std_"),
        ("GObject", "g_object_"),
        ("größe", "gr_e"),
    ],
)
def test_names_are_identifiers_and_no_words_of_cpp(name, cpp):
    assert cpp_name(name) == cpp


def test_classes_are_named_after_the_interface(interface):
    found = interface(name="org.mpris.MediaPlayer2.Player")
    assert found.namespace == "org::mpris::media_player2"
    assert (found.proxy, found.service) == ("player_proxy", "player_service")
    assert found.header == "org.mpris.MediaPlayer2.Player.hpp"
    assert interface(namespace="music").namespace == "music"


def test_keywords_in_the_name_of_an_interface(interface):
    found = interface(name="com.export.std.Default")
    assert found.namespace == "com::export_::std_"
    assert found.proxy == "default_proxy"


def test_what_has_no_name_is_counted(interface):
    found = interface(
        method(argument("i") + argument("s") + argument("u", direction="out") * 2)
    )
    (seek,) = found.methods
    assert [each.name for each in seek.inputs] == ["argument0", "argument1"]
    assert [each.name for each in seek.outputs] == ["result0", "result1"]


def test_names_that_clash_are_told_apart(interface):
    found = interface(
        method(name="Volume")
        + method(name="SetVolume")
        + method(name="volume")
        + method(argument("i", "a-b") + argument("i", "a_b") + argument("i", "A-b"))
        + '<property name="Volume" type="d" access="readwrite"/>'
        + '<signal name="Volume"/>'
    )
    assert [each.name for each in found.methods] == [
        "volume",
        "set_volume",
        "volume_method",
        "seek",
    ]
    assert [each.name for each in found.methods[3].inputs] == ["a_b", "a_b_2", "a_b_3"]
    (volume,) = found.properties
    assert (volume.name, volume.setter) == ("volume_property", "set_volume_property")
    assert found.signals[0].name == "volume_signal"


# Annotations --------------------------------------------------------------------------

EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def test_what_properties_tell_of_their_changes(interface):
    def prop(name, content=""):
        return f'<property name="{name}" type="d" access="read">{content}</property>'

    found = interface(prop("A") + prop("B", annotation(EMITS, "const")))
    assert [each.element.changes for each in found.properties] == ["true", "const"]
    found = interface(
        annotation(EMITS, "invalidates") + prop("A") + prop("B", annotation(EMITS, "true"))
    )
    assert [each.element.changes for each in found.properties] == ["invalidates", "true"]


def test_structures_may_be_named(interface):
    named = annotation("org.gawait.Struct", "Item(name, place) point(x, Y)")
    found = interface(
        method(argument("a(s(ii))", "items", content=named))
        + method(
            argument("(ii)", "p", content=annotation("org.gawait.Struct", "point(x,Y)")), "Go"
        )
    )
    assert [(each.name, each.members) for each in found.structs] == [
        ("player_point", ["x", "y"]),
        ("player_item", ["name", "place"]),
    ]
    assert found.methods[0].inputs[0].type.cpp == "std::vector<player_item>"
    assert found.structs[1].layout == (["std::string", "player_point"], ["name", "place"])


@pytest.mark.parametrize(
    "code, value, why",
    [
        ("(ii)", "point", 'is not as "point\\(x, y\\)"'),
        ("(ii)", "point(x, y) and more", "is not as"),
        ("(ii)", "point(x)", "point has 2 members, of which 1 are named"),
        ("(ii)", "point(x, x)", "two members of point have one name"),
        ("(ii)", "point(x, 1)", "no name of one"),
        ("(ii)", "proxy(x, y)", "no structure can be called proxy"),
        ("i", "point(x)", "names 1 structures of 0"),
        ("((ii)i)", "point(x, y)", "names 1 structures of 2"),
        ("((ii)i)", "point(x, y) point(x, y)", "two structures point, which differ"),
    ],
)
def test_names_that_do_not_fit_are_refused(interface, code, value, why):
    with pytest.raises(Malformed, match=why):
        interface(method(argument(code, "p", content=annotation("org.gawait.Struct", value))))


# Documentation ------------------------------------------------------------------------


def test_documentation_is_the_annotation_or_the_comment(interface):
    found = interface(
        f"""<!-- Moves. -->
        {method(argument("d", "by") + "<!-- seconds -->" + argument("d", "of"))}
        <!-- Not this. -->
        {method(annotation("org.gtk.GDBus.DocString", "Stops."), "Stop")}
        {method(name="Play")}
        <!-- About nothing. -->"""
    )
    seek, stop, play = [each.element for each in found.methods]
    assert (seek.doc.strip(), stop.doc, play.doc) == ("Moves.", "Stops.", "")
    assert [each.doc.strip() for each in seek.inputs] == ["seconds", ""]


# What is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, why",
    [
        ("<metod name='A'/>", "<metod> is unknown in <interface>"),
        ("<method/>", "<method> has no name"),
        ("<method name='a b'/>", "no name of a method: 'a b'"),
        ("<method name='a'/><method name='a'/>", "has two of the name a"),
        ("<method name='" + "a" * 256 + "'/>", "longer than 255"),
        (method("<arg name='x'/>"), "<arg> has no type"),
        (method(argument("(i")), "no signature of a type: '\\(i': it ends too early"),
        (method(argument("i", direction="inout")), "direction is unknown: 'inout'"),
        ("<signal name='a'><arg type='i' direction='in'/></signal>", "direction is unknown"),
        ("<property name='a' type='i'/>", "<property> has no access"),
        ("<property name='a' type='i' access='rw'/>", "access is unknown: 'rw'"),
        (
            method(
                argument("i", direction="out")
                + annotation("org.freedesktop.DBus.Method.NoReply", "true")
            ),
            "Seek gives results, and is said to have no reply",
        ),
        (
            method(annotation("org.freedesktop.DBus.Deprecated", "yes")),
            "Deprecated is none of false, true: 'yes'",
        ),
        (annotation("a.b", "1") * 2, "a.b is said twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(interface, content, why):
    with pytest.raises(Malformed, match=rf"player\.xml:2: .*{why}"):
        interface(content)


def test_elements_of_other_vocabularies_are_let_be(interface):
    found = interface('<d:doc xmlns:d="http://example.org/doc"><d:p>text</d:p></d:doc>')
    assert found.methods == []
