"""A pair of _async and _finish in Python: made of a coroutine by gawait, and written by hand."""

from harness import programs
from harness.comparing import in_turn, set_target
from harness.report import Lines, Results, Row

OURS, BY_HAND = "coroutine", "callbacks"

# The bodies and consumers of python/producing.py, and what they are called.
WORKS = {
    ("knows", "callback"): "call a pair that returns a sum, callback",
    ("knows", "await"): "the same, await",
    ("asks", "callback"): "call a pair that reads 4 bytes of memory, callback",
    ("asks", "await"): "the same, await",
}
PEERS = {
    "callback": "Gio.Task by hand",
    "await": "Gio.Task, callback and future by hand",
}
AT_ONCE = (1, 10, 100)
LEAST = 0.91  # times as fast as by hand: no more than 1.1 times what that takes


def rows_of(measured):
    for work, title in WORKS.items():
        ours, by_hand = (measured[maker, *work, 1]["ns"] for maker in (OURS, BY_HAND))
        yield set_target(Row(title, "ns", ours, PEERS[work[1]], by_hand), LEAST)


def lines(measured):
    series = {
        f"{maker}, {body}, {consumer}": [
            (at_once, measured[maker, body, consumer, at_once]["ns"] / 1000)
            for at_once in AT_ONCE
            if (maker, body, consumer, at_once) in measured
        ]
        for body, consumer in WORKS
        for maker in (OURS, BY_HAND)
    }
    return Lines("processor time of a call", "calls at once", "µs", series)


def measure(build, quick):
    repetitions, seconds = (1, 0.05) if quick else (5, 0.2)
    at_once_here = AT_ONCE[:1] if quick else AT_ONCE
    keys = [
        (maker, body, consumer, at_once)
        for body, consumer in WORKS
        for at_once in at_once_here
        for maker in (OURS, BY_HAND)
    ]

    def call(key):
        return lambda: programs.run(build, "producing.py", *key, seconds)

    measured, left_out = in_turn(repetitions, {key: call(key) for key in keys})
    return Results(
        list(rows_of(measured)),
        {"nanoseconds": {" / ".join(map(str, key)): measured[key]["ns"] for key in keys}},
        lines(measured),
        "Medians of several runs in turn: processor time of the process, one call after the "
        "other. Callbacks run in a GLib.MainLoop, awaits on gawait's loop.",
        left_out,
    )
