"""Errors of D-Bus, which have names, as exceptions, which have classes."""

from gi.repository import Gio, GLib

_STANDARD = "org.freedesktop.DBus.Error."
_OF_GLIB = "org.gtk.GDBus.UnmappedGError."

_classes = {}  # by name


def is_error_name(name):
    """Whether it is one that the bus takes."""
    try:
        return "\0" not in name and Gio.dbus_is_error_name(name)
    except (TypeError, UnicodeEncodeError):  # it is no str, or has a lone surrogate
        return False


def _checked(name):
    if not is_error_name(name):
        raise ValueError(f"{name!r} is not the name of a D-Bus error")
    return name


def _place_of(class_):
    return f"{class_.__module__}.{class_.__qualname__}"


class Error(Exception):
    """An error of D-Bus: what a service raises for its caller, and what the caller gets.

        class Busy(dbus.Error, name="org.example.Error.Busy"):
            pass

    gives an error of that name a class. The service raises Busy("try later"), and its callers
    catch it by `except Busy`, whoever has raised it. An error whose name has no class is an
    Error itself: raise Error("org.example.Error.Busy", "try later"), and look at `name`.

    str() of one is its message. Raises ValueError for a name that is none, and for a second class
    of a name; the same class of the same module may be made again.
    """

    dbus_error_name = None

    def __init_subclass__(cls, *, name=None, **options):
        super().__init_subclass__(**options)
        if name is not None:
            cls.dbus_error_name = _checked(name)
            other = _classes.get(name)
            if other is not None and _place_of(other) != _place_of(cls):  # as after a reload
                raise ValueError(
                    f"{_place_of(cls)}: {_place_of(other)} is the class of {name} already"
                )
            _classes[name] = cls

    def __init__(self, *arguments):
        if type(self).dbus_error_name is None:
            if not arguments:
                raise TypeError("an Error needs the name of a D-Bus error")
            name, *arguments = arguments
            self.dbus_error_name = _checked(name)
        if len(arguments) > 1:
            raise TypeError(f"expected a message, not {len(arguments)} arguments")
        super().__init__(arguments[0] if arguments else "")

    @property
    def name(self):
        """The name of the error on the bus."""
        return self.dbus_error_name

    def __reduce__(self):
        return _new, (type(self), self.dbus_error_name, *self.args)


class Failed(Error, name=_STANDARD + "Failed"):
    """Something went wrong."""


class NoReply(Error, name=_STANDARD + "NoReply"):
    """There was no reply: in time, or because the service went away."""


class Timeout(Error, name=_STANDARD + "Timeout"):
    """It took too long."""


class Disconnected(Error, name=_STANDARD + "Disconnected"):
    """The connection is closed."""


class ServiceUnknown(Error, name=_STANDARD + "ServiceUnknown"):
    """Nobody has the name, and the bus knows of nothing to start that would."""


class NameHasNoOwner(Error, name=_STANDARD + "NameHasNoOwner"):
    """Nobody has the name."""


class AccessDenied(Error, name=_STANDARD + "AccessDenied"):
    """This caller may not do this."""


class AuthFailed(Error, name=_STANDARD + "AuthFailed"):
    """This caller could not show who he is."""


class UnknownObject(Error, name=_STANDARD + "UnknownObject"):
    """There is no object at the path."""


class UnknownInterface(Error, name=_STANDARD + "UnknownInterface"):
    """The object has no such interface."""


class UnknownMethod(Error, name=_STANDARD + "UnknownMethod"):
    """There is no such method, or no object at the path."""


class UnknownProperty(Error, name=_STANDARD + "UnknownProperty"):
    """There is no such property."""


class PropertyReadOnly(Error, name=_STANDARD + "PropertyReadOnly"):
    """The property cannot be set."""


class InvalidArgs(Error, name=_STANDARD + "InvalidArgs"):
    """The arguments are not what the method takes."""


class InvalidSignature(Error, name=_STANDARD + "InvalidSignature"):
    """What came is not of the types that it was to be of."""


class NotSupported(Error, name=_STANDARD + "NotSupported"):
    """This is not supported."""


class LimitsExceeded(Error, name=_STANDARD + "LimitsExceeded"):
    """It is more than is allowed, as a message that is too large."""


class NoMemory(Error, name=_STANDARD + "NoMemory"):
    """There is not enough memory."""


# What GDBus finds by itself.
_LOCAL = (
    (Gio.IOErrorEnum.TIMED_OUT, NoReply),
    (Gio.IOErrorEnum.CLOSED, Disconnected),
    (Gio.IOErrorEnum.BROKEN_PIPE, Disconnected),
    (Gio.IOErrorEnum.INVALID_ARGUMENT, InvalidSignature),  # of a reply
)


def error_of_call(error):
    """Return the exception for a GLib.Error with which a call has ended.

    One that the service has made of a GLib.Error is that error again.
    """
    name = Gio.DBusError.get_remote_error(error)
    if name is not None:
        message = error.message.removeprefix(f"GDBus.Error:{name}: ")
        if name.startswith(_OF_GLIB):
            return GLib.Error(message, error.domain, error.code)
        return _new(_classes.get(name, Error), name, message)
    for code, class_ in _LOCAL:
        if error.matches(Gio.io_error_quark(), code):
            return class_(error.message)
    return error


def _new(class_, name, message=""):
    """One of a class, whose __init__() may want what is not known here."""
    error = class_.__new__(class_, message)
    error.dbus_error_name = name
    return error
