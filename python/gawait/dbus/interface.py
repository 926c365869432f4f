"""Interfaces as classes.

    class Player(dbus.Interface, name="org.example.Player"):
        @dbus.method
        async def seek(self, seconds: float) -> None: ...

        @dbus.property
        def volume(self) -> float: ...

        @volume.setter
        def set_volume(self, value: float) -> None: ...

        seeked = dbus.signal(float)

What a class declares that is no Object is for both sides: its functions have no bodies that would
ever run. A class that has Object among its bases is one whose objects can be exported; what it
declares itself runs as it is written.
"""

import builtins
import functools
import inspect
import typing

from gi.repository import Gio

from gawait.dbus.types import results_of, single, tuple_of, type_of

_MISSING = object()

# What EmitsChangedSignal says, by what `emits` does.
EMITS = {True: "true", "invalidates": "invalidates", "const": "const", False: "false"}


class Member:
    """A method, property or signal: `name` on the bus, `attribute` in Python."""

    attribute = None
    interface = None  # its Description

    def __init__(self, name=None, deprecated=False, annotations=None, documentation=None):
        self.name = name
        self.deprecated = deprecated
        self.annotations = dict(annotations or {})
        self.documentation = documentation

    def __set_name__(self, owner, name):
        if self.attribute is None:
            self.attribute = name

    @property
    def title(self):
        return f"{self.interface.title}.{self.attribute or self.name}"

    @property
    def kind(self):
        """What it is, and its types on the bus, all str."""
        return (type(self).__name__.lower(), *(each.signature for each in self.types))


class Method(Member):
    """A method. Inputs and outputs are pairs of a name, which may be None, and a type.

    `arguments` is the type of a call's message, and `returned` that of the reply's.
    """

    def __init__(self, inputs, outputs, returned=None, no_reply=False, **options):
        super().__init__(**options)
        self.inputs, self.outputs = inputs, outputs
        self.no_reply = no_reply
        names = [name or f"argument_{i}" for i, (name, _) in enumerate(inputs)]
        self.arguments = tuple_of((each for _, each in inputs), names)
        self.returned = returned or values_of(each for _, each in outputs)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.signature = inspect.Signature([inspect.Parameter(each, kind) for each in names])

    @property
    def types(self):
        """The types of its messages."""
        return self.arguments, self.returned

    def bind(self, args, kwargs):
        """Return the arguments of a call as a tuple, in their order on the bus."""
        if not kwargs and len(args) == len(self.inputs):
            return args
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.title}(): {error}") from None
        bound.apply_defaults()
        return tuple(bound.arguments.values())


