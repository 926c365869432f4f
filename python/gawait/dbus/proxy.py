"""Proxies of remote objects."""

import inspect
import math
import numbers

from gi.repository import Gio, GLib

from gawait.dbus.calling import call_typed, check_name, check_type
from gawait.dbus.errors import UnknownObject, error_of_call
from gawait.dbus.interface import Method, class_members, interfaces_of
from gawait.dbus.xml import class_of, parse
from gawait.dbus.remote_properties import PropertyCache, RemoteProperty
from gawait.dbus.remote_signals import RemoteSignal

_INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
OF_EVERY_OBJECT = {
    _INTROSPECTABLE,
    "org.freedesktop.DBus.Peer",
    "org.freedesktop.DBus.Properties",
}


async def proxy(connection, name, path, *, interface=None, timeout=25, cached=False):
    """Return a proxy of a remote object, with what it says of itself by introspection.

    It has the methods, properties and signals of all interfaces of the object, but for those that
    every object has; or of the one of that name. Where two have the same, it is that of the first.
    The method GetName on the bus is get_name(). Arguments and results are as plain as can be:
    structures are tuples, and variants what is inside. For the rest see Interface.proxy().

    Raises UnknownObject if there is no such object, or one without such an interface; ValueError
    for a name or a path that is none, and if what the object says of itself is not in order; and
    what a call of it raises.
    """
    remote = _Remote(connection, name, path, timeout, cached)
    classes = [
        class_of(each)
        for each in await _introspect(remote)
        if each.name == interface or interface is None and each.name not in OF_EVERY_OBJECT
    ]
    if not classes:
        which = "interface" if interface is None else f"interface {interface}"
        raise UnknownObject(f"{name} has no object with an {which} at {path}")
    combined = classes[0] if len(classes) == 1 else _combined(classes)
    return _instance(combined, remote)


def _combined(classes):
    return type("Object", tuple(classes), {"_dbus_may_differ": True})


async def introspect(connection, name, path):
    """Return the Gio.DBusInterfaceInfo of each interface of a remote object."""
    return await _introspect(_Remote(connection, name, path, 25, False))


async def _introspect(remote):
    reply, _ = await remote.call(_INTROSPECTABLE, "Introspect", None, returned="(s)")
    return parse(reply.unpack()[0]).interfaces


def new_proxy(cls, connection, name, path, timeout, cached):
    """Return what Interface.proxy() does."""
    if not interfaces_of(cls):
        raise TypeError(f"{cls.__qualname__} has no interface")
    return _instance(cls, _Remote(connection, name, path, timeout, cached))


def _instance(cls, remote):
    class_ = vars(cls).get("_dbus_proxy_class")
    if class_ is None:
        class_ = cls._dbus_proxy_class = _proxy_class(cls)
    made = object.__new__(class_)
    made._dbus_remote = remote
    return made


def _milliseconds(timeout):
    if timeout is None:
        return GLib.MAXINT  # GDBus's way to say for ever
    if isinstance(timeout, bool) or not isinstance(timeout, numbers.Real):
        kind = type(timeout).__name__
        raise TypeError(f"argument 'timeout': expected seconds or None, not {kind}")
    if not 0 <= timeout < math.inf:
        raise ValueError(f"argument 'timeout': {timeout} is no time; None waits for ever")
    return max(int(min(timeout * 1000, GLib.MAXINT)), 1)


def _proxy_class(cls):
    members = class_members(cls).values()
    namespace = {
        member.attribute: _remote_method(cls, member)
        for member in members
        if isinstance(member, Method)
    }
    namespace |= {"__repr__": _repr, "__doc__": cls.__doc__, "__module__": cls.__module__}
    return type(cls)(cls.__name__, (cls,), namespace)


def _remote_method(cls, member):
    async def method(self, *args, **kwargs):
        return await self._dbus_remote.call_method(member, args, kwargs)

    self_ = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = member.signature.parameters.values()
    method.__signature__ = member.signature.replace(parameters=[self_, *parameters])
    method.__name__ = member.attribute
    method.__qualname__ = f"{cls.__qualname__}.{member.attribute}"
    method.__module__ = cls.__module__
    method.__doc__ = member.documentation
    return method


def _repr(self):
    return f"<{type(self).__name__} proxy of {self._dbus_remote}>"


class _Remote:
    """A remote object, and how it is called."""

    def __init__(self, connection, name, path, timeout, cached):
        check_type("connection", connection, Gio.DBusConnection)
        if name is not None:
            check_name(name)
        check_type("path", path, str)
        if not GLib.Variant.is_object_path(path):
            raise ValueError(f"{path!r} is not an object path")
        self.connection, self.name, self.path = connection, name, path
        self.cached = cached
        self._timeout = _milliseconds(timeout)
        self._caches = {}

    def __str__(self):
        return f"{self.name or 'the peer'} {self.path}"

    def property(self, member):
        return RemoteProperty(self, member)

    def signal(self, member):
        return RemoteSignal(self, member)

    def cache(self, interface):
        """The cache of an interface's properties."""
        cache = self._caches.get(interface.name)
        if cache is None:
            cache = self._caches[interface.name] = PropertyCache(self, interface)
        return cache

    async def call_method(self, method, args, kwargs):
        """Call a Method, with Python's arguments, and return its result."""
        arguments = method.bind(args, kwargs)
        if method.no_reply:
            self._send(method, arguments)
            return None
        return await self.call_typed(
            method.interface.name, method.name, method.arguments, method.returned, *arguments
        )

    def call_typed(self, interface, method, arguments, returned, *values):
        """Return the coroutine of a call by the types of its messages, for its result."""
        return call_typed(
            self.connection,
            self.name,
            self.path,
            interface,
            method,
            arguments,
            returned,
            self._timeout,
            *values,
        )

    async def call(self, interface, method, parameters, descriptors=None, returned=None):
        """Return the variant of a reply, and the Gio.UnixFDList of descriptors with it, or None."""
        try:
            return await self.connection.call_with_unix_fd_list(
                self.name,
                self.path,
                interface,
                method,
                parameters,
                returned and GLib.VariantType(returned),
                Gio.DBusCallFlags.NONE,
                self._timeout,
                descriptors,
            )
        except GLib.Error as error:
            raise error_of_call(error) from None

    def _send(self, method, arguments):
        """Send a call that nobody replies to."""
        parameters, descriptors = method.arguments.pack_with_descriptors(
            arguments, f"{method.name}()"
        )
        message = Gio.DBusMessage.new_method_call(
            self.name, self.path, method.interface.name, method.name
        )
        message.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
        message.set_body(parameters)
        if descriptors is not None:
            message.set_unix_fd_list(descriptors)
        try:
            self.connection.send_message(message, Gio.DBusSendMessageFlags.NONE)
        except GLib.Error as error:
            raise error_of_call(error) from None
