"""A connected signal, and what is to be known of what it passes and wants returned."""

import functools

from gi.repository import GObject

# Of the class: Gio.Cancellable has methods of these names that do something else.
_connect = GObject.Object.connect
_disconnect = GObject.Object.disconnect


class Connection:
    """A signal that is connected until disconnect(), or the end of the object, which it does not
    keep.

    Raises TypeError if the object has no such signal.
    """

    def __init__(self, obj, name, callback):
        _check("obj", obj, GObject.Object, "a GObject.Object")
        _check("name", name, str, "a str")
        # Python's own weak reference ends with the wrapper, which may be before the object.
        self._emitter = GObject.Object.weak_ref(obj)
        self._handler = _connect(obj, name, callback)
        self._signal = signal_of(obj, name)

    @property
    def is_connected(self):
        emitter = self._emitter()
        return (
            emitter is not None
            and self._handler is not None
            and GObject.Object.handler_is_connected(emitter, self._handler)
        )

    @property
    def default(self):
        """What is returned to a signal by who has nothing to say."""
        return default_of(self._signal)

    def checked(self, answer):
        """Return what can be returned to the signal in the type that it wants."""
        type_ = _return_type_of(self._signal)
        name = GObject.signal_name(self._signal)
        if type_ == GObject.TYPE_NONE:
            raise TypeError(f"argument 'answer': signal '{name}' wants nothing returned")
        try:
            if type_ == GObject.TYPE_BOOLEAN and not isinstance(answer, bool):
                raise TypeError("expected a bool")  # any object would be one
            return GObject.Value(type_, answer).get_value()
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(
                f"argument 'answer': {answer!r} is no {type_.name}, which signal '{name}' wants returned"
            ) from error

    def disconnect(self):
        # An object that was disposed has let go of its handlers.
        if self.is_connected:
            _disconnect(self._emitter(), self._handler)
        self._handler = None


def signal_of(obj, name):
    """Return the number of a signal, whose name may have a detail."""
    signal_id, _ = GObject.signal_parse_name(name, obj, True)
    return signal_id


@functools.cache
def default_of(signal_id):
    type_ = _return_type_of(signal_id)
    return None if type_ == GObject.TYPE_NONE else GObject.Value(type_).get_value()


def _return_type_of(signal_id):
    return GObject.signal_query(signal_id).return_type


def kept(arguments):
    """Return the arguments of an emission in a form in which they outlive it."""
    return tuple(
        GObject.GBoxed.copy(each) if isinstance(each, GObject.GBoxed) else each
        for each in arguments
    )


def _check(name, value, type_, expected):
    if not isinstance(value, type_):
        raise TypeError(f"argument '{name}': expected {expected}, not {type(value).__name__}")
