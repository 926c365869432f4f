"""The command line: what is on a bus, as Python."""

import argparse
import pathlib
import sys

from gi.repository import Gio, GLib

from gawait.dbus.errors import Error
from gawait.dbus.xml import parse
from gawait.dbus.proxy import OF_EVERY_OBJECT, introspect
from gawait.dbus.source import source_of
from gawait.running import run


def main(arguments=None):
    """Run it, and return the status that the process is to exit with."""
    options = _options(arguments)
    try:
        source = _read(options.xml) if options.xml else run(_ask(options))
        interfaces = [each for each in source if each.name not in OF_EVERY_OBJECT]
        if not interfaces:
            raise ValueError("there is no interface")
        sys.stdout.write(source_of(interfaces))
    except (Error, GLib.Error, OSError, ValueError) as error:
        text = error.message if isinstance(error, GLib.Error) else str(error)
        print("gawait.dbus:", " ".join(text.split()), file=sys.stderr)
        return 1
    return 0


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m gawait.dbus", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="introspect")
    command = commands.add_parser(
        "introspect",
        help="print the interfaces of an object, or of XML, as classes for gawait.dbus",
        usage="%(prog)s [--session | --system | --address ADDRESS] NAME PATH\n"
        "       %(prog)s --xml FILE",
    )
    bus = command.add_mutually_exclusive_group()
    bus.add_argument("--session", action="store_true", help="the session bus, the default")
    bus.add_argument("--system", action="store_true", help="the system bus")
    bus.add_argument("--address", help="the bus at an address")
    bus.add_argument("--xml", type=pathlib.Path, help="no bus: a file of introspection XML")
    command.add_argument("name", nargs="?", help="who has the object")
    command.add_argument("path", nargs="?", help="the path of the object")
    options = parser.parse_args(arguments)
    if (options.path is None) != (options.xml is not None):
        command.error("expected NAME and PATH, or --xml FILE")
    return options


def _read(path):
    return parse(path.read_text()).interfaces


async def _ask(options):
    if options.address is not None:
        flags = Gio.DBusConnectionFlags
        bus = await Gio.DBusConnection.new_for_address(
            options.address,
            flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION,
            None,
        )
    else:
        which = Gio.BusType.SYSTEM if options.system else Gio.BusType.SESSION
        bus = await Gio.bus_get(which)
    return await introspect(bus, options.name, options.path)


if __name__ == "__main__":
    sys.exit(main())