class Property(Member):
    """A property: what dbus.property() makes.

    In an Object it is the value. Of a proxy it is a RemoteProperty.
    """

    # Whether the functions are those that run, and not only declare.
    is_implemented = False

    def __init__(
        self, type_, getter=None, readable=True, writable=False, emits=True, **options
    ):
        super().__init__(**options)
        if emits not in EMITS:
            raise ValueError(f"emits: expected one of {list(EMITS)}, not {emits!r}")
        self.type = type_
        # GDBus gives no descriptors with signals, as one that tells a new value is.
        self.has_descriptors = "h" in type_.signature
        if self.has_descriptors and emits is True:
            emits = "invalidates"
        self.getter, self._setter = getter, None
        self.readable, self.writable = readable, writable
        self.emits = emits

    @property
    def types(self):
        """Its type alone."""
        return (self.type,)

    def setter(self, function):
        """Make the property one that is set by a function; a decorator, as property.setter.

        The function may be async def. One of another name than the property's, which type
        checkers want, can be called as well, or awaited: that is how an Object sets a property
        whose setter is async def. Where it returns, the change is told.
        """
        if self.getter is None:
            raise TypeError("what is given by its type has no setter: say writable=True")
        self._check_setter(function)
        self.writable, self._setter = True, function
        if function.__name__ == self.getter.__name__:
            return self

        @functools.wraps(function)
        def set_it(instance, value):
            if instance._dbus_remote is not None:
                raise AttributeError(f"of a proxy, await {self.attribute}.set() sets it")
            return self.set(instance, value)

        set_it._dbus_setter = self
        return set_it

    def _check_setter(self, function):
        """Refuse one whose value is annotated with another type than the property's."""
        hints = _hints(function)
        value = next(iter([each for each in hints if each != "return"]), None)
        if value is not None:
            title = f"{function.__qualname__}({value})"
            signature = _type_of(hints[value], title).signature
            if signature != self.type.signature:
                raise TypeError(
                    f"{title} is of the D-Bus type {signature}, not {self.type.signature} as "
                    f"the property"
                )

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        remote = instance._dbus_remote
        return self.get(instance) if remote is None else remote.property(self)

    def __set__(self, instance, value):
        if instance._dbus_remote is not None:
            raise AttributeError(f"of a proxy, await {self.attribute}.set() sets it")
        if self.is_implemented and inspect.iscoroutinefunction(self._setter):
            name = self._setter.__name__
            raise AttributeError(f"{self.title} is set by await self.{name}(value)")
        self.set(instance, value)

    def get(self, instance):
        """Return an object's value, or what is to be awaited for it."""
        value = vars(instance).get(self.attribute, _MISSING)
        if value is not _MISSING:
            return value
        if self.getter is None or not self.is_implemented:
            raise AttributeError(f"{type(instance).__qualname__}.{self.attribute} was not set")
        return self.getter(instance)

    def set(self, instance, value):
        """Set an object's value, and tell it; return a coroutine if that is to be awaited."""
        if self.is_implemented and self._setter is not None:
            waiting = self._setter(instance, value)
            if inspect.isawaitable(waiting):
                return self._told_later(instance, waiting)
        elif self.is_implemented and self.getter is not None:
            raise AttributeError(f"{self.title} has no setter")
        else:
            if self.emits == "const" and exports_of(instance):
                raise AttributeError(f"{self.title} is constant while it is exported")
            pack = self.type.pack_with_descriptors if self.has_descriptors else self.type.pack
            pack(value, self.title)
            vars(instance)[self.attribute] = value
        self.changed(instance)
        return None

    async def _told_later(self, instance, waiting):
        await waiting
        self.changed(instance)

    def changed(self, instance):
        """Tell that an object's value is another, by PropertiesChanged, as `emits` says.

        What was assigned or set is told already; this is for a property with a getter.
        """
        if self.readable and self.emits in (True, "invalidates"):
            for exported in exports_of(instance):
                exported.property_changed(self)


class Signal(Member):
    """A signal: what dbus.signal() makes.

    In an Object it is a function that emits it. Of a proxy it is a RemoteSignal.
    """

    def __init__(self, arguments, **options):
        super().__init__(**options)
        self.arguments = arguments  # pairs of a name, which may be None, and a type
        self.values = tuple_of(each for _, each in arguments)
        # One value is given as itself, several as a tuple.
        self.emission = values_of(each for _, each in arguments)

    @property
    def types(self):
        """The type of its message alone."""
        return (self.values,)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        remote = instance._dbus_remote
        if remote is not None:
            return remote.signal(self)
        return functools.partial(self.emit, instance)

    def __set__(self, instance, value):
        raise AttributeError(f"{self.title} is a signal: it is called, not assigned")

    def emit(self, instance, /, *values):
        """Emit it wherever the object is exported."""
        if len(values) != len(self.arguments):
            raise TypeError(
                f"{self.title}() takes {len(self.arguments)} values, not {len(values)}"
            )
        parameters = self.values.pack(values, f"{self.title}()")
        for exported in exports_of(instance):
            exported.emit_signal(self, parameters)


