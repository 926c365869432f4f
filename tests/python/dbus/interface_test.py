"""Interfaces that are declared as classes."""

import pytest

from gawait import dbus
from players import Player, Radio


def test_an_object_keeps_what_its_properties_are_assigned():
    radio = Radio()
    radio.title = "a song"
    assert radio.title == "a song"


def test_a_property_that_is_computed_runs_its_functions():
    radio = Radio()
    radio.volume = 0.25
    assert (radio.level, radio.volume) == (0.25, 0.25)
    radio.set_volume(0.75)
    assert radio.volume == 0.75


def test_a_setter_may_have_the_name_of_its_property():
    class Lamp(dbus.Object, name="org.example.Lamp"):
        @dbus.property
        def level(self) -> int:
            return self.kept

        @level.setter
        def level(self, value: int) -> None:
            self.kept = value

    lamp = Lamp()
    lamp.level = 3
    assert lamp.level == lamp.kept == 3


def test_a_property_that_was_never_assigned_says_so():
    class Silent(Player, dbus.Object):
        pass

    with pytest.raises(AttributeError, match="Silent.title was not set"):
        Silent().title


def test_a_value_of_the_wrong_type_is_refused_when_it_is_assigned():
    radio = Radio()
    with pytest.raises(TypeError, match="Player.title"):
        radio.title = 3
    assert radio.title == "none"


def test_a_signal_of_an_object_that_is_nowhere_is_heard_by_nobody():
    Radio().seeked(2.5)


def test_a_signal_is_called_with_values_of_its_types():
    with pytest.raises(TypeError, match=r"Player.moved\(\) takes 2 values, not 1"):
        Radio().moved("there")
    with pytest.raises(TypeError, match=r"Player.seeked"):
        Radio().seeked("there")
    with pytest.raises(AttributeError, match="Player.seeked is a signal"):
        Radio().seeked = 3


def test_a_setter_that_is_to_be_awaited_is_not_assigned_to():
    class Slow(dbus.Object, name="org.example.Slow"):
        @dbus.property
        async def level(self) -> int:
            return self.kept

        @level.setter
        async def set_level(self, value: int) -> None:
            self.kept = value

    with pytest.raises(AttributeError, match=r"await self.set_level\(value\)"):
        Slow().level = 1


def test_a_property_without_a_setter_cannot_be_assigned():
    class Fixed(dbus.Object, name="org.example.Fixed"):
        @dbus.property
        def level(self) -> int:
            return 3

    with pytest.raises(AttributeError, match="Fixed.level has no setter"):
        Fixed().level = 1


class First(dbus.Interface, name="org.example.First"):
    level = dbus.property(int)

    @dbus.method
    async def go(self) -> str:
        ...

    gone = dbus.signal(int)


class Second(dbus.Interface, name="org.example.Second"):
    level = dbus.property(int)

    @dbus.method
    async def go(self) -> str:
        ...

    gone = dbus.signal(int)


def test_interfaces_may_share_a_name_for_what_is_alike():
    class Both(First, Second, dbus.Object):
        async def go(self):
            return "there"

    both = Both()
    both.level = 3
    assert both.level == 3


def test_names_of_python_are_no_longer_what_an_interface_has_in_two_types():
    class Third(dbus.Interface, name="org.example.Third"):
        level = dbus.property(str)

    class Fourth(dbus.Interface, name="org.example.Fourth"):
        gone = dbus.property(int)

    class Fifth(dbus.Interface, name="org.example.Fifth"):
        @dbus.method
        async def go(self) -> int:
            ...

    for other, match in (
        (
            Third,
            "Both.level would be First.level, a property of i, and .*Third.level, a property of s",
        ),
        (
            Fourth,
            r"Both.gone would be First.gone, a signal of \(i\), and .*Fourth.gone, a property",
        ),
        (Fifth, r"Both.go would be First.go, a method of \(\) and \(s\), and .*Fifth.go"),
    ):
        with pytest.raises(TypeError, match=match):
            type("Both", (First, other, dbus.Object), {})


def declaring(body, bases="dbus.Interface", name='name="org.example.I"'):
    def declare():
        names = {"dbus": dbus, "Player": Player}
        exec(f"class Wrong({bases}, {name}):\n    {body}", names)

    return declare


