"""What a program shows and lets one do, as a screen reader has it: AT-SPI, of a bus of its own."""

import os
import subprocess
import tempfile
import time

from gi.repository import Gio, GLib


# What has nothing in it that tests look for, and is most of a window.
NOT_LOOKED_INTO = {"image", "label", "scroll bar", "tab list"}


class Accessible:
    """A widget of another process."""

    # Of a widget it never changes, and nearly half of the questions were for it.
    _roles = {}

    def __init__(self, bus, sender, path):
        self.bus, self.sender, self.path = bus, sender, path

    def call(self, interface, method, arguments=None):
        return self.bus.call_sync(
            self.sender, self.path, interface, method, arguments, None, 0, 10_000, None
        ).unpack()

    def ask(self, interface, method, arguments=None):
        return self.call(f"org.a11y.atspi.{interface}", method, arguments)

    def get(self, name):
        what = GLib.Variant("(ss)", ("org.a11y.atspi.Accessible", name))
        return self.call("org.freedesktop.DBus.Properties", "Get", what)[0]

    @property
    def name(self):
        return self.get("Name")

    @property
    def description(self):
        return self.get("Description")

    @property
    def role(self):
        if self.path not in self._roles:
            self._roles[self.path] = self.ask("Accessible", "GetRoleName")[0]
        return self._roles[self.path]

    def children(self):
        return [
            Accessible(self.bus, *each) for each in self.ask("Accessible", "GetChildren")[0]
        ]

    def find(self, role, *, but_not_in=None):
        """All of a role below this, as far as they are still there."""
        try:
            for child in self.children():
                what = child.role
                if what == role:
                    yield child
                if what != but_not_in and what not in NOT_LOOKED_INTO:
                    yield from child.find(role, but_not_in=but_not_in)
        except GLib.Error:
            pass

    def labels(self):
        return [label.name for label in self.find("label")]

    def list_items(self, called):
        """Those of the list of that name, if it is shown."""
        lists = self.find("list", but_not_in="grid cell")
        return (row for each in lists if each.name == called for row in each.find("list item"))

    def rows(self, called):
        """The same, by their titles what else they say."""
        all_said = (row.labels() for row in self.list_items(called))
        return {said[0]: said[1:] for said in all_said if said}

    def row(self, title):
        return next(row for row in self.find("list item") if row.labels()[:1] == [title])

    def buttons(self, called):
        """Those of a text, or of a description, as one without a text has."""
        return (
            each
            for each in self.find("button")
            if each.name.endswith(called) or each.description == called
        )

    def button(self, called):
        return next(self.buttons(called))

    def press(self):
        names = [each[0].lower() for each in self.ask("Action", "GetActions")[0]]
        self.ask("Action", "DoAction", GLib.Variant("(i)", (names.index("click"),)))

    def type(self, text):
        """Replaces the text of an entry."""
        self.ask("EditableText", "SetTextContents", GLib.Variant("(s)", (text,)))

    @property
    def value(self):
        what = GLib.Variant("(ss)", ("org.a11y.atspi.Value", "CurrentValue"))
        return self.call("org.freedesktop.DBus.Properties", "Get", what)[0]

    def set_value(self, value):
        what = ("org.a11y.atspi.Value", "CurrentValue", GLib.Variant("d", value))
        self.call("org.freedesktop.DBus.Properties", "Set", GLib.Variant("(ssv)", what))


class AccessibilityBus:
    """Where programs say what they show; of a session bus of its own."""

    def __init__(self):
        self.directory = (
            tempfile.TemporaryDirectory()
        )  # whose path is short enough for a socket
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            env={**os.environ, "XDG_RUNTIME_DIR": self.directory.name},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.session_address = self.daemon.stdout.readline().strip()
        self.session = self.connect(self.session_address)
        (self.address,) = self.session.call_sync(
            *("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress"),
            None,
            None,
            0,
            -1,
            None,
        )
        self.bus = self.connect(self.address)

    @staticmethod
    def connect(address):
        flags = Gio.DBusConnectionFlags
        return Gio.DBusConnection.new_for_address_sync(
            address,
            flags.MESSAGE_BUS_CONNECTION | flags.AUTHENTICATION_CLIENT,
            None,
            None,
        )

    def programs(self):
        root = "/org/a11y/atspi/accessible/root"
        return Accessible(self.bus, "org.a11y.atspi.Registry", root).children()

    def close(self):
        self.bus.close_sync()
        self.session.close_sync()
        self.daemon.terminate()
        self.daemon.wait()
        self.daemon.stdout.close()
        self.directory.cleanup()


def until(condition, every=0.05):
    """Waits until something is so, for which it looks in intervals of so many seconds, and
    returns it."""
    ends = time.monotonic() + 60
    while not (value := _now(condition)):
        assert time.monotonic() < ends, "it was never so"
        time.sleep(every)
    return value


def _now(condition):
    try:
        return condition()
    except (GLib.Error, StopIteration):
        return None  # it is not there yet, or not any more
