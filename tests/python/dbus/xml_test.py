"""Introspection XML of interfaces, and interfaces of XML."""

import os
import subprocess
import sys

import pytest

from gawait import dbus
from gawait.dbus.__main__ import main
from gawait.dbus.interface import interfaces_of
from gawait.dbus.source import source_of
from gawait.dbus.xml import class_of, info_of, parse, xml_of
from players import Player


def xml_of_class(class_):
    (description,) = interfaces_of(class_)
    return xml_of(description)


def test_an_interface_of_a_classes_xml_is_the_same_interface():
    xml = xml_of_class(Player)
    again = class_of(parse(xml).interfaces[0])
    assert sorted(xml_of_class(again).splitlines()) == sorted(xml.splitlines())
    assert again.__doc__ == "Plays." and again.__name__ == "Player"


def test_annotations_deprecation_and_docstrings_are_in_the_xml():
    @dbus.method(annotations={"org.example.Note": "<&\"'>"}, deprecated=True)
    async def go(self) -> None:
        """Go
        there."""

    class Noted(
        dbus.Interface, name="org.example.Noted", annotations={"a.b": "c"}, deprecated=True
    ):
        """It is noted."""

    Going = type("Going", (dbus.Interface,), {"go": go}, name="org.example.Going")

    info = info_of(interfaces_of(Noted)[0])
    assert {each.key: each.value for each in info.annotations} == {
        "a.b": "c",
        "org.freedesktop.DBus.Deprecated": "true",
        "org.gtk.GDBus.DocString": "It is noted.",
    }
    method = info_of(interfaces_of(Going)[0]).methods[0]
    assert {each.key: each.value for each in method.annotations} == {
        "org.example.Note": "<&\"'>",
        "org.freedesktop.DBus.Deprecated": "true",
        "org.gtk.GDBus.DocString": "Go\nthere.",
    }


HOSTILE = {
    "nothing": ("", "not introspection XML"),
    "no XML": ("<node", "not introspection XML"),
    "another element": ("<html/>", "not introspection XML"),
    "many levels": ("<node>" * 100_000, "more than 64 levels"),
    "entities": (
        '<!DOCTYPE node [<!ENTITY a "b">]><node><interface name="a.&a;"/></node>',
        "declares entities",
    ),
    "an access that is none": (
        '<node><interface name="a.b"><property name="P" type="i" access="both"/></interface></node>',
        "not introspection XML",
    ),
    "a lone surrogate": ("<node name='\udce9'/>", "not introspection XML"),
}

WRONG = {
    "a type that is none": (
        '<interface name="a.b"><method name="M"><arg type="ii"/></method></interface>',
        r"a.b.M\(\): 'ii' is not a D-Bus type",
    ),
    "a type of nothing": (
        '<interface name="a.b"><signal name="S"><arg type=""/></signal></interface>',
        "a.b.S: '' is not a D-Bus type",
    ),
    "a type that is too deep": (
        f'<interface name="a.b"><property name="P" type="{"a" * 100}i" access="read"/></interface>',
        "a.b.P: 'aaa.*' has more than the 32 arrays",
    ),
    "an interface's name": ('<interface name="import os"/>', "'import os' is not the name"),
    "a member's name": (
        '<interface name="a.b"><method name="M(): pass&#10;import os"/></interface>',
        r"a.b: 'M\(\): pass.*import os' is not the name of a member",
    ),
    "two of a name": (
        '<interface name="a.b"><method name="M"/><method name="M"/></interface>',
        "a.b has two of the name M",
    ),
}


@pytest.mark.parametrize("xml, match", HOSTILE.values(), ids=HOSTILE)
def test_xml_that_is_none_is_told(xml, match):
    with pytest.raises(ValueError, match=match):
        parse(xml)