class Description:
    """What an interface is: its name, and its members by their names on the bus."""

    info = None  # the Gio.DBusInterfaceInfo, once it was asked for

    def __init__(
        self,
        name,
        members,
        *,
        title=None,
        deprecated=False,
        annotations=None,
        documentation=None,
    ):
        check_interface_name(name)
        self.name = name
        self.deprecated = deprecated
        self.annotations = dict(annotations or {})
        self.documentation = documentation
        self.title = title or name
        self.members = list(members)
        self.methods, self.properties, self.signals = {}, {}, {}
        for member in self.members:
            self._add(member)

    def _add(self, member):
        member.interface = self
        if isinstance(member, Method):
            kind = self.methods
        else:
            kind = self.properties if isinstance(member, Property) else self.signals
        if not Gio.dbus_is_member_name(member.name):
            raise ValueError(f"{member.title}: {member.name!r} is not the name of a member")
        if member.name in kind:
            raise ValueError(f"{self.name} has two of the name {member.name}")
        kind[member.name] = member


def method(function=None, /, *, name=None, no_reply=False, deprecated=False, annotations=None):
    """Declare a method of an interface; a decorator.

    The types of arguments are those of the annotations. A tuple that is returned is several
    values. On the bus, get_volume is GetVolume, or what `name` says. A caller of a method of
    no_reply=True does not wait for one. deprecated, annotations (a dict of strings) and the
    docstring are for whoever introspects.
    """

    def declare(function):
        if not inspect.isfunction(function):
            raise TypeError(f"dbus.method: expected a function, not {function!r}")
        function._dbus_method = {
            "name": name,
            "no_reply": no_reply,
            "deprecated": deprecated,
            "annotations": annotations,
        }
        return function

    declare._dbus_undeclared = "method"
    return declare if function is None else declare(function)


def property(
    getter=None,
    /,
    *,
    readable=True,
    writable=False,
    emits=True,
    name=None,
    deprecated=False,
    annotations=None,
):
    """Declare a property of an interface: a decorator of what gets it, or given its type.

        @dbus.property
        def volume(self) -> float: ...

        volume = dbus.property(float, writable=True)

    Its setter, by which it can be written, is declared by @volume.setter. Both may be async def.

    readable=False is for one that can only be written.

    emits says what is told of a change: True is the new value, "invalidates" that there is one,
    "const" is a value that never changes while it is exported, False tells nothing. The value of
    one with a FileDescriptor is never told: True is "invalidates" there. name,
    deprecated and annotations are as for dbus.method().
    """

    def declare(given):
        settings = {
            "readable": readable,
            "writable": writable,
            "name": name,
            "emits": emits,
            "deprecated": deprecated,
            "annotations": annotations,
        }
        if not inspect.isfunction(given):
            return Property(type_of(given), **settings)
        returned = _hints(given).get("return", _MISSING)
        if returned is _MISSING:
            raise TypeError(f"{given.__qualname__}() has no annotation of what it returns")
        return Property(
            _type_of(returned, given.__qualname__),
            given,
            documentation=_documentation(given),
            **settings,
        )

    declare._dbus_undeclared = "property"
    return declare if getter is None else declare(getter)


def signal(*types, arguments=None, name=None, deprecated=False, annotations=None):
    """Declare a signal of an interface, of the types of its values.

    arguments are their names, a sequence, for whoever introspects; name, deprecated and
    annotations are as for dbus.method(). Raises TypeError for a FileDescriptor, which GDBus does
    not give with a signal.
    """
    names = arguments if arguments is not None else [None] * len(types)
    if len(names) != len(types):
        raise ValueError(f"{len(types)} values have not {len(names)} names")
    typed = [(each, type_of(type_)) for each, type_ in zip(names, types)]
    if any("h" in each.signature for _, each in typed):
        raise TypeError("a signal has no file descriptors: GDBus does not give them")
    return Signal(
        typed,
        name=name,
        deprecated=deprecated,
        annotations=annotations,
    )


def interfaces_of(class_):
    """The descriptions of all interfaces that a class has."""
    return [vars(each)["_dbus_description"] for each in class_.__mro__ if _is_described(each)]


