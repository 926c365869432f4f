"""D-Bus from Python, over a message bus of our own: as a client, as a service, and the conversion
of values."""

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

from harness import programs
from harness.awaiting import LIMIT
from harness.comparing import GAWAIT, in_turn, named, of, rows_against
from harness.report import Results


@dataclass(frozen=True)
class Work:
    """What a client does, one of the works of python/dbus_calls.py."""

    name: str
    at_once: int
    title: str
    limit: bool = False  # gio_limit.cpp does it as well


WORKS = (
    Work("call", 1, "call over D-Bus, one after the other", limit=True),
    Work("call", 100, "call over D-Bus, 100 at once", limit=True),
    Work("property", 1, "read a property over D-Bus, one after the other"),
    Work("signals", 1000, "receive a signal over D-Bus, 1000 emitted at once"),
)
CALLS, ASKING = ("call", "property", "signals"), ("call", "property")

SHARED = "gawait on Gio.bus_get()"  # by GDBus's thread

# By what it is called: the client of python/dbus_clients.py, its module, the loops, and the works.
CLIENTS = {
    GAWAIT: ("proxy", None, [GAWAIT], CALLS),
    SHARED: ("shared_proxy", None, [GAWAIT], CALLS),
    "Gio.DBusConnection.call() awaited": ("awaits", None, [GAWAIT], ASKING),
    "callback and future by hand": ("callbacks", None, [GAWAIT], CALLS),
    "PyGObject's own": ("awaits", None, ["gi.events"], CALLS),
    "dbus-fast": ("dbus_fast", "dbus_fast", ["asyncio", "uvloop"], CALLS),
    "dbus-next": ("dbus_next", "dbus_next", ["asyncio", "uvloop"], CALLS),
    "sdbus": ("sdbus", "sdbus", ["asyncio", "uvloop"], CALLS),
}


@dataclass(frozen=True)
class Serving:
    """A service whose method dbus_client.cpp calls."""

    at_once: int
    title: str


SERVING = (
    Serving(1, "serve a call over D-Bus, one after the other"),
    Serving(100, "serve a call over D-Bus, 100 at once"),
)
EXPORT = "dbus.export() with a name"

# The same of the services of python/dbus_service.py.
SERVICES = {
    GAWAIT: ("interface", None, [GAWAIT]),
    SHARED: ("shared_interface", None, [GAWAIT]),
    EXPORT: ("export", None, [GAWAIT]),
    "dbus-fast": ("dbus_fast", "dbus_fast", ["asyncio", "uvloop"]),
    "dbus-next": ("dbus_next", "dbus_next", ["asyncio", "uvloop"]),
}

# The values of python/dbus_values.py, and what they are called.
VALUES = {
    "isd": "pack and unpack an int, a str and a float",
    "options": "pack and unpack 20 entries of a{sv}",
}
GLIB = "GLib.Variant"


@contextmanager
def message_bus():
    """Gives what has to be in the environment of its clients."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with daemon:
        try:
            yield {"DBUS_SESSION_BUS_ADDRESS": daemon.stdout.readline().strip()}
        finally:
            daemon.terminate()


def those_here(build, loops, table):
    """By what it is called, an entry of the table and its loop; and notes on those not here."""
    here, notes = {}, []
    for name, (which, module, own_loops, *more) in table.items():
        if module and programs.missing_modules(build, [module]):
            notes.append(f"Not here: {name}.")
            continue
        present = [loop for loop in own_loops if loop in loops]
        if not present:
            notes.append(f"Not here: {name} (no {', '.join(own_loops)}).")
        for loop in present:
            called = f"{name} on {loop}" if len(own_loops) > 1 else name
            here[called] = which, loop, *more
    return here, notes


def measure_serving(build, command, at_once, seconds, environment):
    """Processor time of a service for a call, and the time that passes."""

    def call(service, seconds):
        return programs.run_built(
            build, "dbus_client", service, at_once, seconds, environment_too=environment
        )

    with programs.serving(build, command, environment) as (process, service):
        call(service, seconds / 10)  # what is made once
        before = programs.processor_time(process)
        called = call(service, seconds)
        took = programs.processor_time(process) - before
    return {"ns": 1e9 * took / called["calls"], "elapsed_ns": called["elapsed_ns"]}


def cases_of_clients(build, clients, seconds, service, environment):
    def run(which, loop, work):
        arguments = loop, which, work.name, work.at_once, service, seconds
        return lambda: programs.run(
            build, "dbus_calls.py", *arguments, environment_too=environment
        )

    def run_limit(work):
        return lambda: programs.run_built(
            build, "gio_limit", "call", work.at_once, seconds, environment_too=environment
        )

    for work in WORKS:
        for name, (which, loop, works) in clients.items():
            if work.name in works:
                yield (work, name), run(which, loop, work)
        if work.limit:
            yield (work, LIMIT), run_limit(work)


def cases_of_services(build, services, seconds, environment):
    commands = {
        name: programs.command("dbus_service.py", loop, which)
        for name, (which, loop) in services.items()
    }
    commands[LIMIT] = [programs.built(build, "dbus_service")]

    def serve(command, at_once):
        return lambda: measure_serving(build, command, at_once, seconds, environment)

    for work in SERVING:
        for name, command in commands.items():
            yield (work, name), serve(command, work.at_once)


def cases_of_values(build, seconds):
    for value in VALUES:
        for converter in (GAWAIT, GLIB):
            yield (value, converter), lambda value=value, converter=converter: programs.run(
                build, "dbus_values.py", converter, value, seconds
            )


def rows_of(measured):
    for work in (*WORKS, *SERVING):
        took = of(work, measured)
        peers = [name for name in took if name not in (LIMIT, EXPORT, SHARED)]
        yield from rows_against(work.title, took, dict.fromkeys(peers, 1))
    for value, title in VALUES.items():
        yield from rows_against(title, of(value, measured), {GLIB: 1})


def measure(build, quick):
    loops, _ = programs.present_loops(build)
    repetitions, seconds = (1, 0.1) if quick else (5, 0.3)
    clients, notes = those_here(build, loops, CLIENTS)
    services, _ = those_here(build, loops, SERVICES)
    with message_bus() as environment:
        service = [programs.built(build, "dbus_service")]
        with programs.serving(build, service, environment) as (_, name):
            cases = {
                **dict(cases_of_clients(build, clients, seconds, name, environment)),
                **dict(cases_of_services(build, services, seconds, environment)),
                **dict(cases_of_values(build, seconds)),
            }
            measured, left_out = in_turn(repetitions, cases)
    return Results(
        list(rows_of(measured)),
        {"nanoseconds": named(measured)},
        None,
        "Medians of several runs in turn: processor time of one process, the client's or the "
        "service's, with all its threads, for a call, a value that is read, a signal or a "
        "conversion. Clients call a method of the bus itself; the other side of the rest is in "
        f"C++. {', '.join(loops.values())}.",
        [
            f"{LIMIT} is the same in C++ without any await: what GDBus itself takes.",
            *notes,
            *left_out,
        ],
    )
