"""D-Bus objects whose methods are coroutines."""

import asyncio
import contextlib
import gc
import typing

import pytest

from gawait import dbus
from gawait.dbus.exporting import interface_of
from gi.repository import Gio, GLib
from players import connect, until

PATH = "/org/example/Object"
INTERFACE = "org.example.Interface"

XML = f"""
<node>
  <interface name="{INTERFACE}">
    <method name="RepeatText">
      <arg name="text" type="s" direction="in"/>
      <arg name="times" type="u" direction="in"/>
      <arg type="s" direction="out"/>
    </method>
    <method name="Sync"/>
    <method name="Lies"><arg type="i" direction="out"/></method>
    <property name="Level" type="i" access="readwrite"/>
    <signal name="Changed"><arg type="s"/></signal>
  </interface>
</node>
"""


class Described:
    level = 1
    synced = False

    async def repeat_text(self, text, times):
        await asyncio.sleep(0)
        return text * times

    def Sync(self):
        self.synced = True

    async def lies(self):
        return "not a number"


class Annotated:
    def __init__(self):
        self.waiting = 0
        self.most = 0
        self.cancelled = 0
        self.gate = asyncio.Event()

    async def wait(self) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting -= 1

    async def divide(self, one: int, by: int) -> tuple[int, int]:
        return divmod(one, by)

    async def all_types(
        self,
        one: list[str],
        two: dict[str, GLib.Variant],
        three: tuple[int, float],
        four: bytes,
        five: typing.Annotated[int, "t"],
        six: bool,
    ) -> str:
        return repr((one, two, three, four, five, six))

    async def fail(self, kind: str) -> None:
        raise {
            "named": dbus.Error("org.example.Error.Full", "it is full"),
            "glib": GLib.Error.new_literal(
                Gio.io_error_quark(), "no space", Gio.IOErrorEnum.NO_SPACE
            ),
            "python": KeyError("key"),
            "os": FileNotFoundError(2, "gone"),
        }[kind]

    async def _hidden(self):
        pass


class Bus:
    def __init__(self, server, client):
        self.server, self.client = server, client

    def call(self, method, parameters=None, interface=INTERFACE, **more):
        return self.client.call(
            self.server.get_unique_name(),
            PATH,
            interface,
            method,
            parameters,
            None,
            Gio.DBusCallFlags.NONE,
            60_000,
            **more,
        )


@pytest.fixture
def on_bus(run, session_bus):
    """Runs a coroutine with an object exported on a bus, and a client."""

    def run_test(test, obj, interface=INTERFACE, **options):
        async def main():
            bus = Bus(await connect(session_bus), await connect(session_bus))
            try:
                with dbus.export(bus.server, PATH, obj, interface) as bus.exported:
                    return await test(bus)
            finally:
                for each in (bus.client, bus.server):
                    if not each.is_closed():
                        await each.close()

        return run(main(), **options)

    return run_test


def test_a_method_of_introspection_xml_is_served(on_bus):
    async def test(bus):
        reply = await bus.call("RepeatText", GLib.Variant("(su)", ("ab", 2)))
        return reply.unpack()

    assert on_bus(test, Described(), XML) == ("abab",)


def test_the_xml_may_be_of_the_interface_alone_or_parsed(on_bus):
    async def test(bus):
        await bus.call("Sync")

    for interface in (
        XML.replace("<node>", "").replace("</node>", ""),
        Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0],
    ):
        served = Described()
        on_bus(test, served, interface)
        assert served.synced


def test_a_method_of_annotations_is_served(on_bus):
    async def test(bus):
        values = (["a"], {"k": GLib.Variant("i", 1)}, (1, 2.5), b"\0x", 2**40, True)
        parameters = GLib.Variant("(asa{sv}(id)aytb)", values)
        return (await bus.call("AllTypes", parameters)).unpack()[0]

    expected = (["a"], {"k": GLib.Variant("i", 1)}, (1, 2.5), b"\0x", 2**40, True)
    assert on_bus(test, Annotated()) == repr(expected)