def class_members(class_):
    """The members of all interfaces of a class, by their names in Python."""
    return _members(class_.__mro__)


def exports_of(instance):
    """The places where an object is exported, a list."""
    return vars(instance).setdefault("_dbus_exports", [])


def values_of(types):
    """Return the type of values that are none, one by itself, or several in a tuple."""
    types = list(types)
    if not types:
        return results_of(None)
    return single(types[0]) if len(types) == 1 else tuple_of(types)


def check_interface_name(name):
    """Raise ValueError if it is none."""
    if not Gio.dbus_is_interface_name(name):
        raise ValueError(f"{name!r} is not the name of a D-Bus interface")


def camel_case(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _is_described(class_):
    return "_dbus_description" in vars(class_)


def _members(classes):
    members = {}
    for class_ in reversed(classes):
        if _is_described(class_):
            for member in vars(class_)["_dbus_description"].members:
                members[member.attribute] = member
        # What a class without a name has made of those.
        for attribute, value in vars(class_).items():
            if isinstance(value, Property) and value.attribute == attribute:
                members[attribute] = value
    return members


def _own_members(cls):
    for attribute, value in list(vars(cls).items()):
        _check_declared(cls, attribute, value)
        options = getattr(value, "_dbus_method", None)
        if isinstance(options, Method):  # of introspection
            yield options
        elif options is not None:
            if not (inspect.iscoroutinefunction(value) or issubclass(cls, Object)):
                title = f"{cls.__qualname__}.{attribute}()"
                raise TypeError(f"{title} is what callers await: declare it as async def")
            yield method_of(cls, attribute, value, **options)
        elif isinstance(value, (Property, Signal)) and value.attribute == attribute:
            if value.name is None:
                value.name = camel_case(attribute)
            if isinstance(value, Property):
                value.is_implemented = value.getter is not None and issubclass(cls, Object)
            yield value


def _check_declared(cls, attribute, value):
    """Refuse what looks like a member and is none, or hides what an Interface has."""
    title = f"{cls.__qualname__}.{attribute}"
    kinds = {method: "method", property: "property", signal: "signal"}
    is_function = inspect.isfunction(value)
    if is_function and (value in kinds or hasattr(value, "_dbus_undeclared")):
        kind = kinds.get(value) or value._dbus_undeclared
        raise TypeError(f"{title} is dbus.{kind} itself, which declares nothing")
    is_plain = isinstance(value, builtins.property) and not attribute.startswith("_")
    if is_plain and not issubclass(cls, Object):
        raise TypeError(f"{title} is a property of Python's: use @dbus.property")
    is_member = isinstance(value, (Property, Signal)) and value.attribute == attribute
    if (is_member or hasattr(value, "_dbus_method")) and hasattr(Interface, attribute):
        raise TypeError(
            f"{title} hides Interface.{attribute}: call it otherwise in Python, and give its "
            f"name on the bus as name="
        )
    if is_member and isinstance(value, Property) and not (value.readable or value.writable):
        raise TypeError(f"{title} can neither be read nor written: say writable=True")


def method_of(cls, attribute, function, *, name=None, no_reply=False, **options):
    """Return the Method that a function of a class is, from its annotations."""
    title = f"{cls.__qualname__}.{attribute}"
    signature = inspect.signature(function)
    is_bound = isinstance(inspect.getattr_static(cls, attribute), (staticmethod, classmethod))
    parameters = list(signature.parameters.values())[0 if is_bound else 1 :]
    hints = _hints(function)
    inputs = []
    for each in parameters:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise TypeError(f"{title}({each}): any number of arguments has no D-Bus type")
        if each.name not in hints:
            raise TypeError(f"{title}(): argument '{each.name}' has no annotation")
        inputs.append((each.name, _type_of(hints[each.name], f"{title}({each.name})")))
    returned = hints.get("return")
    several = typing.get_args(returned) if typing.get_origin(returned) is tuple else [returned]
    outputs = [
        (None, _type_of(each, f"{title}() -> ..."))
        for each in several
        if each not in (None, type(None))
    ]
    if no_reply and outputs:
        raise TypeError(f"{title}(): what nobody replies to returns nothing")
    made = Method(
        inputs,
        outputs,
        results_of(returned),
        no_reply,
        name=name or camel_case(attribute),
        documentation=_documentation(function),
        **options,
    )
    made.attribute = attribute
    made.signature = signature.replace(parameters=parameters)
    return made


def _override(cls, member, declared):
    """Make of what a class declares again what runs for the interface's."""
    title = f"{cls.__qualname__}.{member.attribute}"
    if type(member) is not type(declared):
        raise TypeError(f"{title} is declared as a {type(declared).__name__.lower()}")
    if isinstance(member, Property):
        if member.type.signature != declared.type.signature:
            raise TypeError(
                f"{title} is of the D-Bus type {declared.type.signature}, "
                f"not {member.type.signature}"
            )
        if declared.writable and member.is_implemented and not member.writable:
            raise TypeError(f"{title} has no setter, which the interface declares")
        for inherited in ("name", "interface", "writable", "readable", "emits"):
            setattr(member, inherited, getattr(declared, inherited))
    elif isinstance(member, Signal):
        raise TypeError(f"{title} is declared already")
    else:
        for ours, theirs in (
            (member.arguments, declared.arguments),
            (member.returned, declared.returned),
        ):
            if ours.signature != theirs.signature:
                raise TypeError(
                    f"{title}() has values of the D-Bus types {ours.signature}, "
                    f"where the interface has {theirs.signature}"
                )


def _check_hidden(cls, inherited):
    for attribute, member in inherited.items():
        hidden = vars(cls).get(attribute, member)
        if isinstance(member, Method) and inspect.isfunction(hidden):
            _check_implementation(cls, member, hidden)
        if isinstance(member, Method) or isinstance(hidden, type(member)):
            continue
        hint = ": use @dbus.property" if isinstance(member, Property) else ""
        kind = type(member).__name__.lower()
        raise TypeError(f"{cls.__qualname__}.{attribute} hides a {kind} of D-Bus{hint}")
    for attribute, value in vars(cls).items():
        for base in cls.__mro__[1:]:
            declared = getattr(vars(base).get(attribute), "_dbus_setter", None)
            if declared is not None and not hasattr(value, "_dbus_setter"):
                raise TypeError(
                    f"{cls.__qualname__}.{attribute}() hides a setter of D-Bus: declare it with "
                    f"@dbus.property and @{declared.attribute}.setter"
                )


def _check_implementation(cls, member, function):
    """Refuse a function that cannot be called as the method is, or says other types."""
    title = f"{cls.__qualname__}.{member.attribute}()"
    kinds = [each.kind is inspect.Parameter.KEYWORD_ONLY for each in _parameters_of(member)]
    names = list(member.signature.parameters)
    named = {name: None for name, is_named in zip(names, kinds) if is_named}
    signature = inspect.signature(function)
    try:
        bound = signature.bind(None, *[None] * (len(names) - len(named)), **named)
    except TypeError as error:
        raise TypeError(f"{title} does not take what {member.title}() does: {error}") from None
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, TypeError):  # only of concern to type checkers
        return
    positional = list(bound.arguments)[1:]
    for index, (name, (_, type_)) in enumerate(zip(names, member.inputs)):
        ours = name if name in named else next(iter(positional[index : index + 1]), None)
        if ours in hints and not _fits(hints[ours], type_.signature):
            raise TypeError(
                f"{title}: argument '{ours}' is no {type_.signature}, which it is in "
                f"{member.title}()"
            )
    if len(member.outputs) == 1 and "return" in hints:
        signature = member.outputs[0][1].signature
        if not _fits(hints["return"], signature):
            raise TypeError(f"{title} returns no {signature}, which {member.title}() does")