@pytest.mark.parametrize("xml, match", WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_xml_is_told_by_name(xml, match):
    for make in class_of, lambda info: source_of([info]):
        with pytest.raises(ValueError, match=match):
            make(parse(xml).interfaces[0])


@pytest.mark.parametrize("name", [*HOSTILE, *WRONG])
def test_the_tool_says_in_a_line_what_is_wrong_with_xml(tmp_path, capsys, name):
    xml, match = (HOSTILE | WRONG)[name]
    path = tmp_path / "hostile.xml"
    path.write_text(f"<node>{xml}</node>" if name in WRONG else xml, errors="surrogateescape")
    assert main(["introspect", "--xml", str(path)]) == 1
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert printed.out == "" and line.startswith("gawait.dbus: ")


ODD = """<node>
  <interface name="org.example.Odd">
    <method name="Import"><arg name="class" type="i"/><arg name="self" type="s"/>
      <arg name="class" type="v"/><arg name="a-b" type="a{sv}"/></method>
    <method name="import"/>
    <method name="Proxy"/>
    <method name="GetURL"><arg type="(id)" direction="out"/></method>
    <method name="get_url"/>
    <method name="SetValue"><arg name="value" type="h"/></method>
    <property name="Value" type="a{o(ayg)}" access="readwrite"/>
    <property name="AnyValue" type="v" access="readwrite"/>
    <method name="SetAnyValue"/>
    <property name="Secret" type="t" access="write"/>
    <property name="Serial" type="s" access="read">
      <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="const"/>
      <annotation name="org.gtk.GDBus.DocString" value="It says &quot;&quot;&quot; and \\"/>
    </property>
    <signal name="Changed"><arg name="what" type="v"/><arg name="more" type="as"/></signal>
    <signal name="Gone"/>
    <annotation name="org.gtk.GDBus.DocString" value="Odd &#9;names."/>
    <annotation name="org.example.Note" value="it's"/>
  </interface>
  <interface name="org.example.Str">
    <method name="List"><arg type="as" direction="out"/></method>
    <method name="Dbus"><arg type="as" direction="out"/></method>
    <method name="Str"/>
    <property name="Bytes" type="ay" access="read"/>
    <property name="Int" type="a{is}" access="readwrite"/>
    <signal name="Object"><arg type="as"/></signal>
  </interface>
  <interface name="org.example.other.Odd"/>
  <interface name="org.example.True"><method name="M"/></interface>
  <interface name="org.example.Any"/>
  <interface name="org.example._1"/>
  <interface name="org.example.Hiding">
    <method name="List"><arg type="as" direction="out"/></method>
    <method name="list"/>
    <method name="Int"><arg name="list" type="a{sv}"/><arg name="dbus" type="y"/></method>
    <property name="Dict" type="a{si}" access="readwrite"/>
    <property name="Str" type="s" access="read"/>
    <property name="Tuple" type="(bd)" access="read"/>
    <method name="Float"/><method name="Bool"/><method name="Bytes"/><method name="Object"/>
    <method name="__init__"/><method name="__slots__"/><method name="__Mangled"/>
    <property name="Last" type="a{s(ibday)}" access="readwrite"/>
    <signal name="DBus"><arg type="y"/></signal>
    <signal name="Dbus"><arg type="v"/></signal>
    <signal name="Later"><arg type="ay"/><arg type="y"/><arg type="as"/></signal>
  </interface>
</node>"""


def declared_by(source):
    names = {}
    exec(compile(source, "source", "exec"), names)
    kinds = [each for each in names.values() if isinstance(each, type)]
    return [each for each in kinds if issubclass(each, dbus.Interface)]


def without_names_of_arguments(xml):
    return sorted(line for line in xml.splitlines() if "<arg" not in line)


def test_the_source_of_odd_names_declares_the_same_interfaces():
    infos = parse(ODD).interfaces
    source = source_of(infos)
    declared = declared_by(source)
    assert [each.__name__ for each in declared] == [
        "Odd",
        "Str",
        "Odd_",
        "True_",
        "Any_",
        "_1",
        "Hiding",
    ]
    for class_, info in zip(declared, infos):
        ours, theirs = interfaces_of(class_)[0], interfaces_of(class_of(info))[0]
        assert ours.name == theirs.name
        assert without_names_of_arguments(xml_of(ours)) == without_names_of_arguments(
            xml_of(theirs)
        )
        for name, method in ours.methods.items():
            assert method.arguments.signature == theirs.methods[name].arguments.signature
            assert method.returned.signature == theirs.methods[name].returned.signature


def test_a_signal_with_descriptors_is_only_mentioned():
    xml = """<interface name="org.example.Opened">
      <signal name="OpenedFile"><arg name="file" type="h"/></signal></interface>"""
    source = source_of(parse(xml).interfaces)
    (declared,) = declared_by(source)
    assert interfaces_of(declared)[0].signals == {}
    assert "file descriptors of the signal OpenedFile" in source


def test_the_source_of_an_interface_reads_well():
    source = source_of([info_of(interfaces_of(Player)[0])])
    assert (
        '''
class Player(dbus.Interface, name="org.example.Player"):
    """Plays."""

    @dbus.method
    async def seek(self, seconds: float) -> None:
        """Go there."""
        ...

    @dbus.method
    async def divide(self, one: int, by: int) -> tuple[int, int]: ...
'''
        in source
    )
    assert (
        """
    volume = dbus.property(float, writable=True)
    title = dbus.property(str, writable=True)
    tags = dbus.property(list[str], emits="invalidates")
    serial = dbus.property(str, emits="const")
    position = dbus.property(float, emits=False)
    seeked = dbus.signal(float, arguments=["seconds"])
"""
        in source
    )


def test_a_property_of_a_docstring_or_of_any_value_is_a_function_in_the_source():
    source = source_of(parse(ODD).interfaces)
    assert (
        """
    @dbus.property(emits="const")
    def serial(self) -> str:
        """
        in source
    )
    assert (
        """
    @dbus.property
    def any_value(self) -> Any: ...

    @any_value.setter
    def set_any_value_(self, value: Any) -> None: ...
"""
        in source
    )


@pytest.fixture
def tool(session_bus):
    """Runs python -m gawait.dbus."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "gawait.dbus", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ,
        )

    return run


def test_the_tool_prints_what_is_on_a_bus(tool, session_bus):
    where = "org.freedesktop.DBus", "/org/freedesktop/DBus"
    for bus in [], ["--session"], ["--address", session_bus]:
        printed = tool("introspect", *bus, *where)
        assert printed.stderr == ""
        classes = {each.__name__ for each in declared_by(printed.stdout)}
        assert "DBus" in classes and "Properties" not in classes


def test_the_tool_prints_what_is_in_a_file(tool, tmp_path):
    path = tmp_path / "odd.xml"
    path.write_text(ODD)
    printed = tool("introspect", "--xml", path)
    assert printed.stdout == source_of(parse(ODD).interfaces)


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["introspect", "org.example.Absent", "/"], "org.example.Absent"),
        (["introspect", "none", "/"], "'none' is not the name"),
        (["introspect", "org.freedesktop.DBus", "path"], "'path' is not an object path"),
        (["introspect", "--address", "nowhere:", "a.b", "/"], "nowhere"),
        (["introspect", "--xml", "/nowhere.xml"], "/nowhere.xml"),
        (["introspect", "--xml", "/dev/null"], "not introspection XML"),
    ],
)
def test_the_tool_says_in_a_line_what_is_wrong(tool, arguments, says):
    finished = tool(*arguments)
    assert (finished.returncode, finished.stdout) == (1, "")
    (line,) = finished.stderr.splitlines()
    assert line.startswith("gawait.dbus: ") and says in line


@pytest.mark.parametrize(
    "arguments",
    [[], ["introspect"], ["introspect", "a.b"], ["introspect", "--xml", "a", "b", "c"]],
)
def test_the_tool_says_how_it_is_used(tool, arguments):
    finished = tool(*arguments)
    assert finished.returncode == 2 and "usage:" in finished.stderr
