"""The types of D-Bus, and the conversion of their values."""

import array
import collections
import collections.abc
import dataclasses
import enum
import gc
import math
import os
import string
import sys
import typing

import hypothesis
import pytest
from hypothesis import strategies

from gawait import dbus
from gawait.dbus.types import (
    results_of,
    single,
    split,
    tuple_of,
    type_fitting,
    type_of,
    type_of_signature,
)
from gi.repository import Gio, GLib


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Word(str, enum.Enum):
    YES = "yes"


class Mode(enum.Enum):
    _value_: dbus.Byte
    OFF = 0
    ON = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: float


@dataclasses.dataclass(kw_only=True)
class Named:
    name: str
    point: Point
    modes: list[Mode] = dataclasses.field(default_factory=list)


class Pair(typing.NamedTuple):
    key: dbus.UInt16
    value: bytes


Distance = typing.NewType("Distance", int)


def variant(signature, value):
    return GLib.Variant(signature, value)


BOTH_WAYS = [
    (bool, "b", True, True),
    (int, "i", -(2**31), -(2**31)),
    (dbus.Byte, "y", 255, 255),
    (dbus.Int16, "n", -(2**15), -(2**15)),
    (dbus.UInt16, "q", 2**16 - 1, 2**16 - 1),
    (dbus.Int32, "i", 2**31 - 1, 2**31 - 1),
    (dbus.UInt32, "u", 2**32 - 1, 2**32 - 1),
    (dbus.Int64, "x", -(2**63), -(2**63)),
    (dbus.UInt64, "t", 2**64 - 1, 2**64 - 1),
    (Distance, "i", 5, Distance(5)),
    (float, "d", 2.5, 2.5),
    (str, "s", "caf\xe9 \U0001f600", "caf\xe9 \U0001f600"),
    (dbus.ObjectPath, "o", "/org/example", dbus.ObjectPath("/org/example")),
    (dbus.Signature, "g", "a{sv}(ii)", dbus.Signature("a{sv}(ii)")),
    (bytes, "ay", b"a\0\xff", b"a\0\xff"),
    (list[int], "ai", [1, -2], [1, -2]),
    (list[str], "as", ["", "one", "two"], ["", "one", "two"]),
    (list[dbus.Byte], "ay", [1, 2], [1, 2]),
    (collections.abc.Sequence[bool], "ab", [True, False], [True, False]),
    (list[list[float]], "aad", [[], [1.5]], [[], [1.5]]),
    (dict[str, int], "a{si}", {"a": 1, "b": 2}, {"a": 1, "b": 2}),
    (dict[int, dbus.Byte], "a{iy}", {7: 1, 8: 2}, {7: 1, 8: 2}),
    (collections.abc.Mapping[dbus.ObjectPath, str], "a{os}", {"/": "x"}, {"/": "x"}),
    (dict[dbus.Byte, dict[str, str]], "a{ya{ss}}", {1: {"a": "b"}}, {1: {"a": "b"}}),
    (tuple[int, str, bool], "(isb)", (1, "x", True), (1, "x", True)),
    (tuple[dbus.Byte, dbus.Int64], "(yx)", (1, 2), (1, 2)),
    (tuple[tuple[int], list[tuple[str, dbus.Byte]]], "((i)a(sy))", ((1,), [("a", 2)]), None),
    (Point, "(id)", (1, 2.5), Point(1, 2.5)),
    (
        Named,
        "(s(id)ay)",
        ("n", (1, 0.5), [1, 0]),
        Named(name="n", point=Point(1, 0.5), modes=[Mode.ON, Mode.OFF]),
    ),
    (Pair, "(qay)", (1, b"x"), Pair(1, b"x")),
    (dict[Level, Pair], "a{i(qay)}", {2: (1, b"")}, {Level.HIGH: Pair(1, b"")}),
    (Level, "i", 2, Level.HIGH),
    (Access, "u", 3, Access.READ | Access.WRITE),
    (Word, "s", "yes", Word.YES),
    (Mode, "y", 1, Mode.ON),
    (typing.Annotated[Mode, "q"], "q", 1, Mode.ON),
    (typing.Annotated[int, "t"], "t", 1, 1),
    (typing.Annotated[str, "o"], "o", "/a", "/a"),
    (typing.Annotated[list[tuple[int, float]], "a(yd)"], "a(yd)", [(1, 2.5)], [(1, 2.5)]),
    (typing.Annotated[dict[str, int], "a{ou}"], "a{ou}", {"/": 1}, {"/": 1}),
    (typing.Annotated[Point, "(td)"], "(td)", (5, 1.5), Point(5, 1.5)),
    (typing.Annotated[dbus.UInt32, "y"], "y", 5, 5),
    (
        typing.Annotated[object, "a{s(iv)}"],
        "a{s(iv)}",
        {"a": (1, variant("s", "x"))},
        {"a": (1, "x")},
    ),
    (GLib.Variant, "v", variant("i", 1), variant("i", 1)),
    (list[GLib.Variant], "av", [variant("as", ["x"])], [variant("as", ["x"])]),
    (typing.Annotated[GLib.Variant, "a{sx}"], "a{sx}", {"a": 1}, variant("a{sx}", {"a": 1})),
    (object, "v", variant("(is)", (1, "x")), (1, "x")),
    (typing.Any, "v", variant("as", ["x"]), ["x"]),
    (dict[str, typing.Any], "a{sv}", {"a": variant("ay", b"x")}, {"a": b"x"}),
]