def _parameters_of(member):
    return member.signature.parameters.values()


def _fits(annotation, signature):
    """Whether a D-Bus type may be annotated so; what says nothing of D-Bus may be."""
    try:
        type_of(annotation)
    except TypeError:
        return True
    try:
        type_of(typing.Annotated[annotation, signature])
        return True
    except TypeError:
        return False


def _check_shared(descriptions, cls):
    """Refuse members of several interfaces that have one name in Python and are not alike."""
    members = {}
    for description in descriptions:
        for member in description.members:
            other = members.setdefault(member.attribute, member)
            if member.kind != other.kind and not cls._dbus_may_differ:
                raise TypeError(
                    f"{cls.__qualname__}.{member.attribute} would be {_shown(other)}, and "
                    f"{_shown(member)}"
                )


def _shown(member):
    kind, *signatures = member.kind
    return f"{member.title}, a {kind} of {' and '.join(signatures)}"


def _type_of(annotation, where):
    try:
        return type_of(annotation)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


def _hints(function):
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, SyntaxError) as error:
        raise TypeError(f"{function.__qualname__}(): {error}") from None


def _documentation(function):
    return inspect.cleandoc(function.__doc__) if function.__doc__ else None


def _own_documentation(cls):
    return inspect.cleandoc(vars(cls)["__doc__"]) if vars(cls).get("__doc__") else None


