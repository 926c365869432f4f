"""Objects on D-Bus whose methods are async def."""

import collections
import enum
import functools
import inspect
import itertools
import re
import types
import typing
from xml.sax.saxutils import quoteattr

from gi.repository import Gio, GLib

from gawait import _native
from gawait.dbus.errors import Error, is_error_name
from gawait.producing import attribute_of, classify, named_text_of, report, run, text_of

_PROPERTIES = "org.freedesktop.DBus.Properties"
_EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
_FAILED = "org.freedesktop.DBus.Error.Failed"


def export(connection, path, obj, interface):
    """Export an object on a Gio.DBusConnection, and return what unexport() takes it back with.

    interface is a Gio.DBusInterfaceInfo; or introspection XML, of an interface or of a node
    that has one; or the name of an interface, whose methods are the async def ones of obj's
    class without an underscore in front, with types from their annotations:

        bool b, int i, float d, str s, bytes ay, list[T] aT, dict[K, V] a{KV}, tuple[T, ...] of
        fixed length a structure, GLib.Variant v, and typing.Annotated[T, "signature"] that one.
        A tuple that is returned is several values.

    The method GetName on the bus is GetName() or get_name() of obj. It gets the arguments
    unpacked, ay as bytes and, where they are annotated so, variants as GLib.Variant;
    keyword-only parameters by name. It may be async def or not. A property of the interface is
    obj's attribute, likewise named; each variant in its value is a GLib.Variant. When it is set
    on the bus, PropertiesChanged is emitted: with the value, or as invalidated where obj's
    attribute is computed.

    Each call, of properties as well, runs as a task of its own, in the loop of the
    thread-default context of export(). If its caller leaves the bus, or the connection is
    closed, the task is cancelled. An Error that it raises goes to the caller with its name; a
    GLib.Error by its domain, from which GLib's clients make the same error again; anything else
    as producing.error_of() makes a GLib.Error of it, but org.freedesktop.DBus.Error.Failed
    where that says FAILED, with the traceback for the loop's exception handler. Arguments that
    are not of the interface's types are refused by GDBus with
    org.freedesktop.DBus.Error.InvalidArgs.

    Raises GLib.Error if the path has that interface already, ValueError for a path, an interface
    or a name in it that is none, AttributeError for a method that obj lacks, and TypeError for an
    annotation that is missing or has no D-Bus type.
    """
    _check_type("connection", connection, Gio.DBusConnection)
    _check_type("path", path, str)
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
        self._properties = {
            each.name: _Property(obj, each, info) for each in info.properties or ()
        }
        self._signals = {
            each.name: _signature(each.args) for each in getattr(info, "signals", None) or ()
        }
        self._callers = collections.defaultdict(_Caller)
        self._id = _native.export_object(connection, path, info, self._called)
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

    def emit_properties_changed(self, *names):
        """Emit PropertiesChanged for properties of the interface, with their values of now.

        Raises ValueError for one that is only to be written.
        """
        for name in names:
            if not self._properties[name].is_readable:
                raise ValueError(f"{self._interface}.{name} cannot be read on the bus")
        self._emit_changed({name: self._properties[name].get() for name in names}, ())

    def _emit_changed(self, values, invalidated):
        self._connection.emit_signal(
            None,
            self._path,
            _PROPERTIES,
            "PropertiesChanged",
            GLib.Variant("(sa{sv}as)", (self._interface, values, invalidated)),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unexport()

    def _called(self, invocation):
        if invocation.get_interface_name() == _PROPERTIES:
            method = _PropertiesMethod(self, invocation)
        else:
            method = self._methods[invocation.get_method_name()]
        end = _Reply(invocation, method.returned, method.returns_tuple)
        task = run(method.run(invocation.get_parameters()), end, method.title)
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
        parameters = _parameters(self._function)
        hints = _hints(self._function)
        self._hints = [hints.get(each.name) for each in parameters]
        self.returns_tuple = _is_tuple_of(hints.get("return"), info.out_args or ())
        keywords = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
        if any(each.kind is each.VAR_POSITIONAL for each in parameters):
            keywords = []
        positional = len(parameters) - len(keywords)
        # Those that the interface has no argument for have a default.
        self._keywords = keywords[: max(len(info.in_args or ()) - positional, 0)]

    async def run(self, parameters):
        arguments = [
            _unpack(parameters.get_child_value(i), hint)
            for i, hint in zip(range(len(parameters)), _endless(self._hints))
        ]
        positional = len(arguments) - len(self._keywords)
        named = dict(zip(self._keywords, arguments[positional:]))
        result = self._function(*arguments[:positional], **named)
        return await result if inspect.isawaitable(result) else result


class _PropertiesMethod:
    """A call of org.freedesktop.DBus.Properties, whose arguments GDBus has looked at."""

    returns_tuple = False

    def __init__(self, exported, invocation):
        self._exported = exported
        self._name = invocation.get_method_name()
        self.title = f"{exported._interface}: {self._name}"
        self.returned = {"Get": "(v)", "GetAll": "(a{sv})", "Set": "()"}[self._name]

    async def run(self, parameters):
        properties = self._exported._properties
        if self._name == "GetAll":
            return self._all(properties)
        which = properties[parameters.get_child_value(1).get_string()]
        if self._name == "Get":
            return which.get()
        which.set(parameters.get_child_value(2).get_variant())
        if which.change is _Change.VALUE:
            self._exported._emit_changed({which.name: which.get()}, ())
        elif which.change is _Change.INVALIDATED:
            self._exported._emit_changed({}, (which.name,))

    def _all(self, properties):
        """Those that can be had: one that fails is not to hide the others."""
        values = {}
        for name, which in properties.items():
            if which.is_readable:
                try:
                    values[name] = which.get()
                except Exception as error:
                    report(f"{self._exported._interface}.{name}", error)
        return values


class _Change(enum.Enum):
    """What is told about a property that was set."""

    NOTHING = 0
    INVALIDATED = 1
    VALUE = 2


class _Property:
    def __init__(self, obj, info, interface):
        self.name = info.name
        self.is_readable = bool(info.flags & Gio.DBusPropertyInfoFlags.READABLE)
        self._object = obj
        self._signature = info.signature
        told = _annotation(info, _EMITS) or _annotation(interface, _EMITS) or "true"
        self._told = told if self.is_readable else "false"

    @functools.cached_property
    def _attribute(self):
        """Found when it is first asked for: obj may get it after it was exported."""
        return _attribute_name(self._object, self.name)

    @property
    def change(self):
        if self._told == "true" and self._is_plain():
            return _Change.VALUE
        return _Change.INVALIDATED if self._told in ("true", "invalidates") else _Change.NOTHING

    def _is_plain(self):
        """Whether it can be read without running code of the object's."""
        found = inspect.getattr_static(self._object, self._attribute, None)
        return not hasattr(type(found), "__get__")

    def get(self):
        return GLib.Variant(self._signature, getattr(self._object, self._attribute))

    def set(self, value):
        setattr(self._object, self._attribute, _unpack(value, keeps_variants=True))


class _Reply:
    """How a call ends."""

    def __init__(self, invocation, signature, is_tuple):
        self._invocation = invocation
        self._signature = signature
        self._is_tuple = is_tuple

    def succeed(self, value):
        count = GLib.VariantType(self._signature).n_items()
        if count > 1 or self._is_tuple:
            values = tuple(value)
        elif count == 1:
            values = (value,)
        elif value is None:
            values = ()
        else:
            raise TypeError(f"a method that returns nothing returned {value!r}")
        if len(values) != count:
            raise TypeError(f"expected {count} values to return, not {len(values)}")
        _native.reply(self._invocation, GLib.Variant(self._signature, values))

    def fail(self, exception):
        name, message, says_all = self._error_of(exception)
        if not is_error_name(name):
            name, message, says_all = _FAILED, named_text_of(exception), False
        _native.reply_error(self._invocation, name, message)
        return says_all

    def _error_of(self, exception):
        """Return the name, which may be none, the message, and whether they say all."""
        if isinstance(exception, Error):
            return attribute_of(exception, "dbus_error_name"), text_of(exception), True
        error, says_all = classify(exception)
        is_same = isinstance(exception, GLib.Error) and says_all
        if error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED) and not is_same:
            return _FAILED, error.message, says_all
        return Gio.DBusError.encode_gerror(error), error.message, says_all


