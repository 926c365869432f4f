"""Objects on D-Bus whose methods are async def.

    class Greeter:
        async def greet(self, name: str) -> str:
            await asyncio.sleep(1)
            return f"Hello {name}"

    bus = await Gio.bus_get(Gio.BusType.SESSION)
    with dbus.export(bus, "/org/example/Greeter", Greeter(), "org.example.Greeter"):
        await asyncio.Event().wait()
"""

import collections
import functools
import inspect
import re
import types
import typing
from xml.sax.saxutils import quoteattr

from gi.repository import Gio, GLib

from gawait import _native
from gawait.producing import Production, without_nul

_FAILED = "org.freedesktop.DBus.Error.Failed"


class Error(Exception):
    """A D-Bus error of a name, which a method raises for its caller."""

    def __init__(self, name, message=""):
        if not Gio.dbus_is_name(name) or name.startswith(":"):
            raise ValueError(f"{name!r} is not the name of a D-Bus error")
        super().__init__(message)
        self.dbus_error_name = name


def export(connection, path, obj, interface):
    """Export an object on a Gio.DBusConnection, and return what unexport() takes it back with.

    interface is a Gio.DBusInterfaceInfo; or introspection XML, of an interface or of a node
    that has one; or the name of an interface, whose methods are the async def ones of obj's
    class without an underscore in front, with types from their annotations:

        bool b, int i, float d, str s, bytes ay, list[T] aT, dict[K, V] a{KV}, tuple[T, ...] of
        fixed length a structure, GLib.Variant v, and typing.Annotated[T, "signature"] that one.
        A tuple that is returned is several values.

    The method GetName on the bus is GetName() or get_name() of obj. It gets the arguments
    unpacked, ay as bytes, and may be async def or not. A property of the interface is obj's
    attribute, likewise named.

    Each call runs as a task of its own, in the loop of the thread-default context of export().
    If its caller leaves the bus, or the connection is closed, the task is cancelled. An Error
    that it raises goes to the caller with its name; a GLib.Error by its domain, from which
    GLib's clients make the same error again; anything else as producing.error_of() makes a
    GLib.Error of it, but org.freedesktop.DBus.Error.Failed where that says FAILED, with the
    traceback for the loop's exception handler. Arguments that are not of the
    interface's types are refused by GDBus with org.freedesktop.DBus.Error.InvalidArgs.

    Raises GLib.Error if the path has that interface already, ValueError for a path or an
    interface that is none, AttributeError for a method that obj lacks, and TypeError for an
    annotation that has no D-Bus type.
    """
    return Exported(connection, path, obj, interface_info(interface, obj))


class Exported:
    """An object while it is exported. A context manager, which unexports it."""

    def __init__(self, connection, path, obj, info):
        self._connection = connection
        self._path = path
        self._interface = info.name
        self._methods = {
            each.name: _Method(obj, each, self._interface) for each in info.methods or ()
        }
        self._properties = {each.name: _Property(obj, each) for each in info.properties or ()}
        self._signals = {
            each.name: _signature(each.args) for each in getattr(info, "signals", None) or ()
        }
        self._callers = collections.defaultdict(_Caller)
        self._id = _native.export_object(
            connection, path, info, self._called, self._get_property, self._set_property
        )
        self._closed = connection.connect("closed", self._connection_closed)

    def unexport(self):
        """Take it from the bus. Calls that run go on."""
        if self._id is None:
            return
        self._connection.unregister_object(self._id)
        self._connection.disconnect(self._closed)
        self._id = None
        for caller in self._callers.values():
            caller.unwatch()
        self._callers.clear()

    def emit(self, signal, *values):
        """Emit a signal of the interface."""
        parameters = GLib.Variant(self._signals[signal], values)
        self._connection.emit_signal(None, self._path, self._interface, signal, parameters)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unexport()

    def _called(self, invocation):
        method = self._methods[invocation.get_method_name()]
        end = _Reply(invocation, method.returned)
        production = Production(None, method.title, end)
        task = production.run(method.run(invocation.get_parameters()))
        caller = self._callers[invocation.get_sender()]
        if not caller.tasks:
            caller.watch(self._connection, invocation.get_sender(), self._caller_vanished)
        caller.tasks.add(task)
        task.add_done_callback(caller.tasks.discard)

    def _caller_vanished(self, name):
        caller = self._callers.pop(name, None)
        if caller is not None:
            caller.cancel()

    def _connection_closed(self, *_):
        for name in list(self._callers):
            self._caller_vanished(name)

    def _get_property(self, name):
        return self._properties[name].get()

    def _set_property(self, name, value):
        self._properties[name].set(value)


class _Caller:
    """One who has called, and the calls of his that run."""

    def __init__(self):
        self.tasks = set()
        self._watch = None

    def watch(self, connection, name, vanished):
        """Until he vanishes; whoever has called once will call again."""
        if self._watch is not None or name is None:  # a connection without a bus
            return
        self._watch = Gio.bus_watch_name_on_connection(
            connection,
            name,
            Gio.BusNameWatcherFlags.NONE,
            None,
            lambda connection, name: vanished(name),
        )

    def unwatch(self):
        if self._watch is not None:
            Gio.bus_unwatch_name(self._watch)
            self._watch = None

    def cancel(self):
        self.unwatch()
        for task in list(self.tasks):
            task.cancel()