class Interface:
    """The base of interfaces, whose classes say `name`, and of proxies of remote objects.

    class Player(dbus.Interface, name="org.example.Player")

    takes `deprecated` and `annotations` as well, a dict of strings. Raises ValueError for a name
    that is none, and TypeError for an annotation of a member that has no D-Bus type.
    """

    _dbus_remote = None  # of a proxy: what it is one of
    _dbus_may_differ = False  # members of one name in Python, of which the first is had

    def __init_subclass__(cls, *, name=None, deprecated=False, annotations=None, **options):
        super().__init_subclass__(**options)
        own = list(_own_members(cls))
        inherited = _members(cls.__mro__[1:])
        declared = []
        for member in own:
            if member.attribute in inherited:
                _override(cls, member, inherited[member.attribute])
            elif name is None:
                raise TypeError(
                    f"{cls.__qualname__}.{member.attribute} is of no interface: "
                    f"class {cls.__qualname__}(..., name=...) gives one"
                )
            else:
                declared.append(member)
        _check_hidden(cls, inherited)
        if name is not None:
            cls._dbus_description = Description(
                name,
                declared,
                title=cls.__qualname__,
                deprecated=deprecated,
                annotations=annotations,
                documentation=_own_documentation(cls),
            )
        _check_shared(interfaces_of(cls), cls)

    @classmethod
    def proxy(cls, connection, name, path, *, timeout=25, cached=False):
        """Return a proxy of a remote object: of this class, with all of its interfaces.

        connection is a Gio.DBusConnection; name is who has the object, or None on a connection
        between two peers; path is the object's. Nothing is sent until it is used.

        A call that takes longer than timeout, in seconds, raises NoReply; None waits for ever.
        With cached=True the properties are fetched together when one is first read, and then
        kept up to date by PropertiesChanged.

        Raises ValueError for a name or path that is none. To be called in the loop's thread.
        """
        from gawait.dbus.proxy import new_proxy

        return new_proxy(cls, connection, name, path, timeout, cached)


class Object(Interface):
    """The base of what can be exported, by dbus.export().

        class Radio(Player, dbus.Object):
            def __init__(self):
                self.volume = 0.5

            async def seek(self, seconds: float) -> None:
                self.seeked(seconds)

    Methods have the names in Python of the interface's, and may be async def or not. A property
    that is assigned keeps the value and tells its change. One that is to be computed is declared
    again, with @dbus.property, and has the name and all else of the interface's. A signal is
    emitted by calling it.
    """
