"""asyncio on gawait's loop against other loops: callbacks, tasks, timers, threads, processes."""

from dataclasses import dataclass, field

from harness import programs
from harness.comparing import GAWAIT, in_turn, named, of, rows_against
from harness.report import Results


@dataclass(frozen=True)
class Work:
    """Something of python/work.py, and how far ahead of which peers gawait has to be."""

    function: str
    title: str
    targets: dict[str, float] = field(default_factory=lambda: {"uvloop": 1}, compare=False)
    others: bool = False  # threads or processes, so that also the time counts that passes
    limit: bool = False  # loop_limit.cpp does it as well
    quick: bool = True


WORKS = (
    Work("chain", "call_soon chain", {"uvloop": 4}),
    Work("batches", "call_soon in batches of 1000", {"uvloop": 1.5}),
    Work("sleep_0", "sleep(0)", {"uvloop": 2.5}),
    Work("gathered", "1000 tasks gathered"),
    Work("timers", "timers started and cancelled"),
    Work("expiring", "a million timers that expire", quick=False),
    Work("threadsafe", "call_soon_threadsafe, another thread", others=True),
    Work("threadsafe_from_four", "call_soon_threadsafe, four other threads", others=True),
    Work("threadsafe_at_home", "call_soon_threadsafe, own thread"),
    Work("executor", "run_in_executor", others=True, limit=True),
    Work("executor_at_once", "run_in_executor, 100 at once", others=True),
    Work("signals", "signals that the process sends itself", limit=True),
    Work("processes", "processes spawned and awaited, 10 at once", others=True, limit=True),
)

LIMIT = "system calls alone"

# What of python/memory.py, and how many of it.
MEMORY = {
    "tasks": "memory of a pending task",
    "timers": "memory of a pending timer",
}
PENDING = 100_000


def note_on_looks(measured):
    by_io_uring = measured[WORKS[0], GAWAIT]["io_uring"]
    way = "a load from the memory of an io_uring" if by_io_uring else "epoll_wait(0)"
    return f"Each round of each loop looks at the descriptors, gawait's by {way}."


def rows_of(work, measured):
    took = of(work, measured)
    yield from rows_against(work.title, took, work.targets)
    if work.others:
        yield from rows_against(
            "the same, time that passes", took, work.targets, what="elapsed_ns"
        )


def measure(build, quick):
    loops, notes = programs.present_loops(build)
    repetitions, seconds = (1, 0.05) if quick else (5, 0.4)
    works = [each for each in WORKS if each.quick or not quick]

    def run(*arguments):
        return lambda: programs.run(build, *arguments)

    def run_limit(work):
        return lambda: programs.run_built(build, "loop_limit", work.function, seconds)

    cases = {}
    for work in works:
        for loop in loops:
            cases[work, loop] = run("work.py", loop, work.function, seconds)
        if work.limit:
            cases[work, LIMIT] = run_limit(work)
    for kind in MEMORY:
        for loop in loops:
            cases[kind, loop] = run("memory.py", loop, kind, PENDING)
    measured, left_out = in_turn(repetitions, cases)
    rows = [row for each in works for row in rows_of(each, measured)]
    for kind, title in MEMORY.items():
        rows += rows_against(title, of(kind, measured), what="bytes", unit="bytes")
    return Results(
        rows,
        {"loops": loops, "nanoseconds": named(measured)},
        None,
        "Medians of several runs in turn, for one operation: processor time of the process. "
        f"{', '.join(loops.values())}.",
        [
            note_on_looks(measured),
            f"{LIMIT} is the same in C++ without a loop: what the kernel takes.",
            *notes,
            *left_out,
        ],
    )
