"""What the tests of callers in other languages share."""

import os

import pytest

from gi.repository import Gio


@pytest.fixture(scope="module")
def environment():
    """That of a session with a bus of the tests' own."""
    bus = Gio.TestDBus.new(Gio.TestDBusFlags.NONE)
    bus.up()
    yield {
        **os.environ,
        "DBUS_SESSION_BUS_ADDRESS": bus.get_bus_address(),
        "G_DEBUG": "fatal-criticals",
    }
    bus.stop()
