"""Names, as C++ has them."""

import re

KEYWORDS = (
    set(
        """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
    char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
    constinit continue decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long mutable namespace new noexcept not
    not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename union unsigned using virtual void volatile
    wchar_t while xor xor_eq
    """.split()
    )
    | {"errno", "stdin", "stdout", "stderr", "unix", "linux", "NULL", "assert"}
    | {"alloca", "offsetof", "sigmask", "strdupa", "strndupa", "d_fileno", "sched_priority"}
    | {"sa_handler", "sa_sigaction", "timeradd", "timerclear", "timercmp", "timerisset"}
    | {"timersub", "va_arg", "va_copy", "va_end", "va_start"}
)
# So the names of other macros begin, in GLib's headers and in C's.
MACROS = re.compile(r"g_|glib_|si_|sigev_|pthread_cleanup_|(?:be|le)\d+toh|hto[bl]e\d+")


def safe(name):
    """A name that is no keyword and no macro."""
    name = name.strip("_") or "value"
    if name[0].isdigit():
        name = f"value_{name}"
    return name + "_" if name in KEYWORDS or MACROS.match(name) else name


def snake(name):
    """ "DBusConnection" is "dbus_connection", "IOStream" is "io_stream"."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return name.lower().replace("d_bus", "dbus").replace("-", "_")


def camel(name):
    """ "mount_operation" is "MountOperation"."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or "Value"


def without(name, prefixes):
    """A C name without the prefix of its namespace."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        if prefix and name.startswith(prefix + "_"):
            return name[len(prefix) + 1 :]
    return name