def test_a_tuple_is_several_values(on_bus):
    async def test(bus):
        reply = await bus.call("Divide", GLib.Variant("(ii)", (7, 2)))
        assert reply.get_type_string() == "(ii)"
        return reply.unpack()

    assert on_bus(test, Annotated()) == (3, 1)


class Tuples:
    async def none(self) -> tuple[()]:
        return ()

    async def one(self) -> tuple[int]:
        return (1,)

    async def structure(self) -> tuple[tuple[int]]:
        return ((1,),)

    async def in_a_list(self) -> list[tuple[int]]:
        return [(1,)]


@pytest.mark.parametrize(
    "method, reply",
    [("None", "()"), ("One", "(1,)"), ("Structure", "((1,),)"), ("InAList", "([(1,)],)")],
)
def test_a_tuple_of_no_or_one_value_is_that_value(on_bus, method, reply):
    async def test(bus):
        return (await bus.call(method)).print_(True)

    assert on_bus(test, Tuples()) == reply


def test_a_tuple_for_a_structure_of_introspection_xml_is_the_structure(on_bus):
    async def test(bus):
        return (await bus.call("One")).print_(True)

    xml = f"""<interface name="{INTERFACE}">
        <method name="One"><arg type="(i)" direction="out"/></method></interface>"""
    assert on_bus(test, Tuples(), xml) == "((1,),)"


def test_annotated_methods_can_be_introspected(on_bus):
    async def test(bus):
        introspectable = "org.freedesktop.DBus.Introspectable"
        return (await bus.call("Introspect", interface=introspectable)).unpack()[0]

    xml = on_bus(test, Annotated())
    info = Gio.DBusNodeInfo.new_for_xml(xml).lookup_interface(INTERFACE)
    assert {each.name for each in info.methods} == {"AllTypes", "Divide", "Fail", "Wait"}


def test_properties_are_attributes_and_signals_are_emitted(on_bus):
    served = Described()

    async def test(bus):
        properties = "org.freedesktop.DBus.Properties"
        seen = []
        bus.client.signal_subscribe(
            None, INTERFACE, "Changed", PATH, None, 0, lambda *all: seen.append(all[5].unpack())
        )
        await bus.call(
            "Set", GLib.Variant("(ssv)", (INTERFACE, "Level", GLib.Variant("i", 5))), properties
        )
        got = await bus.call("Get", GLib.Variant("(ss)", (INTERFACE, "Level")), properties)
        bus.exported.emit("Changed", "now")
        await until(lambda: seen)
        return got.unpack(), seen

    assert on_bus(test, served, XML) == ((5,), [("now",)])
    assert served.level == 5


def test_the_attribute_of_a_property_may_come_after_the_export(on_bus):
    class Late:
        pass

    served = Late()
    xml = f'<interface name="{INTERFACE}"><property name="Level" type="i" access="read"/></interface>'

    async def test(bus):
        properties = "org.freedesktop.DBus.Properties"
        which = GLib.Variant("(ss)", (INTERFACE, "Level"))
        with pytest.raises(GLib.Error, match="neither Level nor level"):
            await bus.call("Get", which, properties)
        served.level = 3
        return (await bus.call("Get", which, properties)).unpack()

    assert on_bus(test, served, xml, expected_reports=1) == (3,)


PROPERTIES = "org.freedesktop.DBus.Properties"


def with_properties(**accesses):
    lines = (
        f'<property name="{name}" type="i" access="{access}"/>'
        for name, access in accesses.items()
    )
    return f'<interface name="{INTERFACE}">{"".join(lines)}</interface>'


class Guarded:
    """Has properties that run code, and counts how often they are read."""

    def __init__(self):
        self.reads = 0
        self.kept = None

    def _write(self, value):
        if value < 0:
            raise dbus.Error("org.example.Error.Negative", "it is negative")
        self.kept = value

    def _read(self):
        self.reads += 1
        if self.kept is None:
            raise dbus.Error("org.example.Error.Empty", "there is none")
        if self.kept == 13:
            raise ZeroDivisionError("thirteen")
        return self.kept

    secret = property(None, _write)
    level = property(_read, _write)


