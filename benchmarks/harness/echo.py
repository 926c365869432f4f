"""Messages over sockets there and back: what they cost a server on each loop, and at least."""

import itertools
import resource
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness import programs
from harness.comparing import GAWAIT, in_turn, named, of, rows_against, set_target
from harness.report import Lines, Results, Row

LIMIT = "epoll alone"
BY_HAND = "callbacks by hand"
GIO = "GIO's streams in Python"

# Who takes part in that: by what it is called, the loop and the way of python/echo_server.py.
WAYS_OF_GIO = {
    GAWAIT: (GAWAIT, "awaits"),
    BY_HAND: (GAWAIT, "callbacks"),
    "PyGObject's own": ("gi.events", "awaits"),
}
GIO_OF_CPP = "GIO's streams in C++"
PROGRAMS_OF_CPP = {
    GAWAIT: ["echo_streams"],
    "GIO's operations awaited": ["echo_streams", "operations"],
    "callbacks": ["echo_callbacks"],
}
WAYS = ("protocols", "streams", "sockets")
SIZES = (1, 10, 100)  # KiB
SPARE_FILES = 100


@dataclass(frozen=True)
class Echo:
    """Messages there and back over some connections, beside others that are idle."""

    way: str
    kibibytes: int
    family: str = "tcp"
    tls: bool = False
    idle: int = 0
    connections: int = 10

    @property
    def title(self):
        family = {"tcp": "TCP", "unix": "Unix"}[self.family]
        over = f"TLS over {family}" if self.tls else family
        beside = f" beside {self.idle} idle" if self.idle else ""
        return f"{self.way}, {over}, {self.kibibytes} KiB × {self.connections}{beside}"

    @property
    def files(self):
        return self.idle + self.connections + SPARE_FILES


@dataclass(frozen=True)
class Visits:
    """Connections that are made, for one message there and back each."""

    way: str = "protocols"
    family: str = "tcp"
    tls: bool = False
    number: int = 10_000
    at_once: int = 50

    @property
    def title(self):
        return f"{self.way}, TCP, a connection for one message of 1 KiB"


ALONE = Echo("protocols", 1)
CROWDED = (Echo("protocols", 1, idle=2000), Echo("protocols", 1, idle=10_000))
EVERY = [
    Echo(way, size, family, tls)
    for family, tls, way, size in itertools.product(("tcp", "unix"), (False, True), WAYS, SIZES)
    if not (way == "sockets" and tls)
]
OF_GIO = [
    Echo(way, size, idle=idle)
    for way in (GIO_OF_CPP, GIO)
    for size, idle in ((1, 0), (100, 0), (1, 2000))
]
QUICK = [
    ALONE,
    CROWDED[0],
    Echo("protocols", 100),
    Echo("streams", 1),
    Echo("sockets", 1),
    Echo("protocols", 1, "unix"),
    Echo("protocols", 1, tls=True),
    Echo(GIO_OF_CPP, 1),
    Echo(GIO, 1),
]

# How far ahead of a peer gawait has to be.
TARGETS = {"asyncio": 1, "uvloop": 1, BY_HAND: 1, "callbacks": 1}


# Measuring