@pytest.mark.parametrize(
    "declare, error, match",
    [
        (
            declaring("@dbus.method\n    async def add(self, what): ..."),
            TypeError,
            r"Wrong.add\(\): argument 'what' has no annotation",
        ),
        (
            declaring("@dbus.method\n    async def add(self, what: set): ..."),
            TypeError,
            r"Wrong.add\(what\): .*set.* has no D-Bus type",
        ),
        (
            declaring("@dbus.method\n    async def add(self) -> set: ..."),
            TypeError,
            r"Wrong.add\(\) -> ...: .*set.* has no D-Bus type",
        ),
        (
            declaring("@dbus.method\n    async def add(self, *what: int): ..."),
            TypeError,
            "any number of arguments",
        ),
        (
            declaring("@dbus.method(no_reply=True)\n    async def add(self) -> int: ..."),
            TypeError,
            "nobody replies to",
        ),
        (
            declaring("@dbus.method\n    def add(self) -> int: ..."),
            TypeError,
            r"Wrong.add\(\) is what callers await: declare it as async def",
        ),
        (
            declaring("@dbus.method\n    async def naïve(self): ..."),
            ValueError,
            "Wrong.naïve: 'Naïve' is not the name",
        ),
        (
            declaring('a = dbus.property(int)\n    b = dbus.property(int, name="A")'),
            ValueError,
            "org.example.I has two of the name A",
        ),
        (
            declaring("@dbus.property\n    def level(self): ..."),
            TypeError,
            "level.* has no annotation of what it returns",
        ),
        (declaring("level = dbus.property(set)"), TypeError, "set.* has no D-Bus type"),
        (
            declaring('level = dbus.property(int, emits="maybe")'),
            ValueError,
            "emits: expected one of .*, not 'maybe'",
        ),
        (
            declaring("moved = dbus.signal(int, arguments=['a', 'b'])"),
            ValueError,
            "1 values have not 2 names",
        ),
        (declaring("method = dbus.method(3)"), TypeError, "expected a function, not 3"),
        (declaring("pass", name='name="none"'), ValueError, "'none' is not the name"),
        (
            declaring("@dbus.method\n    async def add(self): ...", name=""),
            TypeError,
            r"Wrong.add is of no interface: class Wrong\(..., name=...\) gives one",
        ),
        (
            declaring(
                "@dbus.method\n    async def seek(self, to: int): ...",
                "Player, dbus.Object",
                "",
            ),
            TypeError,
            r"Wrong.seek\(\) has values of the D-Bus types \(i\), .* \(d\)",
        ),
        (
            declaring("seeked = dbus.signal(float)", "Player, dbus.Object", ""),
            TypeError,
            "Wrong.seeked is declared already",
        ),
        (declaring("b = dbus.signal"), TypeError, "Wrong.b is dbus.signal itself"),
        (declaring("b = dbus.property"), TypeError, "Wrong.b is dbus.property itself"),
        (declaring("b = dbus.property()"), TypeError, "Wrong.b is dbus.property itself"),
        (declaring("b = dbus.method()"), TypeError, "Wrong.b is dbus.method itself"),
        (
            declaring("@property\n    def b(self) -> int: ..."),
            TypeError,
            "Wrong.b is a property of Python's: use @dbus.property",
        ),
        (
            declaring("proxy = dbus.property(int)"),
            TypeError,
            "Wrong.proxy hides Interface.proxy: call it otherwise",
        ),
        (
            declaring("@dbus.method\n    async def proxy(self): ..."),
            TypeError,
            "Wrong.proxy hides Interface.proxy",
        ),
        (
            declaring("b = dbus.property(int, readable=False)"),
            TypeError,
            "Wrong.b can neither be read nor written",
        ),
        (
            declaring("@dbus.property(readable=False)\n    def b(self) -> int: ..."),
            TypeError,
            "Wrong.b can neither be read nor written",
        ),
        (
            declaring(
                "@dbus.property\n    def b(self) -> int: ...\n"
                "    @b.setter\n    def set_b(self, value: str): ..."
            ),
            TypeError,
            r"Wrong.set_b\(value\) is of the D-Bus type s, not i",
        ),
        (
            declaring("@dbus.method\n    async def add(self, what: 'Nothing'): ..."),
            TypeError,
            r"Wrong.add\(\): name 'Nothing' is not defined",
        ),
        (
            declaring("@dbus.property\n    def b(self) -> 'Nothing': ..."),
            TypeError,
            r"Wrong.b\(\): name 'Nothing' is not defined",
        ),
        (
            declaring("b = dbus.signal(dbus.FileDescriptor)"),
            TypeError,
            "a signal has no file descriptors",
        ),
        (
            declaring("async def seek(self): ...", "Player, dbus.Object", ""),
            TypeError,
            r"Wrong.seek\(\) does not take what Player.seek\(\) does: too many",
        ),
        (
            declaring("async def seek(self, to, where): ...", "Player, dbus.Object", ""),
            TypeError,
            r"Wrong.seek\(\) does not take what Player.seek\(\) does: missing .*'where'",
        ),
        (
            declaring("async def seek(self, to: str): ...", "Player, dbus.Object", ""),
            TypeError,
            r"Wrong.seek\(\): argument 'to' is no d, which it is in Player.seek\(\)",
        ),
        (
            declaring(
                "async def repeat_it(self, data, *, times) -> str: ...",
                "Player, dbus.Object",
                "",
            ),
            TypeError,
            r"Wrong.repeat_it\(\) returns no ay, which Player.repeat_it\(\) does",
        ),
        (
            declaring("volume = 3", "Player, dbus.Object", ""),
            TypeError,
            "Wrong.volume hides a property of D-Bus: use @dbus.property",
        ),
        (
            declaring("def set_volume(self, value): ...", "Player, dbus.Object", ""),
            TypeError,
            r"Wrong.set_volume\(\) hides a setter",
        ),
        (
            declaring("def seeked(self): ...", "Player, dbus.Object", ""),
            TypeError,
            "Wrong.seeked hides a signal of D-Bus",
        ),
        (
            declaring(
                "@dbus.property\n    def volume(self) -> float: ...", "Player, dbus.Object", ""
            ),
            TypeError,
            "Wrong.volume has no setter, which the interface declares",
        ),
        (
            declaring(
                "@dbus.property\n    def title(self) -> int: ...", "Player, dbus.Object", ""
            ),
            TypeError,
            "Wrong.title is of the D-Bus type s, not i",
        ),
    ],
)
def test_what_is_wrong_with_a_class_is_told_when_it_is_made(declare, error, match):
    with pytest.raises(error, match=match):
        declare()