@pytest.mark.parametrize(
    "annotation, signature, glib, value", BOTH_WAYS, ids=[repr(each[0]) for each in BOTH_WAYS]
)
def test_a_type_is_converted_both_ways(annotation, signature, glib, value):
    value = glib if value is None else value
    made = type_of(annotation)
    assert made.signature == signature
    packed = made.pack(value, "it")
    assert packed.get_type_string() == signature
    assert packed.is_normal_form()
    assert packed == GLib.Variant(signature, glib)
    unpacked = made.unpack(GLib.Variant(signature, glib))
    assert unpacked == value and type(unpacked) is type(value)
    assert made.unpack(packed) == value


NO_SIGNATURES = ["{sv}", "()", "mi", "r", "*", "a", "(", "a{vs}", "a{(i)s}", "i{sv}", "(i"]
NO_SIGNATURES += ["a" * 33 + "i", "(" * 33 + "i" + ")" * 33, "i" * 256]


@pytest.mark.parametrize("signature", NO_SIGNATURES)
def test_a_signature_is_of_types_that_the_bus_takes(signature):
    made = type_of(dbus.Signature)
    with pytest.raises(ValueError, match="is not a D-Bus signature"):
        made.pack(signature, "it")
    with pytest.raises(ValueError, match="is not a D-Bus signature"):
        dbus.Signature(signature)


@pytest.mark.parametrize("signature", ["{sv}", "()", "a" * 33 + "i"])
@pytest.mark.parametrize("annotation", [object, GLib.Variant])
def test_signatures_in_variants_are_looked_at_as_well(signature, annotation):
    inside = variant("g", signature)
    for given in (
        inside,
        variant("v", inside),
        variant("ag", ["i", signature]),
        variant("a{sv}", {"a": variant("a(g)", [("",), (signature,)])}),
    ):
        with pytest.raises(ValueError, match="is not a D-Bus signature"):
            type_of(annotation).pack(given, "it")


@pytest.mark.parametrize("signature", ["", "i" * 255, "a" * 32 + "i", "ia{sv}(iav)"])
def test_a_signature_may_be_of_any_number_of_types(signature):
    assert type_of(dbus.Signature).pack(signature, "it").get_string() == signature


def test_a_path_and_a_signature_are_their_classes():
    (path,) = type_of(list[dbus.ObjectPath]).unpack(variant("ao", ["/a"]))
    assert type(path) is dbus.ObjectPath
    assert type(type_of(str).unpack(variant("s", "/a"))) is str
    assert type(type_of(object).unpack(variant("v", variant("g", "i")))) is dbus.Signature
    for kind, text in (dbus.ObjectPath, "a"), (dbus.ObjectPath, "/a/"), (dbus.Signature, "mi"):
        with pytest.raises(ValueError, match=f"{kind.__name__}: '{text}' is not a"):
            kind(text)
    with pytest.raises(ValueError):
        dbus.Signature("i" * 256)
    with pytest.raises(TypeError, match="ObjectPath: expected str, not int"):
        dbus.ObjectPath(5)


# What is taken for a value -----------------------------------------------------------


class Number:
    def __index__(self):
        return 7


class Real:
    def __float__(self):
        return 1.5


class Map(collections.abc.Mapping):
    def __init__(self, items):
        self.items_ = items

    def __getitem__(self, key):
        return self.items_[key]

    def __iter__(self):
        return iter(self.items_)

    def __len__(self):
        return len(self.items_)


@pytest.mark.parametrize(
    "annotation, value, glib",
    [
        (int, Number(), 7),
        (int, Level.HIGH, 2),
        (float, 3, 3.0),
        (float, Real(), 1.5),
        (float, Number(), 7.0),
        (str, Word.YES, "yes"),
        (bytes, bytearray(b"ab"), b"ab"),
        (bytes, memoryview(b"abc")[1:], b"bc"),
        (bytes, array.array("B", [1, 2]), b"\1\2"),
        (bytes, [1, 2], b"\1\2"),
        (list[int], (1, 2), [1, 2]),
        (list[int], range(3), [0, 1, 2]),
        (list[int], (each for each in (1, 2)), [1, 2]),
        (list[int], collections.deque([1]), [1]),
        (list[int], {1: 2}.keys(), [1]),
        (dict[str, int], collections.OrderedDict(a=1), {"a": 1}),
        (dict[str, int], Map({"a": 1}), {"a": 1}),
        (tuple[int, int], [1, 2], (1, 2)),
        (tuple[dbus.UInt16, bytes], Pair(1, b"x"), (1, b"x")),
    ],
)
def test_what_is_like_a_value_is_taken_for_it(annotation, value, glib):
    made = type_of(annotation)
    assert made.pack(value, "it") == GLib.Variant(made.signature, glib)