def make_certificate(folder):
    """A certificate and its key in one file, whose path is returned."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "ec"]
        + ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost", "-days", "2"]
        + ["-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    certificate.write_text(certificate.read_text() + key.read_text())
    return certificate


class Servers:
    """Echo servers, each a process of its own, and the clients that keep it busy."""

    def __init__(self, build, folder):
        self.build = build
        self.folder = folder
        self.certificate = make_certificate(folder)
        self.numbers = itertools.count()

    def command(self, case, who):
        """Who is a loop, or another of what the table names as peers."""
        where = case.family
        if where == "unix":
            where += f":{self.folder}/{next(self.numbers)}"
        options = [where, *([str(self.certificate)] if case.tls else [])]
        if who == LIMIT:
            return self.built("echo_epoll", *options)
        if case.way == GIO_OF_CPP:
            return self.built(*PROGRAMS_OF_CPP[who])
        loop, way = WAYS_OF_GIO[who] if case.way == GIO else (who, case.way)
        return programs.command("echo_server.py", loop, way, *options)

    def built(self, program, *options):
        return [programs.built(self.build, program), *options]

    def measure(self, case, who, seconds):
        with programs.serving(self.build, self.command(case, who)) as (server, address):
            if isinstance(case, Visits):
                client = "connections_client"
                arguments = [case.at_once, 1024, case.number]
            else:
                client = "echo_client"
                arguments = [case.connections, 1024 * case.kibibytes, case.idle, seconds]
            return programs.run_built(
                self.build, client, address, server.pid, *arguments, quiet=True
            )


def who_takes_part(case, loops):
    if case.way == GIO_OF_CPP:
        return [*PROGRAMS_OF_CPP, LIMIT]
    if case.way == GIO:
        return [*(who for who, (loop, _) in WAYS_OF_GIO.items() if loop in loops), LIMIT]
    return [*loops, LIMIT]


def limit_of(case):
    """The case for which the limit is measured: it does all the same way."""
    if isinstance(case, Visits):
        return case
    return Echo("protocols", case.kibibytes, case.family, case.tls, case.idle)


def cases_of(echoes, loops):
    for case in echoes:
        for who in who_takes_part(case, loops):
            if who != LIMIT:
                yield case, who
            elif limit_of(case) == case:
                yield case, LIMIT


def echoes_here(every):
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    here = [each for each in every if each.files <= files]
    notes = [
        f"Not measured: {each.title}; only {files} files may be open (ulimit -Hn)."
        for each in every
        if each not in here
    ]
    return here, notes


# The table


def rows_of(case, measured, loops):
    ours = {
        who: value
        for who in who_takes_part(case, loops)
        if (value := measured.get((limit_of(case) if who == LIMIT else case, who)))
    }
    yield from rows_against(case.title, ours, TARGETS)
    alone = measured.get((ALONE, GAWAIT))
    if case in CROWDED and alone and GAWAIT in ours:
        row = Row("", "ns", ours[GAWAIT]["ns"], "gawait, none idle", alone["ns"])
        yield set_target(row, 0.95)


def rows_of_memory(echoes, measured):
    crowd = max(echoes, key=lambda each: (each in CROWDED, each.idle))
    if crowd.idle:
        yield from rows_against(
            "memory of an idle connection", of(crowd, measured), what="idle_bytes", unit="bytes"
        )


def beside_idle(loops, measured):
    series = {
        who: [
            (echo.idle, measured[echo, who]["ns"] / 1000)
            for echo in (ALONE, *CROWDED)
            if (echo, who) in measured
        ]
        for who in (*loops, LIMIT)
    }
    return Lines(
        "processor time of an echo of 1 KiB beside idle connections",
        "idle connections",
        "µs",
        series,
    )


def busy_clients(measured):
    return [
        f"{case.title}, {who}: the client was as busy as the server."
        for (case, who), value in measured.items()
        if who != LIMIT and value["client_ns"] >= value["ns"]
    ]


def measure(build, quick):
    loops, notes = programs.present_loops(build)
    repetitions, seconds = (1, 0.1) if quick else (5, 0.25)
    every = QUICK if quick else [*EVERY, *CROWDED, *OF_GIO]
    echoes, notes_on_files = echoes_here(every)
    visits = Visits(number=2000) if quick else Visits()
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(build, Path(folder))
        cases = {
            (case, who): lambda case=case, who=who: servers.measure(case, who, seconds)
            for case, who in cases_of([*echoes, visits], loops)
        }
        measured, left_out = in_turn(repetitions, cases)
    rows = []
    for case in (*echoes, visits):
        rows += rows_of(case, measured, loops)
    rows += rows_of_memory(echoes, measured)
    return Results(
        rows,
        {"loops": loops, "nanoseconds": named(measured)},
        beside_idle(loops, measured),
        "Medians of several runs in turn: processor time of the server for a message there and "
        "back, while a client in C++ keeps it busy. "
        f"{', '.join(loops.values())}.",
        [
            f"{LIMIT} is a server in C++ that does nothing but the system calls, and calls "
            "OpenSSL.",
            *notes,
            *notes_on_files,
            *left_out,
            *busy_clients(measured),
        ],
    )
