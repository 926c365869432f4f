"""Objects at their places on the bus, and the calls that they serve."""

import collections
import inspect
import threading
import weakref

from gi.repository import Gio, GLib

from gawait import _native
from gawait.dbus.calling import Call, current_call, serve_call
from gawait.dbus.errors import Disconnected, Error, InvalidArgs, LimitsExceeded, is_error_name
from gawait.dbus.types import tuple_of, type_of
from gawait.loop import create_background_task
from gawait.producing import attribute_of, classify, named_text_of, report, run, text_of

PROPERTIES = "org.freedesktop.DBus.Properties"
_FAILED = "org.freedesktop.DBus.Error.Failed"


class Exported:
    """An object while it is exported. A context manager, which unexports it.

    It is unexported as well when its connection is closed.
    """

    def __init__(self, connection, path, interfaces, exports):
        self._connection = connection
        self._exports = exports  # of the object, among which this is while it is exported
        self._path = path
        self.interfaces = {each.name: each for each in interfaces}
        # Interfaces may share a name in Python, under which all of them are told.
        self._shared = collections.defaultdict(list)
        for each in interfaces:
            for member in each.members:
                self._shared[member.attribute].append(member)
        self._ids = {}  # of the interfaces, by name
        if connection.is_closed():
            raise Disconnected("the connection is closed")
        self._callers = _callers_of(connection)
        try:
            for each in interfaces:
                served = _Served(self, each)
                self._ids[each.name] = _native.export_object(
                    connection, path, each.info, served.called
                )
        except BaseException:
            self._unregister()
            raise
        self._callers.add(self)
        exports.append(self)

    @property
    def path(self):
        """The path at which the object is."""
        return self._path

    def unexport(self):
        """Take it from the bus. Calls that run go on."""
        if self._ids:
            self._unregister()
            self._callers.remove(self)
            self._exports.remove(self)

    def _unregister(self):
        for name, each in self._ids.items():
            _native.unexport_object(self._connection, self._path, name, each)
        self._ids.clear()

    def emit(self, signal, *values):
        """Emit a signal, by its name on the bus, of the one interface that was exported."""
        interface = self._only_interface()
        signal = interface.signals[signal]
        self.emit_signal(signal, signal.values.pack(values, signal.name))

    def emit_properties_changed(self, *names):
        """Emit PropertiesChanged for properties, by their names on the bus, of the one interface
        that was exported, with their values of now.

        Raises ValueError for one that is only to be written, or that there is none of.
        """
        interface = self._only_interface()
        for name in names:
            if name not in interface.properties:
                there = ", ".join(interface.properties) or "none"
                raise ValueError(f"{interface.name} has no property {name!r}, but {there}")
            if not interface.properties[name].member.readable:
                raise ValueError(f"{interface.name}.{name} cannot be read on the bus")
        values = {}
        for name in names:
            which = interface.properties[name]
            values[name] = which.member.type.pack(which.get(), f"{interface.name}.{name}")
        self._emit_changed(interface.name, values, ())

    def _only_interface(self):
        if len(self.interfaces) > 1:
            raise TypeError("there are several interfaces: their signals and properties emit")
        return next(iter(self.interfaces.values()))

    def emit_signal(self, signal, parameters):
        """Emit a Signal with the variant of its values."""
        for each in self._shared[signal.attribute]:
            self._emit(each.interface.name, each.name, parameters)

    def property_changed(self, member):
        """Tell of a change of a Property, as it says that it emits."""
        for each in self._shared[member.attribute]:
            self._tell(each)

    def _tell(self, member):
        interface = self.interfaces[member.interface.name]
        told = interface.properties[member.name].told()
        if told == "invalidates":
            self._emit_changed(interface.name, {}, (member.name,))
        elif told is True:
            value = interface.properties[member.name].get()
            if inspect.isawaitable(value):
                create_background_task(self._emit_later(member, value))
            else:
                self._emit_value(member, value)

    async def _emit_later(self, member, value):
        self._emit_value(member, await value)

    def _emit_value(self, member, value):
        packed = member.type.pack(value, member.title)
        self._emit_changed(member.interface.name, {member.name: packed}, ())

    def _emit_changed(self, interface, values, invalidated):
        parameters = GLib.Variant("(sa{sv}as)", (interface, values, invalidated))
        self._emit(PROPERTIES, "PropertiesChanged", parameters)

    def _emit(self, interface, signal, parameters):
        if not self._connection.is_closed():  # or nobody is there to hear it
            self._connection.emit_signal(None, self._path, interface, signal, parameters)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unexport()


class ServedInterface:
    """An interface of an object: how its members are reached.

    methods and properties are by the names on the bus. A method has title, arguments,
    call(arguments) and reply(invocation, value); a property has member, get(),
    set(value, exported) and told().
    """

    def __init__(self, description, info, methods, properties):
        self.name = description.name
        self.info = info
        self.methods = methods
        self.properties = properties
        self.signals = description.signals
        self.members = [*description.properties.values(), *description.signals.values()]

    async def values(self):
        """The variants of the properties that can be had: one that fails is not to hide the
        others.
        """
        values = {}
        for name, which in self.properties.items():
            # The places of descriptors in the lists of several values would be the same.
            if which.member.readable and not which.member.has_descriptors:
                try:
                    values[name], _ = await _packed(which)
                except Exception as error:
                    report(f"{self.name}.{name}", error)
        return values


