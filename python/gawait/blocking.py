"""Calls over D-Bus that block a loop, as a method of PyGObject's Gio.DBusProxy does."""

import asyncio
import sys
import warnings

from gi.repository import Gio

from gawait import _native


def patch():
    """Let those that block warn of it, in asyncio's debug mode, and raise RuntimeError where they
    would wait for themselves: on a connection of dbus.connect()."""
    for class_ in Gio.DBusConnection, Gio.DBusProxy:
        for name in "call_sync", "call_with_unix_fd_list_sync":
            setattr(class_, name, _warning(class_, name))
    name = "send_message_with_reply_sync"
    setattr(Gio.DBusConnection, name, _warning(Gio.DBusConnection, name))


def _warning(class_, name):
    function = getattr(class_, name)

    def call(self, *args, **kwargs):
        loop = asyncio._get_running_loop()
        connection = self if class_ is Gio.DBusConnection else self.get_connection()
        if loop is not None and _native.is_of_wire(connection):
            raise RuntimeError(
                f"Gio.{class_.__name__}.{name}() would block the event loop, "
                "which is to read the reply"
            )
        if loop is not None and loop.get_debug():
            warnings.warn(
                f"Gio.{class_.__name__}.{name}() blocks the event loop until there is a reply",
                RuntimeWarning,
                stacklevel=_callers_level(),
            )
        return function(self, *args, **kwargs)

    call.__name__ = name
    return call


def _callers_level():
    """The level of the first frame that is not PyGObject's."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("gi."):
        level, frame = level + 1, frame.f_back
    return level
