"""A message bus of a test's own."""

import subprocess

from gi.repository import Gio


class PrivateBus:
    """A context manager: a dbus-daemon with an address of its own, until the body ends.

    It is not the session bus, for GLib keeps the connection to that and ends the process if that is
    closed. A program that the test starts finds it as such by DBUS_SESSION_BUS_ADDRESS.
    """

    address = None
    """By which it is connected to; None where it does not run."""

    def __enter__(self):
        self._connections = []
        self._daemon = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self.address = self._daemon.stdout.readline().strip()
        if not self.address:
            self.__exit__()
            raise RuntimeError("dbus-daemon did not start")
        return self

    def __exit__(self, *_):
        self.address = None
        for each in self._connections:
            if not each.is_closed():
                each.close_sync(None)
        self._connections.clear()
        self._daemon.terminate()
        self._daemon.wait()
        self._daemon.stdout.close()

    def connect(self):
        """Return a new Gio.DBusConnection, which is closed with the bus. It blocks for a moment."""
        flags = Gio.DBusConnectionFlags
        connection = Gio.DBusConnection.new_for_address_sync(
            self.address,
            flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION,
            None,
            None,
        )
        self._connections.append(connection)
        return connection
