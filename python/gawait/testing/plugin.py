"""Fixtures of pytest's. Where gawait is installed by pip, pytest finds them; else by

    pytest_plugins = ["gawait.testing.plugin"]

in conftest.py, or by -p gawait.testing.plugin. They change nothing for tests that do not use them.
"""

import contextlib
import inspect
import os
import shutil
import sys

import pytest

from gawait.testing import Display, PrivateBus, VirtualTime, new_event_loop


@pytest.fixture
def gawait_loop():
    """A gawait.EventLoop on a GLib.MainContext of its own, which is closed after the test.

    As the fixture event_loop it has pytest-asyncio up to 0.22 run its tests and fixtures.
    """
    with contextlib.closing(new_event_loop()) as loop:
        yield loop


@pytest.fixture(scope="session")
def gawait_policy():
    """An event loop policy whose loops are as gawait_loop.

    As the fixture event_loop_policy it has pytest-asyncio from 0.23 on run its tests and fixtures.
    """
    from gawait.policy import EventLoopPolicy  # which Python 3.16 has no use for

    class Policy(EventLoopPolicy):
        _loop_factory = staticmethod(new_event_loop)

    return Policy()


@pytest.fixture(scope="session")
def gawait_backend(request):
    """As the fixture anyio_backend it has anyio's plugin run its tests on loops as gawait_loop."""
    from anyio._backends._asyncio import TestRunner

    if "loop_factory" in inspect.signature(TestRunner).parameters:
        return "asyncio", {"loop_factory": new_event_loop}
    return "asyncio", {"policy": request.getfixturevalue("gawait_policy")}  # up to anyio 3


@pytest.fixture
def virtual_time():
    """Virtual time for the test, whatever loop it runs on: a gawait.testing.VirtualTime."""
    with VirtualTime() as time:
        yield time


@pytest.fixture
def private_bus():
    """A message bus of the test's own, a gawait.testing.PrivateBus: it has an address.

    The test is skipped where there is no dbus-daemon.
    """
    _skip_without("dbus-daemon")
    with PrivateBus() as bus:
        yield bus


@pytest.fixture
def bus_connection(private_bus):
    """A Gio.DBusConnection to the private bus. private_bus.connect() makes more of them."""
    return private_bus.connect()


@pytest.fixture(scope="session")
def display():
    """The name of the display that GTK uses: the one that is there, or else that of an Xvfb.

    The test is skipped where there is none either.
    """
    name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if name:
        yield name
        return
    _skip_without("Xvfb")
    with Display() as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DISPLAY", server.name)
        environment.setenv("GDK_BACKEND", "x11")
        _initialise_gtk(server.name)
        yield server.name


def _initialise_gtk(display):
    """PyGObject does it when Gtk is imported, which may have been before there was a display."""
    overrides = sys.modules.get("gi.overrides.Gtk")
    if overrides is None or overrides.initialized:
        return
    from gi.repository import Gdk, Gtk

    if Gtk.get_major_version() >= 4:  # which tries but once
        overrides.initialized = Gdk.Display.open(display) is not None
    else:
        overrides.initialized, _ = Gtk.init_check([])


def _skip_without(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