class _Method:
    def __init__(self, obj, info, interface):
        self.title = f"{interface}.{info.name}"
        self.returned = _signature(info.out_args)
        self._function = getattr(obj, _attribute_name(obj, info.name))

    async def run(self, parameters):
        arguments = [_unpack(parameters.get_child_value(i)) for i in range(len(parameters))]
        result = self._function(*arguments)
        return await result if inspect.isawaitable(result) else result


class _Property:
    def __init__(self, obj, info):
        self._object = obj
        self._name = info.name
        self._signature = info.signature

    @functools.cached_property
    def _attribute(self):
        """Found when it is first asked for: obj may get it after it was exported."""
        return _attribute_name(self._object, self._name)

    def get(self):
        return GLib.Variant(self._signature, getattr(self._object, self._attribute))

    def set(self, value):
        setattr(self._object, self._attribute, _unpack(value))


class _Reply:
    """How a call ends."""

    def __init__(self, invocation, signature):
        self._invocation = invocation
        self._signature = signature

    def succeed(self, value):
        count = GLib.VariantType(self._signature).n_items()
        if count == 0 and value is not None:
            raise TypeError(f"a method that returns nothing returned {value!r}")
        values = () if count == 0 else (value,) if count == 1 else tuple(value)
        if len(values) != count:
            raise TypeError(f"expected {count} values to return, not {len(values)}")
        _native.reply(self._invocation, GLib.Variant(self._signature, values))

    def fail(self, error, exception):
        message = error.message
        if isinstance(exception, Error):
            name, message = exception.dbus_error_name, str(exception)
        elif exception is not error and error.code == Gio.IOErrorEnum.FAILED:
            name = _FAILED
        else:
            name = Gio.DBusError.encode_gerror(error)
        _native.reply_error(self._invocation, name, without_nul(message))


def interface_info(interface, obj):
    """Return the Gio.DBusInterfaceInfo of what export() takes."""
    if isinstance(interface, Gio.DBusInterfaceInfo):
        return interface
    xml = interface.strip()
    if not xml.startswith("<"):
        if not Gio.dbus_is_interface_name(interface):
            raise ValueError(f"{interface!r} is not the name of a D-Bus interface")
        xml = interface_xml(interface, type(obj))
    if re.match(r"<interface\b", xml):
        xml = f"<node>{xml}</node>"
    try:
        interfaces = Gio.DBusNodeInfo.new_for_xml(xml).interfaces
    except GLib.Error as error:
        raise ValueError(f"not introspection XML: {error.message}") from None
    if len(interfaces) != 1:
        raise ValueError(f"expected XML of one interface, not of {len(interfaces)}")
    return interfaces[0]


def interface_xml(name, class_):
    """Return the introspection XML of a class's async def methods, from their annotations."""
    lines = [f"<interface name={quoteattr(name)}>"]
    for method, function in inspect.getmembers(class_, inspect.iscoroutinefunction):
        if method.startswith("_"):
            continue
        hints = typing.get_type_hints(function, include_extras=True)
        lines.append(f"  <method name={quoteattr(_camel_case(method))}>")
        for parameter in list(inspect.signature(function).parameters)[1:]:
            signature = _type_signature(hints.get(parameter), f"{method}({parameter})")
            lines.append(f'    <arg name="{parameter}" type="{signature}" direction="in"/>')
        for returned in _returned(hints.get("return", type(None))):
            signature = _type_signature(returned, f"{method}() -> ...")
            lines.append(f'    <arg type="{signature}" direction="out"/>')
        lines.append("  </method>")
    return "\n".join([*lines, "</interface>"])


_SIGNATURES = {
    bool: "b",
    int: "i",
    float: "d",
    str: "s",
    bytes: "ay",
    GLib.Variant: "v",
}


def _type_signature(hint, where):
    if hint in _SIGNATURES:
        return _SIGNATURES[hint]
    if typing.get_origin(hint) is typing.Annotated:
        signature = hint.__metadata__[0]
        if GLib.variant_type_string_is_valid(signature):
            return signature
        raise TypeError(f"{where}: {signature!r} is not a D-Bus type")
    inner = [_type_signature(each, where) for each in typing.get_args(hint)]
    origin = typing.get_origin(hint)
    if origin is list and len(inner) == 1:
        return f"a{inner[0]}"
    if origin is dict and len(inner[0]) == 1 and inner[0] != "v":
        return f"a{{{inner[0]}{inner[1]}}}"
    if origin is tuple and inner:
        return f"({''.join(inner)})"
    raise TypeError(f"{where}: {hint!r} has no D-Bus type")


def _returned(hint):
    if hint in (None, types.NoneType):
        return ()
    return typing.get_args(hint) if typing.get_origin(hint) is tuple else (hint,)


def _signature(args):
    return f"({''.join(each.signature for each in args or ())})"


def _unpack(variant):
    if variant.get_type_string() == "ay":
        return bytes(variant.unpack())
    return variant.unpack()


def _attribute_name(obj, name):
    if hasattr(obj, name):
        return name
    snake_case = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    if not hasattr(obj, snake_case):
        raise AttributeError(f"{type(obj).__name__} has neither {name} nor {snake_case}")
    return snake_case


def _camel_case(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