class _Served:
    """An interface at a path, whose calls GDBus gives."""

    def __init__(self, exported, interface):
        self._exported = exported
        self._interface = interface

    def called(self, invocation):
        name = invocation.get_method_name()
        if invocation.get_interface_name() == PROPERTIES:
            method = _PROPERTIES_METHODS[name](self._exported, self._interface)
        else:
            method = self._interface.methods[name]
        end = _Reply(invocation, method)
        task = run(_serve(invocation, method), end, method.title)
        self._exported._callers.serve(invocation.get_sender(), task)


async def _serve(invocation, method):
    serve_call(Call(invocation))
    result = method.call(arguments_of(invocation, method.arguments))
    return await result if inspect.isawaitable(result) else result


def arguments_of(invocation, type_):
    """Return what a method was called with."""
    try:
        return _native.arguments_of(invocation, type_)
    except ValueError as error:  # of the caller's: what is no member of an enumeration
        raise InvalidArgs(str(error)) from None


class _PropertiesMethod:
    """A method of org.freedesktop.DBus.Properties, whose arguments GDBus has looked at."""

    def __init__(self, exported, interface):
        self._exported = exported
        self._interface = interface
        self.title = f"{interface.name}: {type(self).__name__.lstrip('_')}"

    def reply(self, invocation, packed):
        _native.reply_packed(invocation, *packed)


class _Get(_PropertiesMethod):
    arguments = tuple_of([type_of(str)] * 2)

    async def call(self, arguments):
        value, descriptors = await _packed(self._interface.properties[arguments[1]])
        return GLib.Variant("(v)", (value,)), descriptors


class _GetAll(_PropertiesMethod):
    arguments = tuple_of([type_of(str)])

    async def call(self, _arguments):
        return GLib.Variant("(a{sv})", (await self._interface.values(),)), None


class _Set(_PropertiesMethod):
    arguments = tuple_of(map(type_of, (str, str, GLib.Variant)))

    async def call(self, arguments):
        which = self._interface.properties[arguments[1]]
        descriptors = current_call().message.get_unix_fd_list()
        try:
            value = which.member.type.unpack(arguments[2], descriptors)
        except ValueError as error:
            raise InvalidArgs(str(error)) from None
        waiting = which.set(value, self._exported)
        if waiting is not None:
            await waiting
        return GLib.Variant("()", ()), None


_PROPERTIES_METHODS = {"Get": _Get, "GetAll": _GetAll, "Set": _Set}


async def _packed(which):
    value = which.get()
    if inspect.isawaitable(value):
        value = await value
    return which.member.type.pack_with_descriptors(value, which.member.title)


class _Reply:
    """How a call ends."""

    def __init__(self, invocation, method):
        self._invocation = invocation
        self._method = method

    def succeed(self, value):
        try:
            self._method.reply(self._invocation, value)
        except GLib.Error as error:
            title = self._method.title
            raise LimitsExceeded(
                f"{title}: the reply cannot be sent: {error.message}"
            ) from None

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


# Not attributes of a connection: PyGObject then takes the GIL whenever GDBus's thread counts a
# reference, also under a lock that a call waits for.
_callers = weakref.WeakKeyDictionary()


def _callers_of(connection):
    """Those of this thread, in which their tasks are cancelled."""
    every = _callers.setdefault(connection, weakref.WeakValueDictionary())
    thread = threading.get_ident()
    callers = every.get(thread)
    if callers is None:
        callers = every[thread] = _Callers(connection)
    return callers


class _Callers:
    """Those who have called by a connection what is exported, and the calls of theirs that run."""

    def __init__(self, connection):
        self._connection = connection
        self._exported = set()
        self._closed = None
        self._callers = collections.defaultdict(_Caller)

    def add(self, exported):
        self._exported.add(exported)
        if len(self._exported) == 1:
            self._closed = self._connection.connect("closed", self._connection_closed)

    def remove(self, exported):
        self._exported.remove(exported)
        if self._exported:
            return
        self._connection.disconnect(self._closed)
        for caller in self._callers.values():
            caller.unwatch()
        self._callers.clear()

    def serve(self, sender, task):
        caller = self._callers[sender]
        if not caller.tasks:
            caller.watch(self._connection, sender, self._vanished)
        caller.tasks.add(task)
        task.add_done_callback(caller.tasks.discard)

    def _vanished(self, name):
        caller = self._callers.pop(name, None)
        if caller is not None:
            caller.cancel()

    def _connection_closed(self, *_):
        for name in list(self._callers):
            self._vanished(name)
        for each in list(self._exported):
            each.unexport()


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