@pytest.mark.parametrize(
    "value, signature",
    [
        (True, "b"),
        (5, "i"),
        (2**31, "x"),
        (-(2**31) - 1, "x"),
        (2**63, "t"),
        (1.5, "d"),
        ("x", "s"),
        (b"x", "ay"),
        (bytearray(b"x"), "ay"),
        (dbus.ObjectPath("/"), "o"),
        (dbus.Signature("i"), "g"),
        ([1, 2], "ai"),
        ([1, 2**40], "av"),
        ([1, "x"], "av"),
        ([], "av"),
        ([[1], [2]], "aai"),
        ([[1], ["x"]], "av"),
        ([("a", 1), ("b", 2)], "a(si)"),
        ([{"a": 1}, {}], "aa{sv}"),
        ({}, "a{sv}"),
        ({"a": 1}, "a{sv}"),
        ({1: "x"}, "a{iv}"),
        ({dbus.ObjectPath("/"): "x"}, "a{ov}"),
        ((1, "x", (True,)), "(is(b))"),
        (GLib.Variant("q", 1), "q"),
        ([GLib.Variant("q", 1)], "av"),
        (Point(1, 2.5), "(id)"),
        ([Point(1, 2.5)], "a(id)"),
        (Pair(1, b""), "(qay)"),
        (Mode.ON, "y"),
        (Access.READ, "u"),
        (Word.YES, "s"),
        (collections.OrderedDict(a=1), "a{sv}"),
    ],
    ids=repr,
)
def test_a_plain_value_says_what_it_is_in_a_variant(value, signature):
    packed = type_of(object).pack(value, "it")
    assert packed.get_variant().get_type_string() == signature
    assert packed.is_normal_form()


# The same as GLib.Variant does ---------------------------------------------------------

INTEGERS = {
    "y": (0, 2**8 - 1),
    "n": (-(2**15), 2**15 - 1),
    "q": (0, 2**16 - 1),
    "i": (-(2**31), 2**31 - 1),
    "u": (0, 2**32 - 1),
    "x": (-(2**63), 2**63 - 1),
    "t": (0, 2**64 - 1),
}
TEXTS = strategies.text().map(lambda text: text.replace("\0", ""))
PATHS = strategies.lists(
    strategies.text(string.ascii_letters + string.digits + "_", min_size=1), max_size=3
).map(lambda parts: "/" + "/".join(parts))
FLOATS = strategies.floats(allow_nan=False)
BASIC = {
    "b": strategies.booleans(),
    **{letter: strategies.integers(*limits) for letter, limits in INTEGERS.items()},
    "d": FLOATS,
    "s": TEXTS,
    "o": PATHS,
    "g": strategies.sampled_from(["", "i", "a{sv}", "(ii)as"]),
}
BASIC_SIGNATURES = strategies.sampled_from(sorted(BASIC))


SIGNATURES = strategies.recursive(
    BASIC_SIGNATURES | strategies.just("v"),
    lambda inner: inner.map("a{}".format)
    | strategies.builds("a{{{}{}}}".format, BASIC_SIGNATURES, inner)
    | strategies.lists(inner, min_size=1, max_size=4).map("".join).map("({})".format),
    max_leaves=8,
)


def values_of(signature, inside=SIGNATURES):
    """What GLib.Variant() takes for the type, with types of that strategy inside of variants."""
    if signature in BASIC:
        return BASIC[signature]
    if signature == "v":
        return inside.flatmap(
            lambda inner: values_of(inner, BASIC_SIGNATURES).map(
                lambda value: GLib.Variant(inner, value)
            )
        )
    if signature == "ay":
        return strategies.binary(max_size=300)
    if signature.startswith("a{"):
        keys, values = (values_of(each, inside) for each in split(signature[2:-1]))
        return strategies.dictionaries(keys, values, max_size=3)
    if signature.startswith("a"):
        return strategies.lists(values_of(signature[1:], inside), max_size=4)
    return strategies.tuples(*(values_of(each, inside) for each in split(signature[1:-1])))


TYPED_VALUES = SIGNATURES.flatmap(
    lambda signature: strategies.tuples(strategies.just(signature), values_of(signature))
)


def as_glib(value):
    """What GLib.Variant.unpack() gives, which knows no bytes."""
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, list):
        return [as_glib(each) for each in value]
    if isinstance(value, tuple):
        return tuple(as_glib(each) for each in value)
    if isinstance(value, dict):
        return {key: as_glib(each) for key, each in value.items()}
    return value


def data_of(value):
    return value.get_data_as_bytes().get_data() or b""


def over_the_wire(value):
    """As another process has it."""
    message = Gio.DBusMessage.new_method_call("a.b", "/", "a.b", "C")
    message.set_serial(1)
    message.set_body(GLib.Variant.new_tuple(value))
    blob = message.to_blob(Gio.DBusCapabilityFlags.NONE)
    received = Gio.DBusMessage.new_from_blob(bytes(blob), Gio.DBusCapabilityFlags.NONE)
    return received.get_body().get_child_value(0)


thorough = hypothesis.settings(deadline=None, database=None, max_examples=100)


@thorough
@hypothesis.given(TYPED_VALUES)
def test_any_value_is_packed_and_unpacked_as_GLib_does(typed):
    signature, value = typed
    expected = GLib.Variant(signature, value)
    keeping = type_of_signature(signature, keeps_variants=True)
    packed = keeping.pack(value, "it")
    assert packed == expected
    assert data_of(packed) == data_of(expected)
    assert packed.is_normal_form()
    plain = type_of_signature(signature)
    for each in expected, packed:
        assert keeping.unpack(each) == value
        assert as_glib(plain.unpack(each)) == expected.unpack()


