"""The C++ library against its peers: the programs that meson builds of benchmarks/*.cpp."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

from harness.dbus import message_bus
from harness.report import Lines, Results, Row, amount


def run_timings(programs, environment, quick):
    """Gives, by the benchmark's name, the medians of what was measured per operation."""
    repetitions, seconds = (2, 0.02) if quick else (9, 0.2)
    with tempfile.NamedTemporaryFile(suffix=".json") as output:
        subprocess.run(
            [
                programs / "benchmarks",
                f"--benchmark_repetitions={repetitions}",
                f"--benchmark_min_time={seconds}",
                # So that a slow spell of the machine hits everybody.
                "--benchmark_enable_random_interleaving=true",
                f"--benchmark_out={output.name}",
                "--benchmark_out_format=json",
            ],
            env=environment,
            capture_output=True,
            check=True,
        )
        runs = json.load(output)["benchmarks"]
    measured = {}
    for run in runs:
        if run["run_type"] != "iteration":
            continue
        name = run["run_name"].removesuffix("/iterations:1").removesuffix("/process_time")
        if run.get("error_occurred"):
            print(f"{name}: {run['error_message']}", file=sys.stderr)
            continue
        values = measured.setdefault(name.removesuffix("/real_time"), {})
        # Processor time, unless more than one thread works or the passing of time is it.
        time = run["real_time" if name.endswith("/real_time") else "cpu_time"]
        values.setdefault("ns", []).append(time / run.get("operations", 1))
        for counter in ("median", "p99", "max", "budget"):
            if counter in run:
                values.setdefault(counter, []).append(run[counter])
    return {
        name: {what: statistics.median(several) for what, several in values.items()}
        for name, values in measured.items()
    }


