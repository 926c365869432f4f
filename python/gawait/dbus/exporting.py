"""export(): an object with an interface, or of a class that says what its interfaces are."""

import functools
import inspect
import typing

from gi.repository import Gio

from gawait import _native
from gawait.dbus.calling import check_type
from gawait.dbus.interface import (
    Description,
    Interface,
    Object,
    check_interface_name,
    class_members,
    exports_of,
    interfaces_of,
    method_of,
)
from gawait.dbus.serving import Exported, ServedInterface
from gawait.dbus.types import results_of, tuple_of, type_fitting, type_of_signature
from gawait.dbus.xml import class_of, info_of, parse, snake_case


def export(connection, path, obj, interface=None):
    """Export an object on a Gio.DBusConnection, and return the Exported, which unexports it.

    An Object is exported with all of its interfaces. Any other needs one: a
    Gio.DBusInterfaceInfo; or introspection XML, of an interface or of a node that has one; or the
    name of an interface, whose methods are the async def ones of obj's class without an
    underscore in front, with types from their annotations.

    The method GetName on the bus is then GetName() or get_name() of obj. It gets its arguments as
    they are annotated; keyword-only parameters by name. It may be async def or not. A property of
    the interface is obj's attribute, likewise named; each variant in its value is a GLib.Variant.
    When it is set on the bus, PropertiesChanged is emitted: with the value, or as invalidated
    where obj's attribute is computed.

    Each call, of properties as well, runs as a task of its own, in the loop of the
    thread-default context of export(); current_call() tells who calls. If its caller leaves the
    bus, or the connection is closed, the task is cancelled. An Error that it raises goes to the
    caller with its name; a GLib.Error by its domain, from which GLib's clients make the same
    error again; anything else as producing.error_of() makes a GLib.Error of it, but
    org.freedesktop.DBus.Error.Failed where that says FAILED, with the traceback for the loop's
    exception handler. Arguments that are not of the interface's types are refused by GDBus with
    org.freedesktop.DBus.Error.InvalidArgs, and so is what is no member of an enumeration.

    It is exported until that is done, or the connection is closed.

    Raises GLib.Error if the path has that interface already, Disconnected if the connection is
    closed, ValueError for a path, an interface or a name in it that is none, AttributeError for a
    method that obj lacks, and TypeError for an annotation that is missing or has no D-Bus type.
    """
    check_type("connection", connection, Gio.DBusConnection)
    check_type("path", path, str)
    if interface is not None:
        return Exported(connection, path, [interface_of(interface, obj)], [])
    check_type("obj", obj, Object)
    return Exported(connection, path, _interfaces_of_object(obj), exports_of(obj))


# Objects that say what they are ---------------------------------------------------


def _interfaces_of_object(obj):
    described = interfaces_of(type(obj))
    if not described:
        raise TypeError(f"{type(obj).__qualname__} has no interface")
    members = class_members(type(obj))
    return [
        ServedInterface(
            each,
            info_of(each),
            {name: _ObjectMethod(obj, member) for name, member in each.methods.items()},
            {
                name: _ObjectProperty(obj, members[member.attribute])
                for name, member in each.properties.items()
            },
        )
        for each in described
    ]


class _Method:
    """A method, with the function that it runs."""

    def __init__(self, title, function, arguments, returned, keywords):
        self.title = title
        self.arguments, self._returned = arguments, returned
        self._function = function
        self._keywords = keywords

    def call(self, arguments):
        if not self._keywords:
            return self._function(*arguments)
        positional = len(arguments) - len(self._keywords)
        named = dict(zip(self._keywords, arguments[positional:]))
        return self._function(*arguments[:positional], **named)

    def reply(self, invocation, value):
        _native.reply(invocation, self._returned, value, f"{self.title}() -> ...")


class _ObjectMethod(_Method):
    def __init__(self, obj, member):
        for class_ in type(obj).__mro__:
            if member.attribute in vars(class_):
                break
        if issubclass(class_, Interface) and not issubclass(class_, Object):
            raise TypeError(f"{type(obj).__qualname__} does not implement {member.title}()")
        keywords = [
            each.name
            for each in member.signature.parameters.values()
            if each.kind is each.KEYWORD_ONLY
        ]
        function = getattr(obj, member.attribute)
        super().__init__(member.title, function, member.arguments, member.returned, keywords)