@thorough
@hypothesis.given(TYPED_VALUES)
def test_any_value_is_sent_as_that_of_GLib_and_unpacked_from_a_message(typed):
    signature, value = typed
    packed = type_of_signature(signature, keeps_variants=True).pack(value, "it")
    try:
        expected = over_the_wire(GLib.Variant(signature, value))
    except GLib.Error:  # GDBus of GLib 2.74 misreads some arrays of structures
        with pytest.raises(GLib.Error):
            over_the_wire(packed)
        return
    received = over_the_wire(packed)
    assert received == expected
    assert as_glib(type_of_signature(signature).unpack(received)) == expected.unpack()


PLAIN = strategies.recursive(
    strategies.booleans()
    | strategies.integers(-(2**63), 2**64 - 1)
    | FLOATS
    | TEXTS
    | strategies.binary(),
    lambda inner: strategies.lists(inner, max_size=4)
    | strategies.dictionaries(TEXTS | strategies.just("key"), inner, max_size=4)
    | strategies.lists(inner, min_size=1, max_size=3).map(tuple),
    max_leaves=10,
)


@thorough
@hypothesis.given(PLAIN)
def test_any_plain_value_comes_out_of_a_variant_as_it_went_in(value):
    made = type_of(object)
    packed = made.pack(value, "it")
    assert packed.is_normal_form()
    assert made.unpack(packed) == value


