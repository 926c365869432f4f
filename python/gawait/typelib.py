"""What a typelib says of arguments, by PyGObject's objects, from 3.42 on."""

from gi._gi import CallbackInfo

IN, OUT = 0, 1  # of GIDirection

# PyGObject 3.52 has renamed these.


def index_of(argument, name):
    get = getattr(argument, f"{name}_index", None) or getattr(argument, name)
    index = get()
    return -1 if index is None else index


def type_of(argument):
    get = getattr(argument, "get_type_info", None) or argument.get_type
    return get()


def length_of(type_):
    """Return which argument has the length of an array of the type, or -1."""
    is_array = type_.get_tag_as_string() == "array"
    return index_of(type_, "get_array_length") if is_array else -1


def array_length(argument):
    return length_of(type_of(argument))


def tag_of(argument):
    return type_of(argument).get_tag_as_string()


def is_of(argument, namespace, name):
    type_ = type_of(argument)
    if type_.get_tag_as_string() != "interface":
        return False
    interface = type_.get_interface()
    return interface.get_name() == name and interface.get_namespace() == namespace


def is_callback(argument):
    type_ = type_of(argument)
    is_interface = type_.get_tag_as_string() == "interface"
    return is_interface and isinstance(type_.get_interface(), CallbackInfo)


def ready_callback(arguments):
    """Return which argument is called back when an operation is ready, or None."""
    for index, argument in enumerate(arguments):
        if is_of(argument, "Gio", "AsyncReadyCallback"):
            return index
        # So in functions for other languages, as Gio.File.copy_async() has become one.
        if argument.get_name() == "ready_callback_closure":
            return index
    return None


def is_filled(argument):
    """Whether it is memory of the caller's, to which GLib may write after the call."""
    return argument.get_direction() != IN and argument.is_caller_allocates()


def hidden(arguments):
    """Return those that Python code does not pass: lengths of arrays, destroy notifications,
    results.
    """
    found = {i for i, argument in enumerate(arguments) if argument.get_direction() == OUT}
    for argument in arguments:
        found |= {array_length(argument), index_of(argument, "get_destroy")}
    return found - {-1}