def count_instructions(program, quick, environment=None):
    """Gives, by the chain's name, how many instructions one operation of it takes."""
    few, many = (1000, 3000) if quick else (2000, 12000)

    def instructions(chain, operations):
        log = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
            + [program, chain, str(operations)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        return int(re.search(r"Collected : (\d+)", log).group(1))

    chains = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return {
        chain: (instructions(chain, many) - instructions(chain, few)) / (many - few)
        for chain in chains.splitlines()
    }


def count_allocations(programs):
    """Gives, by the chain's name, how often one awaited operation allocates."""
    program = programs / "allocations_of_await"
    return json.loads(subprocess.run([program], capture_output=True, check=True).stdout)


# The table

RAW = "raw callbacks"
RAW_BESIDE_ENGINE = "raw callbacks beside an engine"
TYPED = "gawait typed"
VARIANTS = ("gawait", "gawait as_result", TYPED)


def rows_of_await(timings, instructions, allocations):
    """The chains' names are those of support/chains.cpp."""
    chains = [each for each in instructions if each not in VARIANTS]
    times = {each: timings["await/" + each]["ns"] for each in instructions}
    for what, measured, most in (
        ("instructions", instructions, 1.03),
        ("allocations", allocations, 1),
        ("time", times, None),
    ):
        unit = "ns" if what == "time" else what
        ours = measured["gawait"]
        for chain in chains:
            first = chain == RAW
            yield Row(
                f"await a GTask operation: {what}" if first else "",
                unit,
                ours,
                chain_title(chain),
                measured[chain],
                f"at most {most} ×" if first and most else "",
                round(ours / measured[chain], 3) <= most if first and most else None,
            )
        yield Row("the same with as_result", unit, measured["gawait as_result"])
        if TYPED in measured:
            yield Row(
                "the same by a function that gawait-gen wrote",
                unit,
                measured[TYPED],
                chain_title(RAW),
                measured[RAW],
                f"at most {most} ×" if most else "",
                round(measured[TYPED] / measured[RAW], 3) <= most if most else None,
            )


def rows_of_pairs(instructions):
    """The pairs' names are those of support/pairs.cpp."""
    for what, title in (
        ("knows", "call a pair whose body is a coroutine and await it: instructions"),
        ("asks", "the same, whose body awaits another operation"),
    ):
        ours = instructions[f"coroutine that {what}, await"]
        peer = f"GTask that {what}, callback"
        yield Row(
            title,
            "instructions",
            ours,
            f"{peer} by hand",
            instructions[peer],
            "at most 1.1 ×",
            round(ours / instructions[peer], 3) <= 1.1,
        )


def rows_of_bus_calls(timings, instructions):
    """The names are those of support/bus_calls.cpp."""
    by_hand, sdbus = "g_dbus_connection_call by hand", "sdbus-c++"
    ours = instructions["gawait"]
    yield Row(
        "typed call over D-Bus: instructions",
        "instructions",
        ours,
        by_hand,
        instructions[by_hand],
        "at most 1.03 ×",
        round(ours / instructions[by_hand], 3) <= 1.03,
    )
    times = {name: timings["bus/" + name]["ns"] for name in instructions}
    yield Row("typed call over D-Bus: time", "ns", times["gawait"], by_hand, times[by_hand])
    if sdbus in times:
        yield Row("", "ns", times["gawait"], f"{sdbus}, which blocks", times[sdbus])


def chain_title(chain):
    """Names a chain of operations in the table."""
    if chain == RAW:
        return "raw callbacks, no engine"
    if chain == RAW_BESIDE_ENGINE:
        return "raw callbacks in a context with an engine"
    return chain


def rows_of_tasks(timings):
    bare = timings["task/coroutine by hand"]["ns"]
    titles = {
        "task<int>": "task awaiting a task",
        "task<void>": "task awaiting a task<void>",
        "as_result": "the same with as_result",
        "generator": "next value of an async_generator",
        "when_all of two": "when_all of two tasks",
        "spawn and join": "spawn a task and await its end",
    }
    for name, title in titles.items():
        cost = timings["task/" + name]["ns"]
        if name == "task<int>":
            yield Row(title, "ns", cost, "coroutine by hand", bare, "under 30 ns", cost < 30)
        else:
            yield Row(title, "ns", cost)


def rows_against_glib(timings):
    pairs = [
        ("post/chain", "post a job that posts the next", "g_idle_add", 10),
        ("post/batch", "post 10 000 jobs at once", "g_idle_add", 10),
        (
            "post/from another thread",
            "post jobs from another thread",
            "g_idle_add",
            None,
        ),
        ("timers/cancelled", "start and cancel 100 000 timers", "g_timeout_add", None),
        ("timers/expired", "start 1000 timers that expire", "g_timeout_add", None),
    ]
    for name, title, peer_name, least in pairs:
        cost = timings[name + "/gawait"]["ns"]
        peer = timings[f"{name}/{peer_name}"]["ns"]
        if least:
            target, reached = f"at least {least} × as fast", peer >= least * cost
        else:
            target, reached = "", None
        yield Row(title, "ns", cost, peer_name, peer, target, reached)


def rows_of_descriptors(timings):
    kinds = {"fd/gawait": "fd_watch", "fd/gawait coroutines": "co_await readable"}
    for name, title in kinds.items():
        alone = timings[f"{name}/0"]["ns"]
        for idle in (0, 2000, 10000):
            if f"{name}/{idle}" not in timings:
                continue
            cost = timings[f"{name}/{idle}"]["ns"]
            yield Row(
                f"byte there and back, {title}, beside {idle} idle fds",
                "ns",
                cost,
                "g_unix_fd_source",
                timings[f"fd/g_unix_fd_source/{idle}"]["ns"],
                "within 5 % of none" if idle else "",
                cost <= 1.05 * alone if idle else None,
            )


def rows_of_fairness(timings):
    late = {what: 1000 * us for what, us in timings["fairness/gawait"].items() if what != "ns"}
    # One in a hundred is left to what the machine does beside.
    yield Row(
        "wait at priority 120 beside endless jobs, 99 %",
        "ns",
        late["p99"],
        target=f"{amount(late['budget'], 'ns')} and one job",
        reached=late["p99"] <= 1.1 * late["budget"],
    )
    yield Row("the same, median", "ns", late["median"])
    yield Row("the same, longest of 1000", "ns", late["max"])


def idle_descriptors(timings):
    kinds = ("gawait", "gawait coroutines", "g_unix_fd_source")
    series = {
        kind: [
            (idle, timings[name]["ns"] / 1000)
            for idle in (0, 2000, 10000)
            if (name := f"fd/{kind}/{idle}") in timings
        ]
        for kind in kinds
    }
    return Lines(
        "byte there and back beside idle descriptors", "idle descriptors", "µs", series
    )


def measure(build, quick):
    programs = build / "benchmarks"
    print("Counting allocations and instructions ...", file=sys.stderr)
    allocations = count_allocations(programs)
    instructions = count_instructions(programs / "instructions_of_await", quick)
    instructions_of_pairs = count_instructions(programs / "instructions_of_pair", quick)
    with message_bus() as address:
        environment = os.environ | address
        calls = programs / "instructions_of_bus_call"
        instructions_of_calls = count_instructions(calls, quick, environment)
        print("Measuring time ...", file=sys.stderr)
        timings = run_timings(programs, environment, quick)
    rows = [
        *rows_of_await(timings, instructions, allocations),
        *rows_of_pairs(instructions_of_pairs),
        *rows_of_bus_calls(timings, instructions_of_calls),
        *rows_of_tasks(timings),
        *rows_against_glib(timings),
        *rows_of_descriptors(timings),
        *rows_of_fairness(timings),
    ]
    return Results(
        rows,
        {
            "nanoseconds": {name: values["ns"] for name, values in timings.items()},
            "instructions": instructions,
            "instructions of pairs": instructions_of_pairs,
            "instructions of calls over D-Bus": instructions_of_calls,
            "allocations": allocations,
        },
        idle_descriptors(timings),
        "Medians, processor time.",
    )