def interface_info(interface, obj):
    """Return the Gio.DBusInterfaceInfo of what export() takes."""
    if isinstance(interface, Gio.DBusInterfaceInfo):
        _check_names(interface)
        return interface
    _check_type("interface", interface, str)
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
    _check_names(interfaces[0])
    return interfaces[0]


def _check_names(info):
    """GDBus takes any, and the bus drops who sends one that is illegal."""
    if not Gio.dbus_is_interface_name(info.name):
        raise ValueError(f"{info.name!r} is not the name of a D-Bus interface")
    for each in (*(info.methods or ()), *(info.signals or ())):
        if not Gio.dbus_is_member_name(each.name):
            raise ValueError(f"{info.name}: {each.name!r} is no name of a method or signal")


def _check_type(name, value, class_):
    if not isinstance(value, class_):
        raise TypeError(
            f"argument '{name}': expected {class_.__name__}, not {type(value).__name__}"
        )


def interface_xml(name, class_):
    """Return the introspection XML of a class's async def methods, from their annotations."""
    _check_type("name", name, str)
    lines = [f"<interface name={quoteattr(name)}>"]
    for method, function in inspect.getmembers(class_, inspect.iscoroutinefunction):
        if method.startswith("_"):
            continue
        title = f"{class_.__qualname__}.{method}"
        on_bus = _camel_case(method)
        if not Gio.dbus_is_member_name(on_bus):
            raise ValueError(f"{title}(): {on_bus!r} is not the name of a D-Bus method")
        hints = typing.get_type_hints(function, include_extras=True)
        lines.append(f"  <method name={quoteattr(on_bus)}>")
        for parameter in _own_parameters(class_, method, function):
            if parameter not in hints:
                raise TypeError(f"{title}(): argument '{parameter}' has no annotation")
            signature = _type_signature(hints[parameter], f"{title}({parameter})")
            lines.append(f'    <arg name="{parameter}" type="{signature}" direction="in"/>')
        for returned in _returned(hints.get("return", type(None))):
            signature = _type_signature(returned, f"{title}() -> ...")
            lines.append(f'    <arg type="{signature}" direction="out"/>')
        lines.append("  </method>")
    return "\n".join([*lines, "</interface>"])


