"""What gawait-gen writes for an interface: it compiles alone, and says what the description does."""

import re
import shutil

import pytest
from pieces import ROOT, compile_headers
from gawait_gen.main import main
from gawait_gen.names import KEYWORDS

PLAYER = ROOT / "tests/cpp/dbus/org.example.Player.xml"
COMPILERS = [each for each in ("c++", "clang++-19") if shutil.which(each)]


@pytest.fixture
def generate(tmp_path, capsys):
    """The header of an interface with this content."""

    def run(content, *options, name="org.example.Player"):
        xml = tmp_path / "player.xml"
        xml.write_text(f'<node><interface name="{name}">{content}</interface></node>')
        assert main([str(xml), "--output", str(tmp_path), *options]) == 0, capsys.readouterr()
        return tmp_path / f"{name}.hpp"

    return run


def method(name, arguments="", **more):
    return f'<method name="{name}">{arguments}</method>'


def argument(code, name="", direction="in"):
    return f'<arg type="{code}" name="{name}" direction="{direction}"/>'


def flat(header):
    """Its text, in one line."""
    return " ".join(header.read_text().split())


# It compiles --------------------------------------------------------------------------


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_header_compiles_alone(tmp_path, compiler):
    assert main([str(PLAYER), "--output", str(tmp_path), "--quiet"]) == 0
    compile_headers([tmp_path / "org.example.Player.hpp"], tmp_path, compiler)


def test_words_of_cpp_and_names_of_what_is_inherited_are_no_trouble(generate, tmp_path):
    inherited = [
        "proxy",
        "interface",
        "interface_",
        "call",
        "send",
        "path",
        "property",
        "Player",
    ]
    inherited += [
        "PlayerProxy",
        "PlayerService",
        "player_label",
        "invocation",
        "value",
        "string",
    ]
    words = [*inherited, "g_free", "si_pid", "std", "gawait"]
    # What the compiler takes long for are handlers.
    content = "".join(
        f'<signal name="{word}"><arg type="s" name="{word}"/></signal>'
        for word in [*words, *KEYWORDS]
    )
    content += "".join(
        method(word, argument("s", word)) + f'<property name="{word}" type="s" access="read"/>'
        for word in words
    )
    compile_headers([generate(content)], tmp_path)


def test_any_name_of_an_interface_is_no_trouble(generate, tmp_path):
    names = [
        "std.gawait",
        "gawait.std.class",
        "dbus.detail",
        "org.gawait.dbus.proxy",
        "a.b.Unix",
    ]
    content = method("Get", argument("(ss)", "it", "out") + argument("s", "more", "out"))
    compile_headers([generate(content, name=name) for name in names], tmp_path)


def test_all_types_and_any_number_of_them_compile(generate, tmp_path):
    codes = ["y", "b", "n", "q", "i", "u", "x", "t", "d", "s", "o", "g", "h", "v"]
    codes += [f"a{code}" for code in codes]
    codes += [f"a{{{key}v}}" for key in "ybnqiuxtdsog"] + [
        "(b)",
        "a(bh)",
        "aay",
        "a{oa{sa{sv}}}",
    ]
    codes.append("a" * 5 + "(" * 5 + "i" + ")" * 5)
    inputs = "".join(argument(code) for code in codes)
    outputs = "".join(argument(code, direction="out") for code in codes)
    one_each = "".join(
        f'<property name="P{number}" type="{code}" access="write"/>'
        for number, code in enumerate(codes)
    )
    header = generate(
        method("All", inputs + outputs)
        + f"<signal name='Told'>{outputs}</signal>"
        + method("Sixteen", argument("b", direction="out") * 16)
        + one_each
    )
    compile_headers([header], tmp_path)
    assert "struct player_sixteen_result" in flat(header)
    assert "player_all_result" not in flat(header)


def test_an_interface_with_nothing_in_it_compiles(generate, tmp_path):
    compile_headers([generate("")], tmp_path)


def test_lines_are_no_longer_than_those_of_the_project(tmp_path):
    assert main([str(PLAYER), "--output", str(tmp_path), "--quiet"]) == 0
    text = (tmp_path / "org.example.Player.hpp").read_text()
    code = text.replace(re.search(r'R"xml\(.*?\)xml"', text, re.S)[0], "")
    assert [line for line in code.splitlines() if len(line) > 100] == []


# It says what the description does ----------------------------------------------------


