"""What all tests in Python share: a desktop to run programs on."""

import os
import subprocess
import sys

import pytest

pytest.register_assert_rewrite("programs")
pytest_plugins = ["gawait.testing.plugin"]

os.environ.setdefault("GIO_USE_VFS", "local")
os.environ.setdefault("GSETTINGS_BACKEND", "memory")

import gi

gi.require_version("GLib", "2.0")
gi.require_version("Gio", "2.0")

from gawait.testing import Display, PrivateBus
from programs import installed


@pytest.fixture(scope="session")
def session_bus():
    """The address of a dbus-daemon of the tests' own, which is also the session bus."""
    with PrivateBus() as bus, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        yield bus.address


@pytest.fixture(scope="session")
def x_server():
    """An Xvfb on a display that is free; gives its name."""
    with Display() as server:
        yield server.name


@pytest.fixture
def desktop(x_server, session_bus, monkeypatch):
    """What a program finds on a desktop, in its environment: a display and a session bus."""
    monkeypatch.setenv("DISPLAY", x_server)
    monkeypatch.setenv("GDK_BACKEND", "x11")
    # Without a GPU drawing is steady this way, and Mesa's drivers are not loaded.
    monkeypatch.setenv("GDK_DISABLE", "gl,vulkan")
    if installed("Gtk", "4.0") < (4, 16):
        monkeypatch.setenv("GDK_DEBUG", "gl-disable")
    monkeypatch.setenv("GSK_RENDERER", "cairo")
    monkeypatch.setenv("GTK_A11Y", "none")
    monkeypatch.setenv("NO_AT_BRIDGE", "1")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session_bus)


@pytest.fixture
def run_script():
    """Runs Python source in a process of its own and returns what subprocess.run() does."""

    def run_source(source, *arguments, timeout=60, **options):
        return subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", source, *arguments],
            env={**os.environ, "G_DEBUG": "fatal-criticals"},
            capture_output=True,
            text=True,
            timeout=timeout,
            **options,
        )

    return run_source