def test_containers_of_every_size_are_as_GLib_has_them():
    """The offsets at the end of a container get wider as it grows."""
    made = type_of(tuple[list[str], dict[str, str], str])
    for size in (0, 1, 30, 60, 125, 126, 127, 254, 255, 256, 10_000, 21_800, 32_700, 40_000):
        value = ["x" * 2] * (size // 3), {"y" * size: "z"}, "w"
        packed = made.pack(value, "it")
        expected = GLib.Variant(made.signature, value)
        assert data_of(packed) == data_of(expected)
        assert made.unpack(packed) == value


# What is no value ------------------------------------------------------------------------

WHAT = "argument 'options' of Configure()"


@pytest.mark.parametrize(
    "annotation, value, error, text",
    [
        (int, "1", TypeError, "expected int, not str"),
        (int, True, TypeError, "expected int, not bool"),
        (int, 1.0, TypeError, "expected int, not float"),
        (int, None, TypeError, "expected int, not NoneType"),
        (dbus.Byte, 256, OverflowError, "the int is not between 0 and 255"),
        (dbus.UInt64, -1, OverflowError, "the int is not between 0 and 18446744073709551615"),
        (dbus.UInt64, 2**64, OverflowError, "the int is not between 0 and"),
        (int, 10**4000, OverflowError, "the int is not between -2147483648 and 2147483647"),
        (bool, 1, TypeError, "expected bool, not int"),
        (float, "1", TypeError, "expected float, not str"),
        (float, True, TypeError, "expected float, not bool"),
        (float, 10**400, OverflowError, "the int is too large for a float"),
        (str, b"x", TypeError, "expected str, not bytes"),
        (str, "a\0b", ValueError, r"'a\\x00b' has a null character"),
        (str, "caf\udce9", ValueError, r"'caf\\udce9' has a lone surrogate"),
        (dbus.ObjectPath, "a", ValueError, "'a' is not an object path"),
        (dbus.ObjectPath, "", ValueError, "'' is not an object path"),
        (dbus.Signature, "m", ValueError, "'m' is not a D-Bus signature"),
        (bytes, "x", TypeError, "expected bytes, not str"),
        (bytes, 5, TypeError, "expected bytes, not int"),
        (bytes, [256], OverflowError, "item 0: the int is not between 0 and 255"),
        (list[str], "text", TypeError, "expected list, not str"),
        (list[int], b"x", TypeError, "expected list, not bytes"),
        (list[int], {1: 2}, TypeError, "expected list, not dict"),
        (list[int], 5, TypeError, "expected list, not int"),
        (list[int], [1, "2"], TypeError, "item 1: expected int, not str"),
        (list[int], iter([1, "2"]), TypeError, "item 1: expected int, not str"),
        (dict[str, int], [("a", 1)], TypeError, "expected dict, not list"),
        (dict[str, int], {1: 1}, TypeError, "key 1: expected str, not int"),
        (dict[str, int], {"x": "y"}, TypeError, "value of key 'x': expected int, not str"),
        (
            dict[str, list[int]],
            {"x": [0, 1, 2, "3"]},
            TypeError,
            "value of key 'x': item 3: expected int, not str",
        ),
        (tuple[int, str], (1,), TypeError, "expected 2 items, not 1"),
        (tuple[int, str], 1, TypeError, "expected tuple, not int"),
        (tuple[int, str], (1, 2), TypeError, "item 1: expected str, not int"),
        (Point, (1, 2.5), TypeError, "expected Point, not tuple"),
        (Point, Point("x", 1), TypeError, "field 'x': expected int, not str"),
        (Pair, Pair(-1, b""), OverflowError, "field 'key': the int is not between 0 and 65535"),
        (
            Named,
            Named(name="n", point=Point(1, "y")),
            TypeError,
            "field 'point': field 'y': expected float, not str",
        ),
        (Mode, 1, TypeError, "expected Mode, not int"),
        (GLib.Variant, 1, TypeError, "expected GLib.Variant, not int"),
        (
            typing.Annotated[GLib.Variant, "a{sv}"],
            variant("i", 1),
            TypeError,
            r"expected GLib.Variant of type a\{sv\}, not i",
        ),
        (object, None, TypeError, "NoneType has no D-Bus type"),
        (object, {1, 2}, TypeError, "set has no D-Bus type"),
        (object, (), TypeError, "an empty tuple has no D-Bus type"),
        (object, 2**64, OverflowError, "the int is not between"),
        (object, [1, [None]], TypeError, "item 1: item 0: NoneType has no"),
        (object, {"a": {"b": None}}, TypeError, "value of key 'a': value of key 'b': NoneType"),
        (object, {"a": 1, 2: 3}, TypeError, "key 2: a dict with such keys, or keys of several"),
        (object, {(1, 2): 3}, TypeError, r"key \(1, 2\): a dict with such keys"),
        (object, (1, "a\0"), ValueError, "item 1: .* has a null character"),
        (
            dict[str, object],
            {"x": object()},
            TypeError,
            "value of key 'x': object has no D-Bus",
        ),
        (object, variant("mi", None), ValueError, "D-Bus has no type for values that may be"),
        (
            list[GLib.Variant],
            [variant("v", variant("ams", [None]))],
            ValueError,
            "item 0: D-Bus has no type for values",
        ),
        (GLib.Variant, variant("()", ()), ValueError, r"\(\) is not a D-Bus type"),
        (dbus.FileDescriptor, 0, TypeError, "a file descriptor cannot be sent here"),
    ],
)
def test_what_is_no_value_is_named_with_its_place(annotation, value, error, text):
    with pytest.raises(error, match=f"^{WHAT.replace('(', '[(]').replace(')', '[)]')}: {text}"):
        type_of(annotation).pack(value, WHAT)


def test_an_error_of_a_users_own_stays_what_it_is_and_says_where_it_was():
    class Broken:
        def __index__(self):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        type_of(dict[str, list[int]]).pack({"x": [1, Broken()]}, WHAT)
    assert caught.value.__notes__ == [f"in {WHAT}: value of key 'x': item 1"]


@dataclasses.dataclass
class WithoutField:
    x: int


def test_a_field_that_is_gone_says_where_it_was():
    broken = WithoutField(1)
    del broken.x
    with pytest.raises(AttributeError) as caught:
        type_of(list[WithoutField]).pack([broken], WHAT)
    assert caught.value.__notes__ == [f"in {WHAT}: item 0: field 'x'"]


def test_what_contains_itself_is_refused():
    a_list = []
    a_list.append(a_list)
    a_dict = {}
    a_dict["self"] = a_dict
    for value in a_list, a_dict, (a_list,), [a_dict]:
        with pytest.raises(ValueError, match="^it: more than 64 containers in one another$"):
            type_of(object).pack(value, "it")


def test_a_variant_of_too_many_variants_is_refused():
    value = GLib.Variant("i", 1)
    for _ in range(62):
        value = GLib.Variant("v", value)
    made = type_of(list[GLib.Variant])
    assert made.unpack(over_the_wire(made.pack([value], "it"))) == [value]
    with pytest.raises(ValueError, match="more than 64 containers"):
        made.pack([GLib.Variant("v", value)], "it")
    for _ in range(1000):
        value = GLib.Variant("v", value)
    with pytest.raises(ValueError, match="more than 64 containers"):
        type_of(object).pack(value, "it")


def test_an_array_longer_than_D_Bus_allows_is_refused():
    most = 64 << 20
    assert type_of(bytes).pack(bytes(most), "it").get_size() == most
    with pytest.raises(ValueError, match="at most 64 MiB"):
        type_of(bytes).pack(bytes(most + 1), "it")


def test_a_variant_that_is_of_another_type_is_not_unpacked():
    with pytest.raises(TypeError, match="a value of the type i, not s"):
        type_of(int).unpack(variant("s", "x"))
    with pytest.raises(TypeError, match=r"expected GLib.Variant, not int"):
        type_of(int).unpack(5)


def test_what_is_no_member_of_an_enumeration_is_refused():
    with pytest.raises(ValueError, match="7 is not a valid Mode"):
        type_of(list[Mode]).unpack(variant("ay", [1, 7]))
    assert type_of(Access).unpack(variant("u", 7)) == 7


def test_a_variant_of_untrusted_data_is_what_GLib_makes_of_it():
    for size in range(20):
        data = GLib.Bytes.new(bytes(range(255, 255 - size, -1)))
        for signature in ("as", "a{sv}", "(sas)", "v", "ai", "ax", "(yx)", "b", "ab", "o"):
            broken = GLib.Variant.new_from_bytes(GLib.VariantType(signature), data, False)
            normal = broken.get_normal_form()
            made = type_of_signature(signature)
            assert made.unpack(broken) == made.unpack(normal)
            if "v" not in signature:  # a broken one is of (), which D-Bus has not
                packed = type_of(GLib.Variant).pack(broken, "it")
                assert packed.is_normal_form() and packed.get_variant() == normal


# Annotations ---------------------------------------------------------------------------


class Recursive(typing.NamedTuple):
    children: "list[Recursive]"


class Undeclared(enum.Enum):
    ONE = 1


class TooLarge(enum.IntEnum):
    LARGE = 2**40


class NotOfItsType(enum.Enum):
    _value_: int
    WRONG = "text"


@dataclasses.dataclass
class Empty:
    pass


Unannounced = dataclasses.make_dataclass("Unannounced", [("x", "missing")])


@dataclasses.dataclass
class Computed:
    x: int = dataclasses.field(init=False, default=1)


@pytest.mark.parametrize(
    "annotation, text",
    [
        (None, "None has no D-Bus type"),
        (complex, "<class 'complex'> has no D-Bus type"),
        (list, "<class 'list'> has no D-Bus type"),
        (int | None, "has no D-Bus type"),
        (set[int], "has no D-Bus type"),
        (tuple[int, ...], "Ellipsis has no D-Bus type"),
        (tuple[()], "has no D-Bus type"),
        (dict[list[int], int], "has no D-Bus type: keys"),
        (dict[object, int], "has no D-Bus type: keys"),
        (Recursive, "Recursive contains itself"),
        (Undeclared, "Undeclared does not declare the D-Bus type of its values"),
        (TooLarge, "TooLarge.LARGE: the int is not between"),
        (NotOfItsType, "NotOfItsType.WRONG: expected int, not str"),
        (Empty, "Empty has no fields"),
        (Unannounced, "Unannounced: name 'missing' is not defined"),
        (Computed, "Computed.x is no argument"),
        (collections.namedtuple("Bare", "x"), "Bare.x has no annotation"),
        (typing.Annotated[int, "s"], "int does not go with the D-Bus type 's'"),
        (typing.Annotated[str, "i"], "str does not go with the D-Bus type 'i'"),
        (typing.Annotated[list[int], "a{si}"], "does not go with the D-Bus type 'a{si}'"),
        (typing.Annotated[list[int], "as"], "int does not go with the D-Bus type 's'"),
        (typing.Annotated[Point, "(i)"], "Point does not go with the D-Bus type"),
        (typing.Annotated[bytes, "as"], "bytes does not go with the D-Bus type 'as'"),
        (typing.Annotated[object, "()"], "'[(][)]' is not a D-Bus type"),
        (typing.Annotated[object, "{sv}"], "'{sv}' is not a D-Bus type"),
        (typing.Annotated[object, "i\0"], "is not a D-Bus type"),
        (typing.Annotated[object, "\udce9"], "is not a D-Bus type"),
    ],
    ids=repr,
)
def test_an_annotation_without_a_type_is_refused(annotation, text):
    with pytest.raises(TypeError, match=text):
        type_of(annotation)


def nested(annotation, template, depth):
    for _ in range(depth):
        annotation = template[annotation]
    return annotation


def test_types_have_the_limits_of_D_Bus():
    for template, what in (list, "arrays"), (tuple, "structures"):
        made = type_of(nested(int, template, 32))
        value = 7
        for _ in range(32):
            value = [value] if template is list else (value,)
        assert made.unpack(over_the_wire(made.pack(value, "it"))) == value
        with pytest.raises(TypeError, match=f"more than the 32 {what}"):
            type_of(nested(int, template, 33))
    with pytest.raises(TypeError, match="more than the 32 arrays"):
        type_of(nested(nested(int, tuple, 1), list, 33))
    type_of(tuple[(int,) * 253])
    with pytest.raises(TypeError, match="longer than the 255 bytes"):
        type_of(tuple[(int,) * 254])
    with pytest.raises(TypeError, match="longer than 255 bytes"):
        tuple_of([type_of(tuple[(int,) * 200])] * 2)
    with pytest.raises(ValueError, match="more than the 32 arrays"):
        type_of_signature("a" * 33 + "i")
    with pytest.raises(ValueError, match="'ii' is not a D-Bus type"):
        type_of_signature("ii")


def test_an_annotation_is_fitted_to_a_type_as_far_as_it_goes():
    for signature, annotation, value, unpacked in [
        ("y", int, 5, 5),
        ("(td)", Point, (5, 1.5), Point(5, 1.5)),
        ("(ts)", Point, (5, "x"), (5, "x")),
        ("a{sv}", dict[str, GLib.Variant], {"a": variant("i", 1)}, {"a": variant("i", 1)}),
        ("(iv)", tuple[str, GLib.Variant], (1, variant("i", 1)), (1, variant("i", 1))),
        ("as", int, ["a"], ["a"]),
        ("s", complex, "a", "a"),
        ("v", None, variant("i", 1), 1),
        ("q", Mode, 1, Mode.ON),
        ("s", Mode, "a", "a"),
    ]:
        made = type_fitting(signature, annotation)
        assert made.signature == signature
        assert made.unpack(GLib.Variant(signature, value)) == unpacked
    with pytest.raises(ValueError):
        type_fitting("nonsense", int)


# Messages --------------------------------------------------------------------------------


def test_arguments_are_named_in_errors():
    named = tuple_of([type_of(int), type_of(list[str])], ["seconds", "names"])
    assert named.signature == "(ias)"
    assert named.pack((1, ["x"]), "seek()") == variant("(ias)", (1, ["x"]))
    assert named.unpack(variant("(ias)", (1, ["x"]))) == (1, ["x"])
    for values, text in [
        ((1, [2]), r"argument 'names' of seek\(\): item 0: expected str, not int"),
        (("1", []), r"argument 'seconds' of seek\(\): expected int, not str"),
        ((1,), r"seek\(\): expected 2 values, not 1"),
        (5, r"seek\(\): expected tuple, not int"),
    ]:
        with pytest.raises(TypeError, match=f"^{text}$"):
            named.pack(values, "seek()")
    unnamed = tuple_of([type_of(int)])
    with pytest.raises(TypeError, match="^signal Moved: item 0: expected int, not str$"):
        unnamed.pack(("x",), "signal Moved")
    assert tuple_of([]).pack((), "it") == variant("()", ())
    assert tuple_of([]).unpack(variant("()", ())) == ()


@pytest.mark.parametrize(
    "annotation, signature, value",
    [
        (None, "()", None),
        (int, "(i)", 5),
        (Point, "((id))", Point(1, 2.5)),
        (tuple[int, str], "(is)", (5, "x")),
        (tuple[int], "(i)", (5,)),
        (tuple[()], "()", ()),
        (tuple[tuple[int, str]], "((is))", ((5, "x"),)),
    ],
    ids=repr,
)
def test_results_are_none_one_or_several(annotation, signature, value):
    made = results_of(annotation)
    assert made.signature == signature
    packed = made.pack(value, "it")
    assert packed.get_type_string() == signature and packed.is_normal_form()
    assert made.unpack(packed) == value


def test_a_result_where_there_is_none_is_refused():
    with pytest.raises(TypeError, match="^result of stop: expected None, not int$"):
        results_of(None).pack(5, "result of stop")


def test_a_single_value_has_no_tuple_around_it():
    assert single(type_of(str)).unpack(variant("(s)", ("x",))) == "x"


# File descriptors --------------------------------------------------------------------------


def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_a_file_descriptor_is_closed_when_it_is_dropped():
    reader, writer = os.pipe()
    owner = dbus.FileDescriptor(reader)
    assert owner.fileno() == reader and repr(owner) == f"<FileDescriptor {reader}>"
    del owner
    assert not is_open(reader)
    with dbus.FileDescriptor(writer) as owner:
        assert owner.fileno() == writer
    assert not is_open(writer) and repr(owner) == "<FileDescriptor, closed>"
    owner.close()
    for used in owner.fileno, owner.detach, owner.__enter__:
        with pytest.raises(ValueError, match="closed"):
            used()
    with pytest.raises(OSError):
        dbus.FileDescriptor(writer)


def test_a_detached_file_descriptor_stays_open():
    reader, writer = os.pipe()
    assert dbus.FileDescriptor(reader).detach() == reader
    assert is_open(reader)
    os.close(reader)
    os.close(writer)


def test_file_descriptors_are_duplicated_both_ways(tmp_path):
    made = type_of(dict[str, dbus.FileDescriptor])
    assert made.signature == "a{sh}"
    with open(tmp_path / "one", "w+") as file, open(tmp_path / "two", "w+") as other:
        values = {"a": file, "b": other.fileno(), "c": dbus.FileDescriptor(os.dup(0))}
        packed, descriptors = made.pack_with_descriptors(values, "it")
        assert packed == variant("a{sh}", {"a": 0, "b": 1, "c": 2})
    received = made.unpack(packed, descriptors)
    os.write(received["a"].fileno(), b"one")
    os.write(received["b"].fileno(), b"two")
    assert (tmp_path / "one").read_text() + (tmp_path / "two").read_text() == "onetwo"
    numbers = [each.fileno() for each in received.values()]
    assert all(map(is_open, numbers))
    del received
    assert not any(map(is_open, numbers))


def test_file_descriptors_are_found_in_variants():
    made = type_of(object)
    value = [dbus.FileDescriptor(os.dup(0)), dbus.FileDescriptor(os.dup(0))]
    packed, descriptors = made.pack_with_descriptors(value, "it")
    assert packed == variant("v", variant("ah", [0, 1]))
    assert [type(each) for each in made.unpack(packed, descriptors)] == [
        dbus.FileDescriptor
    ] * 2
    assert made.pack_with_descriptors(5, "it")[1] is None


@pytest.mark.parametrize(
    "value, error, text",
    [
        ("x", TypeError, "expected a file descriptor or what has a fileno(), not str"),
        (True, TypeError, "expected a file descriptor or what has a fileno(), not bool"),
        (2**40, ValueError, "the int is no file descriptor"),
        (-1, ValueError, "the int is no file descriptor"),
    ],
)
def test_what_is_no_file_descriptor_is_refused(value, error, text):
    made = type_of(list[dbus.FileDescriptor])
    with pytest.raises(error) as caught:
        made.pack_with_descriptors([value], "it")
    assert str(caught.value) == f"it: item 0: {text}"


def test_a_closed_file_descriptor_is_an_error_of_the_system():
    with pytest.raises(OSError) as caught:
        type_of(dbus.FileDescriptor).pack_with_descriptors(2**20, "it")
    assert caught.value.__notes__ == ["in it"]


def test_descriptors_of_a_value_that_is_refused_are_closed():
    before = len(os.listdir("/proc/self/fd"))
    made = type_of(tuple[list[dbus.FileDescriptor], int])
    for _ in range(10):
        with pytest.raises(TypeError):
            made.pack_with_descriptors(([0, 1], "x"), "it")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_descriptor_that_did_not_come_is_an_error():
    made = type_of(dbus.FileDescriptor)
    for descriptors in None, Gio.UnixFDList():
        with pytest.raises(ValueError, match="file descriptor 3 did not come with the value"):
            made.unpack(variant("h", 3), descriptors)
    with pytest.raises(TypeError, match="expected Gio.UnixFDList, not int"):
        made.unpack(variant("h", 3), 5)


# What a user's code does meanwhile -----------------------------------------------------


class Changing:
    """An int that calls a function when it is asked for its number."""

    def __init__(self, change):
        self.change = change

    def __index__(self):
        self.change()
        return 1


def test_a_list_that_is_changed_while_it_is_packed_is_refused():
    for change in list.clear, list.pop, lambda items: items.extend(range(1000)):
        items = [0, 1, 2]
        items[1] = Changing(lambda: change(items))
        with pytest.raises(RuntimeError, match="^it: it changed its size while it was packed$"):
            type_of(list[int]).pack(items, "it")


def test_a_list_whose_items_are_replaced_is_packed():
    items = [object(), 5]
    items[0] = Changing(lambda: items.__setitem__(slice(None), [8, 9]))
    assert type_of(list[int]).pack(items, "it") == variant("ai", [1, 9])


def test_a_dict_that_is_changed_while_it_is_packed_is_refused():
    for change in (
        dict.clear,
        lambda it: it.pop("b"),
        lambda it: it.update(dict.fromkeys("xyzuvw", 1)),
    ):
        items = {"a": 0, "b": 1, "c": 2}
        items["b"] = Changing(lambda: change(items))
        with pytest.raises(RuntimeError, match="changed its size"):
            type_of(dict[str, int]).pack(items, "it")


def test_a_list_for_a_structure_may_change_while_it_is_packed():
    items = [0, 1]
    items[0] = Changing(items.clear)
    assert type_of(tuple[int, int]).pack(items, "it") == variant("(ii)", (1, 1))


def test_an_iterator_and_a_mapping_may_do_what_they_like():
    class Odd(Map):
        def items(self):
            return [1, 2]

    class Failing:
        def __iter__(self):
            yield 1
            raise LookupError("mine")

    with pytest.raises(TypeError, match=r"^it: items\(\) of the Odd gives no pairs$"):
        type_of(dict[str, int]).pack(Odd({}), "it")
    with pytest.raises(LookupError, match="mine"):
        type_of(list[int]).pack(Failing(), "it")


def test_a_file_may_close_itself_when_it_is_asked():
    class Closing:
        def fileno(self):
            files.clear()
            return 0

    files = [Closing(), Closing()]
    with pytest.raises(RuntimeError, match="changed its size"):
        type_of(list[dbus.FileDescriptor]).pack_with_descriptors(files, "it")


def test_a_type_may_be_used_by_what_it_converts():
    made = type_of(list[int])
    inner = Changing(lambda: made.pack([1, 2], "inner"))
    assert made.pack([inner, inner], "it") == variant("ai", [1, 1])


# References --------------------------------------------------------------------------------


def test_no_reference_is_leaked():
    key, text, item = "key" * 3, "text" * 3, Changing(lambda: None)
    point, failing = Point(1, 2.5), object()
    cases = [
        (dict[str, list[int]], {key: [item, 5]}),
        (dict[str, list[int]], {key: [item, failing]}),
        (dict[str, object], {key: text, "b": [text, {key: point}], "c": (text, key)}),
        (dict[str, object], {key: [text, failing]}),
        (dict[str, object], {key: {key: failing}}),
        (tuple[Point, str], (point, text)),
        (tuple[Point, str], (point, failing)),
        (list[Point], [point, Point(failing, 1)]),
        (dict[str, Mode], {key: Mode.ON}),
        (Mode, failing),
        (list[int], collections.deque([item, failing])),
        (dict[str, int], Map({key: item, text: failing})),
    ]
    counted = key, text, item, point, failing, Mode.ON, Point, Mode
    types = [(type_of(annotation), value) for annotation, value in cases]

    def work():
        for made, value in types:
            try:
                packed = made.pack(value, "it")
            except TypeError:
                continue
            made.unpack(packed)
            made.unpack(over_the_wire(packed))

    work()
    gc.collect()
    before = [sys.getrefcount(each) for each in counted]
    for _ in range(20):
        work()
    gc.collect()
    assert [sys.getrefcount(each) for each in counted] == before


def test_types_and_their_classes_are_collected(count_objects):
    made = type(type_of(int))
    before = count_objects(made)

    def work():
        @dataclasses.dataclass
        class Local:
            x: int

        Local.type = type_of(list[Local])
        Local.type.pack([Local(1)], "it")

    for _ in range(20):
        work()
    assert count_objects(made) == before


def test_infinities_and_no_number_are_floats():
    made = type_of(list[float])
    infinite, nan = made.unpack(made.pack([math.inf, math.nan], "it"))
    assert infinite == math.inf and math.isnan(nan)


@pytest.mark.parametrize(
    "described",
    [
        ("value", "v"),
        ("value", "a{sv}"),
        ("nonsense", "i"),
        ("list", "ai"),
        ("list", "ai", (5,)),
        ("list", "as", (type_of(int),)),
        ("bytes", "ai", (type_of(int),)),
        ("dict", "a{ii}", (type_of(int),)),
        ("tuple", "(ii)", (type_of(int),)),
        ("single", "(ii)", (type_of(int), type_of(int))),
        ("nothing", "(i)", (type_of(int),)),
        ("object", "i"),
        ("variant", "i"),
        ("member", "i", (type_of(int),)),
        ("member", "i", (type_of(int),), 5),
        ("structure", "(i)", (type_of(int),), Point, ()),
        ("structure", "(i)", (type_of(int),), Point, (5,)),
        ("arguments", "(i)", (type_of(int),), None, ("one", "two")),
    ],
    ids=repr,
)
def test_a_type_that_cannot_be_is_not_made(described):
    with pytest.raises(ValueError, match="^no '"):
        type(type_of(int))(*described)