def set_property(bus, name, value):
    return bus.call(
        "Set", GLib.Variant("(ssv)", (INTERFACE, name, GLib.Variant("i", value))), PROPERTIES
    )


async def get_property(bus, name):
    got = await bus.call("Get", GLib.Variant("(ss)", (INTERFACE, name)), PROPERTIES)
    return got.unpack()[0]


@pytest.mark.parametrize(
    "value, kept",
    [
        (GLib.Variant("v", GLib.Variant("s", "new")), GLib.Variant("s", "new")),
        (GLib.Variant("a{sv}", {"k": GLib.Variant("i", 1)}), {"k": GLib.Variant("i", 1)}),
        (GLib.Variant("av", [GLib.Variant("as", ["x"])]), [GLib.Variant("as", ["x"])]),
        (GLib.Variant("(iv)", (1, GLib.Variant("b", True))), (1, GLib.Variant("b", True))),
        (GLib.Variant("aay", [b"a\0b"]), [b"a\0b"]),
    ],
    ids=lambda value: value.get_type_string() if isinstance(value, GLib.Variant) else "",
)
@pytest.mark.parametrize("hints", [{}, {"value": GLib.Variant}], ids=["plain", "annotated"])
def test_what_a_property_was_set_to_is_what_it_is(on_bus, hints, value, kept):
    class Served:
        __annotations__ = hints
        value = None

    served = Served()
    xml = f"""<interface name="{INTERFACE}">
        <property name="Value" type="{value.get_type_string()}" access="readwrite"/></interface>"""

    async def test(bus):
        told = []
        bus.client.signal_subscribe(
            None, PROPERTIES, None, PATH, None, 0, lambda *all: told.append(all[5])
        )
        which = INTERFACE, "Value"
        await bus.call("Set", GLib.Variant("(ssv)", (*which, value)), PROPERTIES)
        got = await bus.call("Get", GLib.Variant("(ss)", which), PROPERTIES)
        await until(lambda: told)
        return (
            got.get_child_value(0).get_variant(),
            told[0].get_child_value(1).lookup_value("Value", None),
        )

    assert on_bus(test, served, xml) == (value, value)
    assert served.value == kept


def test_a_property_that_can_only_be_written_is_written(on_bus):
    served = Guarded()
    on_bus(lambda bus: set_property(bus, "Secret", 5), served, with_properties(Secret="write"))
    assert served.kept == 5


def test_setting_a_property_does_not_read_it(on_bus):
    served = Guarded()
    interface = with_properties(Level="readwrite")
    on_bus(lambda bus: set_property(bus, "Level", 5), served, interface)
    assert (served.kept, served.reads) == (5, 0)


def test_an_error_of_a_property_has_its_name(on_bus):
    async def test(bus):
        names = []
        for call in (set_property(bus, "Level", -1), get_property(bus, "Level")):
            with pytest.raises(GLib.Error) as caught:
                await call
            names.append(Gio.DBusError.get_remote_error(caught.value))
        return names

    names = on_bus(test, Guarded(), with_properties(Level="readwrite"))
    assert names == ["org.example.Error.Negative", "org.example.Error.Empty"]


def test_a_failure_of_a_property_is_reported(on_bus):
    served = Guarded()
    served.kept = 13

    async def test(bus):
        with pytest.raises(GLib.Error, match="ZeroDivisionError: thirteen"):
            await get_property(bus, "Level")

    on_bus(test, served, with_properties(Level="read"), expected_reports=1)


def test_all_properties_that_can_be_read_are_given(on_bus):
    class Served(Guarded):
        other = 1

    async def get_all(bus):
        got = await bus.call("GetAll", GLib.Variant("(s)", (INTERFACE,)), PROPERTIES)
        return got.unpack()[0]

    interface = with_properties(Level="read", Other="read", Secret="write")
    assert on_bus(get_all, Served(), interface) == {"Other": 1}