def _own_parameters(class_, name, function):
    """The names of those that a caller gives."""
    parameters = list(inspect.signature(function).parameters.values())
    for each in parameters:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise TypeError(f"{name}({each}): any number of arguments has no D-Bus type")
    is_bound = isinstance(inspect.getattr_static(class_, name), (staticmethod, classmethod))
    return [each.name for each in parameters[0 if is_bound else 1 :]]


_SIGNATURES = {
    bool: "b",
    int: "i",
    float: "d",
    str: "s",
    bytes: "ay",
    GLib.Variant: "v",
}


def _type_signature(hint, where):
    if isinstance(hint, type) and hint in _SIGNATURES:
        return _SIGNATURES[hint]
    if typing.get_origin(hint) is typing.Annotated:
        signature = hint.__metadata__[0]
        if isinstance(signature, str) and _is_type(signature):
            return signature
        raise TypeError(f"{where}: {signature!r} is not a D-Bus type")
    inner = [_type_signature(each, where) for each in typing.get_args(hint)]
    origin = typing.get_origin(hint)
    if origin is list and len(inner) == 1:
        return f"a{inner[0]}"
    if origin is dict and len(inner) == 2 and len(inner[0]) == 1 and inner[0] != "v":
        return f"a{{{inner[0]}{inner[1]}}}"
    if origin is tuple and inner:
        return f"({''.join(inner)})"
    raise TypeError(f"{where}: {hint!r} has no D-Bus type")


def _is_type(signature):
    """Whether it is one type, and one that D-Bus has."""
    is_one = GLib.variant_type_string_is_valid(signature)
    return is_one and GLib.Variant.is_signature(signature)


def _returned(hint):
    if hint in (None, types.NoneType):
        return ()
    return typing.get_args(hint) if typing.get_origin(hint) is tuple else (hint,)


def _is_tuple_of(hint, args):
    """Whether what is annotated so is a tuple of the values, and not one that is a structure."""
    if typing.get_origin(hint) is not tuple:
        return False
    try:
        inner = [_type_signature(each, "") for each in typing.get_args(hint)]
    except TypeError:  # of an interface that needs no annotations
        return False
    return inner == [each.signature for each in args]


def _signature(args):
    return f"({''.join(each.signature for each in args or ())})"


def _parameters(function):
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # of something built in
        return []


def _hints(function):
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # of something that is not defined, or has none
        return {}


def _annotation(info, name):
    return next((each.value for each in info.annotations or () if each.key == name), None)


def _unpack(variant, hint=None, keeps_variants=False):
    """Return Python's value, in which is a GLib.Variant what is annotated so, or else, where it is
    to be packed again, each variant."""
    unpack = functools.partial(_unpack, keeps_variants=keeps_variants)
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    signature = variant.get_type_string()
    if hint is GLib.Variant:
        return variant.get_variant() if signature == "v" else variant
    if signature == "v":
        inside = variant.get_variant()
        return inside if keeps_variants else _unpack(inside, hint)
    if signature == "ay":
        return variant.get_data_as_bytes().get_data() or b""
    if signature[0] not in "a(":
        return variant.unpack()
    children = (variant.get_child_value(i) for i in range(variant.n_children()))
    inner = typing.get_args(hint) or (None,)
    if signature.startswith("a{"):
        key_hint, value_hint = inner if len(inner) == 2 else (None, None)
        pairs = ((each.get_child_value(0), each.get_child_value(1)) for each in children)
        return {unpack(key, key_hint): unpack(value, value_hint) for key, value in pairs}
    if signature.startswith("a"):
        return [unpack(each, inner[0]) for each in children]
    return tuple(unpack(each, kind) for each, kind in zip(children, _endless(inner)))


def _endless(hints):
    return itertools.chain(hints, itertools.repeat(None))


def _attribute_name(obj, name):
    if _has(obj, name):
        return name
    snake_case = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    if not _has(obj, snake_case):
        raise AttributeError(f"{type(obj).__name__} has neither {name} nor {snake_case}")
    return snake_case


def _has(obj, name):
    """hasattr() without running what reads the attribute, which may not even be readable."""
    missing = object()
    if inspect.getattr_static(obj, name, missing) is not missing:
        return True
    return hasattr(type(obj), "__getattr__") and hasattr(obj, name)


def _camel_case(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
