"""asyncio on gawait's loop against other loops: what an operation costs."""

import json
import resource
import statistics
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness import programs
from harness.report import Lines, Results, Row

GAWAIT = "gawait"


@dataclass(frozen=True)
class Work:
    """Something of python/work.py, and how far ahead of which peers gawait has to be."""

    function: str
    title: str
    targets: dict[str, float] = field(default_factory=lambda: {"uvloop": 1}, compare=False)


WORKS = (
    Work("chain", "call_soon chain", {"uvloop": 4}),
    Work("batches", "call_soon in batches of 1000", {"uvloop": 1.5}),
    Work("sleep_0", "sleep(0)", {"uvloop": 2.5}),
    Work("gathered", "1000 tasks gathered"),
    Work("timers", "timers started and cancelled"),
    Work("threadsafe", "call_soon_threadsafe, another thread"),
    Work("threadsafe_at_home", "call_soon_threadsafe, own thread"),
)


@dataclass(frozen=True)
class Echo:
    """Messages over TCP there and back."""

    size: int
    idle: int = 0
    connections: int = 10

    @property
    def title(self):
        beside = f" beside {self.idle} idle" if self.idle else ""
        return f"TCP echo {self.size // 1024} KiB × {self.connections}{beside}"


SMALL, LARGE = Echo(1024), Echo(100 * 1024)
CROWDED = (Echo(1024, idle=2000), Echo(1024, idle=10_000))
SPARE_FILES = 100
PATIENCE = 60  # seconds for what takes a few

BY_HAND = "callback and future by hand"

# What awaits a Gio operation: which function of python/work.py on which loop.
READS = {
    GAWAIT: ("read_bytes", GAWAIT),
    "gawait.call": ("read_bytes_by_call", GAWAIT),
    BY_HAND: ("read_bytes_by_hand", GAWAIT),
    "gi.events": ("read_bytes", "gi.events"),
}


# Measuring


