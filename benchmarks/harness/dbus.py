"""D-Bus from Python: calls to a message bus of our own, and the conversion of values."""

import subprocess
from contextlib import contextmanager

from harness import programs
from harness.awaiting import LIMIT
from harness.comparing import GAWAIT, in_turn, named, of, rows_against
from harness.report import Results

AT_ONCE = {1: "call over D-Bus, one after the other", 100: "call over D-Bus, 100 at once"}

# The values of python/dbus_values.py, and what they are called.
VALUES = {
    "isd": "pack and unpack an int, a str and a float",
    "options": "pack and unpack 20 entries of a{sv}",
}
GLIB = "GLib.Variant"

# By what it is called: the client of python/dbus_calls.py, its module, and the loops.
CLIENTS = {
    "callback and future by hand": ("callbacks", None, [GAWAIT]),
    "PyGObject's own": ("awaits", None, ["gi.events"]),
    "dbus-fast": ("dbus_fast", "dbus_fast", ["asyncio", "uvloop"]),
    "dbus-next": ("dbus_next", "dbus_next", ["asyncio", "uvloop"]),
    "sdbus": ("sdbus", "sdbus", ["asyncio", "uvloop"]),
}


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


def clients_here(build, loops):
    """By what it is called, a client and its loop; and notes on those that are not here."""
    here, notes = {GAWAIT: ("awaits", GAWAIT)}, []
    for name, (client, module, own_loops) in CLIENTS.items():
        if module and programs.missing_modules(build, [module]):
            notes.append(f"Not here: {name}.")
            continue
        present = [loop for loop in own_loops if loop in loops]
        if not present:
            notes.append(f"Not here: {name} (no {', '.join(own_loops)}).")
        for loop in present:
            here[f"{name} on {loop}" if len(own_loops) > 1 else name] = client, loop
    return here, notes


def measure(build, quick):
    loops, _ = programs.present_loops(build)
    repetitions, seconds = (1, 0.1) if quick else (5, 0.3)
    clients, notes = clients_here(build, loops)
    with message_bus() as environment:

        def run(client, loop, at_once):
            return lambda: programs.run(
                build,
                "dbus_calls.py",
                loop,
                client,
                at_once,
                seconds,
                environment_too=environment,
            )

        def run_limit(at_once):
            return lambda: programs.run_built(
                build, "gio_limit", "call", at_once, seconds, environment_too=environment
            )

        def run_conversion(converter, value):
            return lambda: programs.run(build, "dbus_values.py", converter, value, seconds)

        cases = {}
        for at_once in AT_ONCE:
            for name, (client, loop) in clients.items():
                cases[at_once, name] = run(client, loop, at_once)
            cases[at_once, LIMIT] = run_limit(at_once)
        for value in VALUES:
            for converter in (GAWAIT, GLIB):
                cases[value, converter] = run_conversion(converter, value)
        measured, left_out = in_turn(repetitions, cases)
    rows = []
    for at_once, title in AT_ONCE.items():
        took = of(at_once, measured)
        rows += rows_against(title, took, {name: 1 for name in took if name != LIMIT})
    for value, title in VALUES.items():
        rows += rows_against(title, of(value, measured), {GLIB: 1})
    return Results(
        rows,
        {"nanoseconds": named(measured)},
        None,
        "Medians of several runs in turn: processor time of the calling process, with all its "
        "threads, for a call of a method of the bus itself, or for a conversion. "
        f"{', '.join(loops.values())}.",
        [
            f"{LIMIT} is the same in C++ without any await: what GDBus itself takes.",
            *notes,
            *left_out,
        ],
    )
