"""Errors of D-Bus, which have names."""

from gi.repository import Gio


class Error(Exception):
    """A D-Bus error of a name, which a method raises for its caller."""

    def __init__(self, name, message=""):
        if not is_error_name(name):
            raise ValueError(f"{name!r} is not the name of a D-Bus error")
        super().__init__(message)
        self.dbus_error_name = name


def is_error_name(name):
    try:
        return "\0" not in name and Gio.dbus_is_error_name(name)
    except (TypeError, UnicodeEncodeError):  # it is no str, or has a lone surrogate
        return False