@contextmanager
def echo_server(build, loop):
    """An echo server as a process, and its port."""
    server = subprocess.Popen(
        programs.command("echo_server.py", loop),
        env=programs.environment(build),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            yield server, int(server.stdout.readline())
        finally:
            server.stdin.close()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def run_echo(build, loop, echo, seconds):
    with echo_server(build, loop) as (server, port):
        client = [build / "benchmarks/echo_client", port, server.pid]
        client += [echo.connections, echo.size, echo.idle, seconds]
        printed = subprocess.run(
            list(map(str, client)), stdout=subprocess.PIPE, check=True, timeout=PATIENCE
        ).stdout
        return json.loads(printed)


def in_turn(repetitions, cases):
    """Runs each case once, again and again; gives the medians of what they gave, by key.

    A case that does not come to an end is left out from then on.
    """
    samples = {key: [] for key in cases}
    for turn in range(repetitions):
        print(f"Measuring, {turn + 1} of {repetitions} ...", file=sys.stderr)
        for key in list(samples):
            try:
                samples[key].append(cases[key]())
            except subprocess.TimeoutExpired:
                del samples[key]
    return {
        key: {what: statistics.median(each[what] for each in several) for what in several[0]}
        for key, several in samples.items()
    }


def reads_here(build, loops):
    """Those ways to await a Gio operation that there are here, and notes on the others."""
    here, notes = {}, []
    for name, (function, loop) in READS.items():
        if loop not in loops:
            continue
        try:
            programs.run(build, "work.py", loop, function, 0.01, quiet=True)
            here[name] = function, loop
        except subprocess.CalledProcessError as failure:
            reason = failure.stderr.decode().splitlines()[-1]
            notes.append(f"Not here: read_bytes_async awaited by {name} ({reason}).")
    return here, notes


def echoes_here():
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    every = (SMALL, LARGE, *CROWDED)
    here = [echo for echo in every if echo.idle + echo.connections + SPARE_FILES <= files]
    notes = [
        f"Not measured: {echo.title}; only {files} files may be open (ulimit -Hn)."
        for echo in every
        if echo not in here
    ]
    return here, notes


# The table


def target_of(ratio, least):
    return f"at least {least} ×", ratio >= least


def rows_against(title, measured, peers, targets, what="ns"):
    """The first line has the title, every peer a line."""
    ours = measured[GAWAIT][what]
    if not peers:
        yield Row(title, "ns", ours)
    for peer in filter(measured.get, peers):
        row = Row(title, "ns", ours, peer, measured[peer][what])
        if peer in targets:
            row.target, row.reached = target_of(row.ratio, targets[peer])
        yield row
        title = ""


def rows_of_echo(echo, measured, peers, alone):
    """alone is what gawait measures without idle connections."""
    yield from rows_against(
        echo.title, measured, peers, {"uvloop": 1, "asyncio": 1}, "server_ns"
    )
    if echo.idle:
        row = Row(
            "", "ns", measured[GAWAIT]["server_ns"], "gawait, none idle", alone["server_ns"]
        )
        row.target, row.reached = target_of(row.ratio, 0.95)
        yield row
    yield from rows_against("the same, time that passes", measured, peers, {})


def rows_of_reads(measured):
    names = {"gi.events": "PyGObject's own"}
    title = "await read_bytes_async"
    ours = measured.get(GAWAIT) or measured.get("gawait.call")
    if not ours:
        return
    for name in measured:
        if name == GAWAIT or measured[name] is ours:
            continue
        row = Row(title, "ns", ours["ns"], names.get(name, name), measured[name]["ns"])
        if name == "gi.events":
            row.target, row.reached = target_of(row.ratio, 1.5)
        yield row
        title = ""


def note_on_looks(measured):
    by_io_uring = measured[WORKS[0], GAWAIT]["io_uring"]
    way = "a load from the memory of an io_uring" if by_io_uring else "epoll_wait(0)"
    return f"Each round of each loop looks at the descriptors, gawait's by {way}."


def crowd(loops, measured):
    series = {
        loop: [
            (echo.idle, measured[echo, loop]["server_ns"] / 1000)
            for echo in (SMALL, *CROWDED)
            if (echo, loop) in measured
        ]
        for loop in loops
    }
    return Lines(
        "processor time of an echo of 1 KiB beside idle connections",
        "idle connections",
        "µs",
        series,
    )


def measure(build, quick):
    loops, notes = programs.present_loops(build)
    repetitions, seconds = (2, 0.1) if quick else (7, 0.5)
    peers = [loop for loop in loops if loop != GAWAIT]
    reads, notes_on_reads = reads_here(build, loops)
    echoes, notes_on_echoes = echoes_here()

    def work(function, loop):
        return lambda: programs.run(build, "work.py", loop, function, seconds)

    def echo_on(loop, echo):
        return lambda: run_echo(build, loop, echo, seconds)

    cases = {(each, loop): work(each.function, loop) for each in WORKS for loop in loops}
    cases |= {(echo, loop): echo_on(loop, echo) for echo in echoes for loop in loops}
    cases |= {("read", name): work(*which) for name, which in reads.items()}
    measured = in_turn(repetitions, cases)

    def of(case):
        return {name: value for (each, name), value in measured.items() if each == case}

    rows = []
    for each in WORKS:
        rows += rows_against(each.title, of(each), peers, each.targets)
    for echo in echoes:
        rows += rows_of_echo(echo, of(echo), peers, measured[SMALL, GAWAIT])
    rows += rows_of_reads(of("read"))
    busy = [
        f"{case.title} on {loop}: the client was as busy as the server."
        for (case, loop), value in measured.items()
        if isinstance(case, Echo) and value["client_ns"] >= value["server_ns"]
    ]
    stuck = [
        f"{case.title} on {loop}: did not end within {PATIENCE} s."
        for case, loop in cases
        if (case, loop) not in measured
    ]
    raw = {
        f"{getattr(case, 'title', case)} / {loop}": value
        for (case, loop), value in measured.items()
    }
    return Results(
        rows,
        {"loops": loops, "nanoseconds": raw},
        crowd(loops, measured),
        "Medians of several runs in turn, for one operation: processor time of the process, "
        "for TCP echo that of the server, which a client in C++ keeps busy. "
        f"{', '.join(loops.values())}.",
        [note_on_looks(measured)] + notes + notes_on_reads + notes_on_echoes + busy + stuck,
    )