def test_several_results_are_a_structure_of_named_members(generate):
    header = flat(
        generate(method("Get", argument("u", "size", "out") + argument("s", "Name", "out")))
    )
    assert "struct player_get_result { std::uint32_t size; std::string name; };" in header
    assert "virtual gawait::task<player_get_result> get() = 0;" in header


def test_a_method_without_reply_is_sent(generate):
    no_reply = (
        '<annotation name="org.freedesktop.DBus.Method.NoReply" value="true"/>'
        + argument("s", "why")
    )
    header = flat(generate(method("Stop", no_reply)))
    sent = 'gawait::dbus::send(*this, "org.example.Player", "Stop", why);'
    assert f"void stop(std::string_view why) const {{ {sent} }}" in header


def test_what_is_deprecated_is_so_for_callers(generate):
    deprecated = '<annotation name="org.freedesktop.DBus.Deprecated" value="true"/>'
    header = flat(
        generate(
            method("A", deprecated)
            + f'<property name="B" type="i" access="readwrite">{deprecated}</property>'
            + f'<signal name="C">{deprecated}</signal>'
        )
    )
    assert header.count("[[deprecated]] ") == 5
    assert "[[deprecated]] gawait::dbus::call_operation<void> a() const" in header
    assert "virtual gawait::task<void> a() = 0;" in header
    header = flat(generate(deprecated))
    assert "class [[deprecated]] player_proxy" in header
    assert "class [[deprecated]] player_service" in header


@pytest.mark.parametrize(
    "changes, told",
    [
        ("true", 'interface_.changed("Volume", volume());'),
        ("invalidates", 'interface_.invalidated("Volume");'),
        ("const", None),
        ("false", None),
    ],
)
def test_changes_of_a_property_are_told_as_the_annotation_says(generate, changes, told):
    header = flat(
        generate(
            '<property name="Volume" type="d" access="read"><annotation '
            f'name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="{changes}"/>'
            "</property>"
        )
    )
    assert ("volume_values()" in header) == (told is not None)
    if told:
        assert f"void volume_changed() const {{ {told} }}" in header
    else:
        assert "volume_changed" not in header


def test_a_service_may_want_to_know_who_calls(generate, tmp_path):
    wants = '<annotation name="org.gawait.Invocation" value="true"/>'
    path = generate(
        method("Seek", wants + argument("s", "invocation"))
        + f'<property name="Volume" type="d" access="readwrite">{wants}</property>'
    )
    header = flat(path)
    given = "const gawait::dbus::invocation& invocation"
    assert f"seek({given}, std::string invocation_2) = 0;" in header
    assert f"set_volume({given}, double value) = 0;" in header
    compile_headers([path], tmp_path)


def test_the_description_goes_out_as_it_came_in_without_comments(generate):
    given = (
        '<annotation name="a.b" value="&quot;)xml&quot; &lt; &#8238;"/>'
        "<!-- a comment -->" + method("Get", argument("u", "größe", "out"))
    )
    (xml,) = re.findall(r'R"xml\((.*?)\)xml"', generate(given).read_text(), re.S)
    assert '<annotation name="a.b" value="&quot;)xml&quot; &lt; &#8238;"/>' in xml
    assert '<arg name="gr&#246;&#223;e" type="u" direction="out"/>' in xml
    assert "comment" not in xml


def test_documentation_becomes_comments(generate):
    header = generate(
        """<!--
          Seek:
          @by: seconds,
            or less
          @position: where that is

          Moves within the track.

          Not beyond its end \\
        -->"""
        + method("Seek", argument("d", "by") + argument("d", "position", "out"))
    ).read_text()
    assert (
        "    /// Moves within the track.\n    ///\n    /// Not beyond its end\n    ///\n"
        "    /// @param by seconds, or less\n    /// @return where that is\n"
        "    gawait::dbus::call_operation<double> seek(double by) const {\n" in header
    )


def test_a_namespace_can_be_given(generate):
    assert "namespace music::players {" in flat(generate("", "--namespace", "music::players"))


def test_the_depfile_names_what_was_read_and_written(tmp_path):
    depfile = tmp_path / "depfile"
    output = tmp_path / "out"
    options = ["--output", str(output), "--depfile", str(depfile), "--quiet"]
    assert main([str(PLAYER), *options]) == 0
    written, _, read = depfile.read_text().partition(": ")
    assert written == str(output / "org.example.Player.hpp")
    assert str(PLAYER) in read.split()
    assert any(each.endswith("interface.hpp.mako") for each in read.split())