def test_what_can_only_be_written_is_not_told(on_bus):
    served = Guarded()
    served.kept = 5

    async def test(bus):
        with pytest.raises(ValueError, match=f"{INTERFACE}.Secret cannot be read"):
            bus.exported.emit_properties_changed("Level", "Secret")
        with pytest.raises(
            ValueError, match=f"{INTERFACE} has no property 'level', but Level, Secret"
        ):
            bus.exported.emit_properties_changed("level")

    on_bus(test, served, with_properties(Level="read", Secret="write"))


@pytest.mark.parametrize(
    "annotation, told",
    [
        (None, ({"Plain": 5}, [])),
        ("true", ({"Plain": 5}, [])),
        ("invalidates", ({}, ["Plain"])),
        ("const", None),
        ("false", None),
    ],
)
def test_a_property_that_is_set_is_told_as_changed(on_bus, annotation, told):
    class Served(Guarded):
        plain = 1

    interface = with_properties(Plain="readwrite", Level="readwrite", Secret="write")
    if annotation:
        annotated = f"""access="readwrite">
            <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal"
                        value="{annotation}"/></property>"""
        interface = interface.replace('access="readwrite"/>', annotated, 1)

    async def test(bus):
        seen = []
        bus.client.signal_subscribe(
            None, PROPERTIES, None, PATH, None, 0, lambda *all: seen.append(all[5].unpack())
        )
        for name in ("Plain", "Secret", "Level"):
            await set_property(bus, name, 5)
        bus.exported.emit_properties_changed("Level", "Plain")
        await until(lambda: seen and len(seen[-1][1]) == 2)
        return seen

    expected = [told] if told else []
    expected += [({}, ["Level"]), ({"Level": 5, "Plain": 5}, [])]
    assert on_bus(test, Served(), interface) == [(INTERFACE, *each) for each in expected]


class Typed:
    """Methods whose annotations say what they get."""

    async def variants(
        self, one: GLib.Variant, two: list[GLib.Variant], three: dict[str, GLib.Variant]
    ) -> str:
        each = (one, *two, *three.values())
        assert all(isinstance(variant, GLib.Variant) for variant in each)
        return " ".join(variant.get_type_string() for variant in each)

    async def data(
        self, one: list[bytes], two: dict[str, bytes], three: tuple[int, bytes], four: bytes
    ) -> list[bytes]:
        return [*one, *two.values(), three[1], four]

    @staticmethod
    async def double(number: int) -> int:
        return 2 * number

    @classmethod
    async def name(cls, suffix: str) -> str:
        return cls.__name__ + suffix

    async def subtract(self, one: int, *, other: int) -> int:
        return one - other


@pytest.mark.parametrize(
    "method, parameters, result",
    [
        (
            "Variants",
            GLib.Variant(
                "(vava{sv})",
                (
                    GLib.Variant("i", 1),
                    [GLib.Variant("s", "two")],
                    {"three": GLib.Variant("as", ["three"])},
                ),
            ),
            "i s as",
        ),
        (
            "Data",
            GLib.Variant("(aaya{say}(iay)ay)", ([b"a\0b"], {"c": b"d"}, (1, b"e"), b"")),
            [list(b"a\0b"), list(b"d"), list(b"e"), []],
        ),
        ("Double", GLib.Variant("(i)", (21,)), 42),
        ("Name", GLib.Variant("(s)", ("!",)), "Typed!"),
        ("Subtract", GLib.Variant("(ii)", (44, 2)), 42),
    ],
)
def test_a_method_gets_what_it_is_annotated_with(on_bus, method, parameters, result):
    async def test(bus):
        return (await bus.call(method, parameters)).unpack()

    assert on_bus(test, Typed()) == (result,)


def test_bytes_are_bytes_however_deep_and_variants_plain_where_nothing_is_annotated(on_bus):
    class Served:
        async def take(self, value):
            return repr(value)

    xml = f"""<interface name="{INTERFACE}"><method name="Take">
        <arg type="a{{sv}}" direction="in"/><arg type="s" direction="out"/></method></interface>"""
    given = {"one": GLib.Variant("aay", [b"x"]), "two": GLib.Variant("v", GLib.Variant("i", 2))}

    async def test(bus):
        return (await bus.call("Take", GLib.Variant("(a{sv})", (given,)))).unpack()

    assert on_bus(test, Served(), xml) == ("{'one': [b'x'], 'two': 2}",)


