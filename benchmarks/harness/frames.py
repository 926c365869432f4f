"""How many frames a GTK 4 window draws, and when, while work runs on its loop."""

import os
import statistics
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from harness import programs
from harness.report import Lines, Results, Row

IDLE = "idle"

# By what it is called: the method of python/frames.py.
BESIDE = {
    IDLE: "nothing",
    "a task looping on sleep(0)": "sleep_0",
    "a chain of call_soon": "chain",
    "call_soon in batches of 1000": "batches",
    "a million callbacks a second": "flood",
    "5000 operations of GIO in flight": "gio",
    "another process with 5000 operations of GIO in flight": "gio_elsewhere",
    "an echo over 10 connections": "echo",
}
# What the processors have left for a window, whatever its loop.
LIMIT = "gio_elsewhere"
# Of loops whose awaits of GIO's functions are none, the rest is measured.
WITHOUT_GIO = ("gbulb",)
IN_C = "callbacks in C"
BESIDE_IN_C = {
    IDLE: "nothing",
    "1000 idles that are always ready": "idles",
    "a million idles a second": "flood",
    "5000 operations of GIO in flight": "gio",
    "an echo over 10 connections": "echo",
}
# What leaves the processor alone now and then, or is held up by another process.
RESTS = ("nothing", "flood", "echo", LIMIT)
NUMBERS = ("frames", "p99", "operations", "processor")
LOOPS = ("gawait", "gi.events", "gbulb")
LEAST_FRAMES = 0.95
MOST_LATE = 2e6  # ns


@contextmanager
def display():
    """An X server of our own, and its name."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with server, os.fdopen(reading) as number:
        try:
            yield ":" + number.readline().strip()
        finally:
            server.terminate()


def run_window(build, name_of_display, loop, beside, seconds):
    """What one window has drawn."""
    environment = {
        "DISPLAY": name_of_display,
        "GDK_BACKEND": "x11",
        "GSK_RENDERER": "cairo",  # as fast everywhere, since it needs no GPU
        "GSETTINGS_BACKEND": "memory",
        "GTK_A11Y": "none",
    }
    client = programs.built(build, "echo_client")
    if loop == IN_C:
        what = ("frames_window", BESIDE_IN_C[beside], seconds, client)
        drawn = programs.run_built(build, *what, environment_too=environment)
    else:
        what = ("frames.py", loop, BESIDE[beside], seconds, client)
        drawn = programs.run(build, *what, environment_too=environment)
    # Where nothing is painted any more, the interval lasts to the end.
    times = [*drawn["painted"], 1e6 * drawn["seconds"]]
    intervals = sorted(
        1000 * (after - before) for before, after in zip([0, *times], times, strict=False)
    )
    return {
        "frames": len(drawn["painted"]),
        "p99": intervals[int(0.99 * len(intervals))],
        "operations": drawn["operations"] / drawn["seconds"],
        "processor": drawn["processor_seconds"] / drawn["seconds"],
        "intervals": intervals,
    }


def medians(runs):
    """Of several windows; of the intervals, those of all."""
    middle = {what: statistics.median(run[what] for run in runs) for what in NUMBERS}
    return middle | {"intervals": sorted(each for run in runs for each in run["intervals"])}


def works_of(loop):
    """What runs beside a window of the loop."""
    if loop == IN_C:
        return list(BESIDE_IN_C)
    return [
        each
        for each, work in BESIDE.items()
        if (work != "gio" or loop not in WITHOUT_GIO) and (work != LIMIT or loop == "gawait")
    ]


def rows_of(measured, loop, seconds):
    """The lines of one loop: frames, and how late they are, against those when idle."""
    ours = loop == "gawait"
    idle = measured[loop, IDLE]
    prefix = "" if ours else f"{loop}: "
    yield Row(f"{prefix}frames in {seconds:g} s, {IDLE}", "frames", idle["frames"])
    for beside in works_of(loop)[1:]:
        drawn = measured[loop, beside]
        row = Row(
            f"{prefix}frames beside {beside}", "frames", drawn["frames"], IDLE, idle["frames"]
        )
        late = Row(f"{prefix}99 % of their intervals", "ns", drawn["p99"], IDLE, idle["p99"])
        if ours and BESIDE[beside] != LIMIT:
            row.target = f"at least {100 * LEAST_FRAMES:.0f} %"
            row.reached = drawn["frames"] >= LEAST_FRAMES * idle["frames"]
            late.target = f"at most {MOST_LATE / 1e6:g} ms later"
            late.reached = drawn["p99"] <= idle["p99"] + MOST_LATE
        yield row
        yield late


def lines(measured):
    """How many per cent of the intervals are at most so long."""
    series = {}
    for (loop, beside), drawn in measured.items():
        intervals = drawn["intervals"]
        series[f"{loop}, {beside}"] = [
            (percent, intervals[min(len(intervals) * percent // 100, len(intervals) - 1)] / 1e6)
            for percent in range(0, 101, 2)
        ]
    return Lines("between two frames", "per cent of the intervals", "at most ms", series)


def notes_on_load(measured):
    """A busy loop that does not get a processor for itself is late whatever it does."""
    for (loop, beside), drawn in measured.items():
        work = (BESIDE_IN_C if loop == IN_C else BESIDE)[beside]
        if work not in RESTS and drawn["processor"] < 0.97:
            yield (
                f"The machine was busy with something else: {loop} beside {beside} got only "
                f"{100 * drawn['processor']:.0f} % of a processor."
            )


def measure(build, quick):
    here, notes = programs.present_loops(build)
    loops = [loop for loop in LOOPS if loop in here]
    if Path(programs.built(build, "frames_window")).exists():
        loops.append(IN_C)
    repetitions, seconds = (1, 1.0) if quick else (5, 3.0)
    cases = [(loop, beside) for loop in loops for beside in works_of(loop)]
    runs = {case: [] for case in cases}
    with display() as name:
        for turn in range(repetitions):
            print(f"Counting frames, {turn + 1} of {repetitions} ...", file=sys.stderr)
            for case in cases:
                runs[case].append(run_window(build, name, *case, seconds))
    measured = {case: medians(several) for case, several in runs.items()}
    rows = [row for loop in loops for row in rows_of(measured, loop, seconds)]
    rates = ", ".join(
        f"{measured['gawait', beside]['operations'] / 1e3:.0f} k/s of {beside}"
        for beside in list(BESIDE)[1:]
        if BESIDE[beside] != LIMIT
    )
    return Results(
        rows,
        {
            f"{loop}, {beside}": {what: drawn[what] for what in NUMBERS}
            for (loop, beside), drawn in measured.items()
        },
        lines(measured),
        f"Medians of {repetitions} windows in turn, under Xvfb.",
        [f"Beside gawait's windows ran {rates}.", *notes_on_load(measured), *notes],
    )
