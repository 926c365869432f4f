"""Packs and unpacks a value of D-Bus again and again, and prints what that took as JSON.

usage: dbus_values.py CONVERTER VALUE SECONDS

CONVERTER  gawait, or GLib.Variant
VALUE      isd      an int, a str and a float
           options  twenty entries of a{sv}, an int or a str each
"""

import json
import sys

import timing
from gi.repository import GLib

TIMES = 1000

VALUES = {
    "isd": (7, "some text", 2.5),
    "options": {f"option {number}": number if number % 2 else "text" for number in range(20)},
}


def by_gawait(name):
    from gawait.dbus.types import type_of

    made = type_of({"isd": tuple[int, str, float], "options": dict[str, object]}[name])
    return lambda value: made.unpack(made.pack(value, name))


def by_glib(name):
    if name == "isd":
        return lambda value: GLib.Variant("(isd)", value).unpack()

    def convert(options):
        variants = {
            key: GLib.Variant("i" if isinstance(value, int) else "s", value)
            for key, value in options.items()
        }
        return GLib.Variant("a{sv}", variants).unpack()

    return convert


CONVERTERS = {"gawait": by_gawait, "GLib.Variant": by_glib}


def main():
    converter, name, seconds = sys.argv[1:]
    convert, value = CONVERTERS[converter](name), VALUES[name]
    if convert(value) != value:
        raise AssertionError(convert(value))

    def work():
        for _ in range(TIMES):
            convert(value)

    print(json.dumps(timing.of_one(work, TIMES, float(seconds))))


if __name__ == "__main__":
    main()