class _ObjectProperty:
    def __init__(self, obj, member):
        self.member = member
        self._object = obj

    def told(self):
        return self.member.emits

    def get(self):
        return self.member.get(self._object)

    def set(self, value, exported):
        return self.member.set(self._object, value)


# Any object, with an interface ----------------------------------------------------


def interface_of(interface, obj):
    """Return the ServedInterface of what export() takes."""
    if isinstance(interface, str) and not interface.strip().startswith("<"):
        description = _describe(interface, type(obj))
        info = info_of(description)
    else:
        info = _parsed(interface)
        (description,) = interfaces_of(class_of(info))
    return ServedInterface(
        description,
        info,
        {name: _named_method(obj, member) for name, member in description.methods.items()},
        {name: _NamedProperty(obj, member) for name, member in description.properties.items()},
    )


def _parsed(interface):
    if isinstance(interface, Gio.DBusInterfaceInfo):
        return interface
    check_type("interface", interface, str)
    interfaces = parse(interface).interfaces
    if len(interfaces) != 1:
        raise ValueError(f"expected XML of one interface, not of {len(interfaces)}")
    return interfaces[0]


def _describe(name, class_):
    """The interface of a class's async def methods."""
    check_interface_name(name)
    methods = [
        method_of(class_, attribute, function)
        for attribute, function in inspect.getmembers(class_, inspect.iscoroutinefunction)
        if not attribute.startswith("_")
    ]
    return Description(name, methods, title=class_.__qualname__)


def _named_method(obj, member):
    """The method of an object that has a name, or the same in snake_case."""
    function = getattr(obj, _attribute_name(obj, member.name))
    parameters = _parameters(function)
    hints = _hints(function)
    keywords = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        keywords = []
    positional = len(parameters) - len(keywords)
    # Those that the interface has no argument for have a default.
    keywords = keywords[: max(len(member.inputs) - positional, 0)]
    annotated = [hints.get(each.name) for each in parameters]
    annotated += [None] * (len(member.inputs) - len(parameters))
    types = [
        _fitting(type_.signature, hint) for (_, type_), hint in zip(member.inputs, annotated)
    ]
    title = f"{member.interface.name}.{member.name}"
    return _Method(title, function, tuple_of(types), _returned(member, hints), keywords)


def _fitting(signature, hint):
    return type_of_signature(signature) if hint is None else type_fitting(signature, hint)


def _returned(member, hints):
    """The type of the reply: as it is annotated, if that goes with the interface."""
    if "return" in hints:
        try:
            annotated = results_of(hints["return"])
        except TypeError:
            return member.returned
        if annotated.signature == member.returned.signature:
            return annotated
    return member.returned


class _NamedProperty:
    def __init__(self, obj, member):
        self.member = member
        self._object = obj
        member.type = type_of_signature(member.type.signature, keeps_variants=True)

    @functools.cached_property
    def _attribute(self):
        """Found when it is first asked for: obj may get it after it was exported."""
        return _attribute_name(self._object, self.member.name)

    def told(self):
        if not self.member.readable:
            return False
        if self.member.emits is True and not self._is_plain():
            return "invalidates"
        return self.member.emits

    def _is_plain(self):
        """Whether it can be read without running code of the object's."""
        found = inspect.getattr_static(self._object, self._attribute, None)
        return not hasattr(type(found), "__get__")

    def get(self):
        return getattr(self._object, self._attribute)

    def set(self, value, exported):
        setattr(self._object, self._attribute, value)
        exported.property_changed(self.member)


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


def _attribute_name(obj, name):
    if _has(obj, name):
        return name
    attribute = snake_case(name)
    if not _has(obj, attribute):
        raise AttributeError(f"{type(obj).__name__} has neither {name} nor {attribute}")
    return attribute


def _has(obj, name):
    """hasattr() without running what reads the attribute, which may not even be readable."""
    missing = object()
    if inspect.getattr_static(obj, name, missing) is not missing:
        return True
    return hasattr(type(obj), "__getattr__") and hasattr(obj, name)