def test_a_keyword_that_the_interface_has_no_argument_for_has_its_default(on_bus):
    class Served:
        async def take(self, value, *, more="default"):
            return value + more

    xml = f"""<interface name="{INTERFACE}"><method name="Take">
        <arg type="s" direction="in"/><arg type="s" direction="out"/></method></interface>"""

    async def test(bus):
        return (await bus.call("Take", GLib.Variant("(s)", ("the ",)))).unpack()

    assert on_bus(test, Served(), xml) == ("the default",)


@pytest.mark.parametrize("parameters", ["*numbers: int", "**numbers: int"])
def test_a_method_of_any_number_of_arguments_is_refused(parameters):
    names = {}
    exec(f"class Served:\n    async def add(self, {parameters}): pass", names)
    with pytest.raises(TypeError, match="any number of arguments"):
        interface_of(INTERFACE, names["Served"]())


@pytest.mark.parametrize(
    "hint",
    [
        None,
        [int],
        complex,
        dict[str],
        dict[GLib.Variant, int],
        tuple[int, ...],
        tuple[()],
        typing.Annotated[int, 5],
        typing.Annotated[int, "ii"],
        typing.Annotated[int, "mi"],
        typing.Annotated[int, "r"],
    ],
    ids=repr,
)
def test_an_annotation_that_has_no_d_bus_type_is_refused_by_name(hint):
    class Served:
        async def add(self, value: hint):
            pass

    with pytest.raises(TypeError, match=r"Served.add\(value\): .* D-Bus type"):
        interface_of(INTERFACE, Served())


def test_concurrent_calls_are_served_concurrently(on_bus):
    served = Annotated()

    async def test(bus):
        calls = [bus.call("Wait") for _ in range(50)]
        await until(lambda: served.waiting == 50)
        served.gate.set()
        await asyncio.gather(*calls)

    on_bus(test, served)
    assert served.most == 50 and served.waiting == 0


def test_a_caller_that_vanishes_cancels_its_calls_and_no_others(on_bus, session_bus):
    served = Annotated()

    async def test(bus):
        other = Bus(bus.server, await connect(session_bus))
        doomed = [other.call("Wait") for _ in range(3)]
        call = bus.call("Wait")
        await until(lambda: served.waiting == 4)
        await other.client.close()
        await until(lambda: served.cancelled == 3)
        await asyncio.gather(*doomed, return_exceptions=True)
        served.gate.set()
        await call

    on_bus(test, served)
    assert served.cancelled == 3


