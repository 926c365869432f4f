"""What awaiting an asynchronous function of GIO costs in Python: by us, by hand, by others."""

import tempfile
from pathlib import Path

from harness import programs
from harness.comparing import GAWAIT, in_turn, named, of, rows_against
from harness.report import Results

LIMIT = "callbacks in C++"
BY_HAND = "callback and future by hand"
PYGOBJECT = "PyGObject's own"
MANY = 100
SIZE = 4096

# The works of python/awaiting.py and gio_limit.cpp.
WORKS = {
    "read_bytes": "await read_bytes_async of memory",
    "load_contents": f"await load_contents_async of {SIZE // 1024} KiB",
    "query_info": "await query_info_async",
    "enumerate": f"enumerate a directory of {MANY}",
}
FILES = ("load_contents", "query_info", "enumerate")

# By what it is called: the loop, the way of python/awaiting.py, and which works it has.
WAYS = {
    GAWAIT: (GAWAIT, "awaits", tuple(WORKS)),
    "gawait.call": (GAWAIT, "call", ("read_bytes", "load_contents", "query_info")),
    BY_HAND: (GAWAIT, "callbacks", tuple(WORKS)),
    PYGOBJECT: ("gi.events", "awaits", tuple(WORKS)),
    "aiofiles on asyncio": ("asyncio", "aiofiles", FILES),
    "aiofiles on uvloop": ("uvloop", "aiofiles", FILES),
}
TARGETS = {BY_HAND: 1, PYGOBJECT: 1}
TARGETS_OF = {"read_bytes": {PYGOBJECT: 1.5}}


def ways_here(build, loops):
    """Those of the ways that there are here, and notes on the others."""
    without_aiofiles = programs.missing_modules(build, ["aiofiles"])
    here = {
        name: which
        for name, which in WAYS.items()
        if which[0] in loops and not (which[1] == "aiofiles" and without_aiofiles)
    }
    return here, [f"Not here: {name}." for name in WAYS if name not in here]


def make_files(folder):
    (folder / "file").write_bytes(b"x" * SIZE)
    (folder / "many").mkdir()
    for number in range(MANY):
        (folder / "many" / str(number)).touch()


def measure(build, quick):
    loops, _ = programs.present_loops(build)
    repetitions, seconds = (1, 0.1) if quick else (5, 0.3)
    ways, notes = ways_here(build, loops)
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder))

        def run(loop, work, way):
            return lambda: programs.run(build, "awaiting.py", loop, work, way, folder, seconds)

        def run_limit(work):
            return lambda: programs.run_built(build, "gio_limit", work, folder, seconds)

        cases = {}
        for work in WORKS:
            for name, (loop, way, works) in ways.items():
                if work in works:
                    cases[work, name] = run(loop, work, way)
            cases[work, LIMIT] = run_limit(work)
        measured, left_out = in_turn(repetitions, cases)
    rows = []
    for work, title in WORKS.items():
        rows += rows_against(title, of(work, measured), TARGETS | TARGETS_OF.get(work, {}))
    return Results(
        rows,
        {"nanoseconds": named(measured)},
        None,
        "Medians of several runs in turn, one operation after the other: processor time of the "
        f"process, with all its threads. {', '.join(loops.values())}.",
        [
            f"{LIMIT} is the same in C++ without any await: what GIO itself takes.",
            *notes,
            *left_out,
        ],
    )
