"""The call that a method serves, and calls of the bus itself."""

import contextvars
import functools

from gi.repository import Gio, GLib

from gawait._native import call_dbus_method
from gawait.dbus.errors import error_of_call
from gawait.dbus.types import single, split, tuple_of, type_of_signature

# The name and the interface of the message bus, and its path.
BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"

_current = contextvars.ContextVar("gawait.dbus.current_call")


def current_call():
    """Return the Call that this task serves.

    Raises LookupError where none is served.
    """
    try:
        return _current.get()
    except LookupError:
        raise LookupError("current_call(): this task serves no call of D-Bus") from None


class Call:
    """A call that is served: who calls, and what."""

    __slots__ = ("_invocation",)

    def __init__(self, invocation):
        self._invocation = invocation

    @property
    def connection(self):
        """The Gio.DBusConnection that it came by."""
        return self._invocation.get_connection()

    @property
    def message(self):
        """The Gio.DBusMessage of the call."""
        return self._invocation.get_message()

    @property
    def sender(self):
        """The unique name of the caller, or None on a connection between two peers."""
        return self._invocation.get_sender()

    @property
    def path(self):
        """The path of the object that is called."""
        return self._invocation.get_object_path()

    @property
    def interface(self):
        """The name of the interface of the method."""
        return self._invocation.get_interface_name()

    @property
    def member(self):
        """The name of the method on the bus."""
        return self._invocation.get_method_name()

    @property
    def expects_reply(self):
        """Whether the caller waits for a reply. What is returned goes nowhere if not."""
        return not self.message.get_flags() & Gio.DBusMessageFlags.NO_REPLY_EXPECTED

    async def user_id(self):
        """Ask the bus, or the socket between two peers, for the caller's Unix user."""
        if self.sender is None:
            return self._peer_credentials().get_unix_user()
        return await self._ask_bus("GetConnectionUnixUser")

    async def process_id(self):
        """Ask the bus, or the socket between two peers, for the caller's process."""
        if self.sender is None:
            return self._peer_credentials().get_unix_pid()
        return await self._ask_bus("GetConnectionUnixProcessID")

    async def _ask_bus(self, question):
        return await call_bus(self.connection, question, "s", "u", self.sender)

    def _peer_credentials(self):
        credentials = self.connection.get_peer_credentials()
        if credentials is None:
            raise LookupError("the connection does not tell who its peer is")
        return credentials


def serve_call(call):
    """Make it the current call, of the current context."""
    _current.set(call)


async def call_bus(connection, method, signature, returned, *arguments):
    """Call a method of the message bus, of types in that signature, and return its one result.

    Raises Error, or the GLib.Error of a call that was not made; RuntimeError where no loop of
    gawait's runs.
    """
    return await call_typed(
        connection,
        BUS,
        BUS_PATH,
        BUS,
        method,
        _message(signature),
        _result(returned),
        -1,
        *arguments,
    )


async def call_typed(
    connection, name, path, interface, method, arguments, returned, timeout, *values
):
    """Call a method by the types of its messages, and return its result.

    timeout is in milliseconds, or -1 for GDBus's own. Raises as call_bus() does.
    """
    try:
        return await call_dbus_method(
            connection, name, path, interface, method, arguments, returned, 0, timeout, *values
        )
    except GLib.Error as error:
        raise error_of_call(error) from None


@functools.cache
def _message(signature):
    return tuple_of(map(type_of_signature, split(signature)))


@functools.cache
def _result(signature):
    return single(type_of_signature(signature))


def check_bus(connection, what):
    """Raise ValueError if a connection has no bus, for something that needs one."""
    if not connection.get_flags() & Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION:
        raise ValueError(f"{what} needs a bus, and the connection is one between two peers")


def check_name(name):
    """Raise ValueError for what is not the name of a connection to the bus, or of a service."""
    check_type("name", name, str)
    if not Gio.dbus_is_name(name):
        raise ValueError(f"{name!r} is not the name of a D-Bus connection")


def check_type(name, value, class_):
    """Raise TypeError for an argument that is not of a class."""
    if not isinstance(value, class_):
        expected = "Gio." * issubclass(class_, Gio.DBusConnection) + class_.__name__
        raise TypeError(f"argument '{name}': expected {expected}, not {type(value).__name__}")