def test_a_call_that_swallows_its_cancellation_answers_nobody(on_bus, session_bus):
    class Stubborn:
        began = ended = False

        async def wait(self) -> int:
            self.began = True
            with pytest.raises(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.sleep(0.01)
            self.ended = True
            return 1

    served = Stubborn()

    async def test(bus):
        other = Bus(bus.server, await connect(session_bus))
        doomed = other.call("Wait")
        await until(lambda: served.began)
        await other.client.close()
        await until(lambda: served.ended)
        with pytest.raises(GLib.Error):
            await doomed
        with pytest.raises(GLib.Error, match="UnknownMethod"):  # it goes on serving
            await bus.call("Missing")

    on_bus(test, served)


def test_a_connection_that_is_closed_cancels_the_calls(on_bus):
    served = Annotated()

    async def test(bus):
        call = bus.call("Wait")
        await until(lambda: served.waiting)
        await bus.server.close()
        await until(lambda: served.cancelled)
        with contextlib.suppress(GLib.Error):
            await call

    on_bus(test, served)


@pytest.mark.parametrize(
    "kind, name, message, reports",
    [
        ("named", "org.example.Error.Full", "it is full", 0),
        ("python", "org.freedesktop.DBus.Error.Failed", "KeyError: 'key'", 1),
    ],
)
def test_an_error_has_a_name(on_bus, kind, name, message, reports):
    async def test(bus):
        with pytest.raises(GLib.Error) as caught:
            await bus.call("Fail", GLib.Variant("(s)", (kind,)))
        assert Gio.DBusError.get_remote_error(caught.value) == name
        assert message in caught.value.message

    on_bus(test, Annotated(), expected_reports=reports)


FAILED = "org.freedesktop.DBus.Error.Failed"


class Raising:
    """Raises what it was given."""

    def __init__(self, exception):
        self.exception = exception

    async def fail(self) -> None:
        raise self.exception


async def raised(bus):
    """The D-Bus name and the message of what a call fails with."""
    with pytest.raises(GLib.Error) as caught:
        await bus.call("Fail")
    name, message = Gio.DBusError.get_remote_error(caught.value), caught.value.message
    return name, message.removeprefix(f"GDBus.Error:{name}: ")


def test_whatever_is_raised_the_caller_gets_a_reply(loop, reports, session_bus, odd_exception):
    exception, text = odd_exception

    async def main():
        bus = Bus(await connect(session_bus), await connect(session_bus))
        with dbus.export(bus.server, PATH, Raising(exception), INTERFACE):
            _, message = await raised(bus)
        await bus.client.close()
        await bus.server.close()
        return message

    assert text in loop.run_until_complete(main())
    assert [each["exception"] for each in reports] in ([], [exception])


@pytest.mark.parametrize("domain, code", [("domain", -1), ("long" * 100, 1), (None, 1)])
def test_a_glib_error_that_has_no_name_on_the_bus_has_failed_and_is_reported(
    on_bus, domain, code
):
    served = Raising(GLib.Error("what it says", domain, code))
    name, message = on_bus(raised, served, expected_reports=1)
    assert name == FAILED and "what it says" in message


class Unnamed(dbus.Error):
    def __init__(self, *_):
        pass


def test_an_error_that_has_lost_its_name_has_failed_and_is_reported(on_bus):
    lost = dbus.Error("org.example.Error", "what it says")
    for name in None, "no name", "nul.in.it\0", "caf.\udce9", 3:
        lost.dbus_error_name = name
        raised_name, message = on_bus(raised, Raising(lost), expected_reports=1)
        assert raised_name == FAILED and "what it says" in message
    never = Unnamed("what it says")
    assert on_bus(raised, Raising(never), expected_reports=1) == (
        FAILED,
        "Unnamed: what it says",
    )


@pytest.mark.parametrize(
    "name", ["no name", ":1.5", "a-b.c", "nul.in.it\0", "caf.\udce9", "a." + "b" * 300, None, 3]
)
def test_what_is_not_the_name_of_an_error_is_refused(name):
    with pytest.raises(ValueError, match="D-Bus error"):
        dbus.Error(name)


@pytest.mark.parametrize(
    "value", [GLib.Variant("mi", 1), GLib.Variant("av", [GLib.Variant("ms", None)])]
)
def test_a_value_that_d_bus_has_no_type_for_is_a_reported_failure(on_bus, value):
    class Served:
        async def fail(self) -> dict[str, GLib.Variant]:
            return {"key": value}

    name, message = on_bus(raised, Served(), expected_reports=1)
    assert name == FAILED and "no type" in message


@pytest.mark.parametrize(
    "kind, code", [("glib", Gio.IOErrorEnum.NO_SPACE), ("os", Gio.IOErrorEnum.NOT_FOUND)]
)
def test_a_glib_error_comes_out_as_the_same_error(on_bus, kind, code):
    async def test(bus):
        with pytest.raises(GLib.Error) as caught:
            await bus.call("Fail", GLib.Variant("(s)", (kind,)))
        assert caught.value.matches(Gio.io_error_quark(), code)

    on_bus(test, Annotated())


def test_arguments_of_the_wrong_type_are_refused_by_name(on_bus):
    async def test(bus):
        for parameters in (None, GLib.Variant("(i)", (1,)), GLib.Variant("(ss)", ("a", "b"))):
            with pytest.raises(GLib.Error) as caught:
                await bus.call("Fail", parameters)
            name = Gio.DBusError.get_remote_error(caught.value)
            assert name == "org.freedesktop.DBus.Error.InvalidArgs"

    on_bus(test, Annotated())


def test_an_unknown_method_is_refused_by_name(on_bus):
    async def test(bus):
        for name in ("Missing", "_hidden"):
            with pytest.raises(GLib.Error, match="UnknownMethod"):
                await bus.call(name)

    on_bus(test, Annotated())


def test_a_result_of_the_wrong_type_is_a_reported_failure(on_bus):
    async def test(bus):
        with pytest.raises(GLib.Error, match="Error.Failed"):
            await bus.call("Lies")

    on_bus(test, Described(), XML, expected_reports=1)


def test_an_unexported_object_is_gone_and_its_calls_go_on(on_bus):
    served = Annotated()

    async def test(bus):
        call = bus.call("Wait")
        await until(lambda: served.waiting)
        bus.exported.unexport()
        bus.exported.unexport()
        with pytest.raises(GLib.Error):
            await bus.call("Wait")
        served.gate.set()
        await call

    on_bus(test, served)


def test_what_cannot_be_exported_is_told_at_once(run, session_bus):
    class Unannotated:
        async def method(self, what):
            pass

    misnamed = Gio.DBusNodeInfo.new_for_xml(XML.replace('"Sync"', '"Sync-now"')).interfaces[0]

    class Untyped:
        async def method(self, what: complex):
            pass

    class Foreign:
        async def naïve(self):
            pass

    async def main():
        with pytest.raises(TypeError, match="'connection': expected Gio.DBusConnection"):
            dbus.export(None, PATH, Described(), XML)
        bus = await connect(session_bus)
        for path, served, interface, error, match in [
            ("no path", Described(), XML, ValueError, "object path"),
            (PATH, object(), XML, AttributeError, "neither RepeatText nor repeat_text"),
            (PATH, Described(), "<node", ValueError, "XML"),
            (PATH, Described(), "<node/>", ValueError, "of one interface"),
            (PATH, Described(), "no name", ValueError, "name"),
            (
                PATH,
                Unannotated(),
                INTERFACE,
                TypeError,
                r"Unannotated.method\(\): argument 'what'",
            ),
            (
                PATH,
                Untyped(),
                INTERFACE,
                TypeError,
                r"Untyped.method\(what\): <class 'complex'>",
            ),
            (
                PATH,
                Foreign(),
                INTERFACE,
                ValueError,
                r"Foreign.naïve: 'Naïve' is not the name",
            ),
            (PATH, Described(), XML.replace('"Sync"', '"Sync-now"'), ValueError, "'Sync-now'"),
            (
                PATH,
                Described(),
                XML.replace('"Changed"', '"Change d"'),
                ValueError,
                "'Change d'",
            ),
            (PATH, Described(), XML.replace(INTERFACE, "none"), ValueError, "'none'"),
            (PATH, Described(), misnamed, ValueError, "'Sync-now'"),
            (PATH, Described(), None, TypeError, "'obj': expected Object, not Described"),
            (PATH, Described(), b"<node/>", TypeError, "'interface': expected str"),
            (None, Described(), XML, TypeError, "'path': expected str, not NoneType"),
        ]:
            with pytest.raises(error, match=match):
                dbus.export(bus, path, served, interface)
        with dbus.export(bus, PATH, Described(), XML):
            with pytest.raises(GLib.Error):
                dbus.export(bus, PATH, Described(), XML)
        await bus.close()

    run(main())


def test_nothing_is_left(on_bus, count_objects):
    def count_exported():
        # GDBus lets go of what was exported in a later iteration.
        while GLib.MainContext.default().iteration(False):
            pass
        return count_objects(dbus.Exported)

    before = count_objects(Gio.DBusMethodInvocation), count_exported()

    async def test(bus):
        for _ in range(50):
            await bus.call("Divide", GLib.Variant("(ii)", (7, 2)))
            with pytest.raises(GLib.Error):
                await bus.call("Fail", GLib.Variant("(s)", ("named",)))
        await asyncio.sleep(0.01)
        gc.collect()
        return count_objects(Gio.DBusMethodInvocation)

    assert on_bus(test, Annotated()) == before[0]
    assert (count_objects(Gio.DBusMethodInvocation), count_exported()) == before
