"""Runs the benchmarks of a build directory and tells the results.

./bench builds the directory first and says what the options mean.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Row:
    """A line of the table: what gawait needs for some work, and a peer for the same."""

    work: str
    unit: str
    gawait: float
    peer_name: str = ""
    peer: float | None = None
    target: str = ""
    reached: bool | None = None

    @property
    def ratio(self):
        """What the peer needs in proportion to gawait: above 1 gawait is ahead."""
        return self.peer / self.gawait if self.peer is not None else None


# Measuring


def run_timings(programs, quick):
    """Gives, by the benchmark's name, the medians of what was measured per operation."""
    repetitions, seconds = (3, 0.02) if quick else (9, 0.2)
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
            capture_output=True,
            check=True,
        )
        runs = json.load(output)["benchmarks"]
    measured = {}
    for run in runs:
        if run["run_type"] != "iteration":
            continue
        name = run["run_name"].removesuffix("/iterations:1")
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


def count_instructions(programs, quick):
    """Gives, by the chain's name, how many instructions one awaited operation takes."""
    few, many = (1000, 3000) if quick else (2000, 12000)
    program = programs / "instructions_of_await"

    def instructions(chain, operations):
        log = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
            + [program, chain, str(operations)],
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        return int(re.search(r"Collected : (\d+)", log).group(1))

    chains = subprocess.run(
        [program], capture_output=True, text=True, check=True
    ).stdout
    return {
        chain: (instructions(chain, many) - instructions(chain, few)) / (many - few)
        for chain in chains.splitlines()
    }


def count_allocations(programs):
    """Gives, by the chain's name, how often one awaited operation allocates."""
    program = programs / "allocations_of_await"
    return json.loads(subprocess.run([program], capture_output=True, check=True).stdout)


def machine(build):
    """Says where this was measured."""

    def output(*command):
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.strip()

    cpus = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    commands = json.loads((build / "compile_commands.json").read_text())
    compiler = next(word for word in commands[0]["command"].split() if "++" in word)
    return {
        "processor": cpus[0] if cpus else output("uname", "-m"),
        "cores": int(output("nproc")),
        "kernel": output("uname", "-sr"),
        "compiler": output(compiler, "--version").splitlines()[0],
        "glib": output("pkg-config", "--modversion", "glib-2.0"),
    }


# The table

RAW = "raw callbacks"
RAW_BESIDE_ENGINE = "raw callbacks beside an engine"
VARIANTS = ("gawait", "gawait as_result")


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
            yield Row(
                title, "ns", cost, "coroutine by hand", bare, "under 30 ns", cost < 30
            )
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
    late = {
        what: 1000 * us
        for what, us in timings["fairness/gawait"].items()
        if what != "ns"
    }
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


def amount(value, unit):
    """A number for people."""
    if unit == "allocations":
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if unit == "instructions":
        return f"{value:.0f}"
    for limit, divisor, name in (
        (1e3, 1, "ns"),
        (1e6, 1e3, "µs"),
        (float("inf"), 1e6, "ms"),
    ):
        if value < limit:
            return f"{value / divisor:.3g} {name}"
    raise AssertionError


def cells(row):
    ratio = ""
    if row.peer is not None:
        ratio = (
            f"{row.ratio:.3f} ×" if row.unit == "instructions" else f"{row.ratio:.3g} ×"
        )
    return (
        row.work,
        amount(row.gawait, row.unit),
        row.peer_name,
        amount(row.peer, row.unit) if row.peer is not None else "",
        ratio,
        row.target,
        {True: "yes", False: "NO", None: ""}[row.reached],
    )


HEADER = ("work", "gawait", "peer", "needs", "peer / gawait", "target", "reached")


def as_text(rows, where):
    table = [HEADER] + [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADER))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths))
        for line in table
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([line.rstrip() for line in lines] + ["", told(where)])


def as_markdown(rows, where):
    lines = [
        "| " + " | ".join(HEADER) + " |",
        "| --- | ---: | --- | ---: | ---: | --- | --- |",
    ]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    return "\n".join(lines + ["", told(where)])


def told(where):
    return (
        f"Medians, processor time; {where['processor']}, {where['cores']} cores, "
        f"{where['kernel']}, {where['compiler']}, GLib {where['glib']}."
    )


# The plot


def plot(rows, timings, path):
    """Draws how far ahead gawait is, and what idle descriptors cost, as SVG."""
    bars = [row for row in rows if row.ratio and row.unit == "ns"]
    work = ""
    data = ["$ahead << END"]
    for number, row in enumerate(reversed(bars)):
        work = row.work or next(
            each.work for each in reversed(bars[: len(bars) - number]) if each.work
        )
        data.append(f'{number} {row.ratio} "{work} ({row.peer_name})"')
    data.append("END")
    kinds = ("gawait", "gawait coroutines", "g_unix_fd_source")
    data.append("$idle << END")
    for idle in (0, 2000, 10000):
        values = [timings.get(f"fd/{kind}/{idle}", {}).get("ns") for kind in kinds]
        data.append(
            " ".join([str(idle)] + [str(ns / 1000) if ns else "NaN" for ns in values])
        )
    data.append("END")
    lines = ", ".join(
        f"$idle using 1:{column} with linespoints linewidth 2 pointtype 7 title '{kind}'"
        for column, kind in enumerate(kinds, start=2)
    )
    script = f"""
set terminal svg size 1100,{300 + 22 * len(bars)} font 'sans-serif,12' background 'white' noenhanced
set output '{path}'
set multiplot
set size 1,{1 - 280 / (300 + 22 * len(bars))}
set origin 0,{280 / (300 + 22 * len(bars))}
set lmargin at screen 0.55
set rmargin at screen 0.96
set title 'time that the peer needs / time that gawait needs'
set logscale x
set grid x
set yrange [-0.8:{len(bars) - 0.2}]
set xrange [0.5:*]
set style fill solid 0.7
set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 2 linecolor 'black'
plot $ahead using 2:1:($2 < 1 ? $2 : 1):($2 < 1 ? 1 : $2):($1-0.35):($1+0.35):ytic(3) \\
    with boxxyerror linecolor '#3465a4' notitle
unset arrow
unset yrange
unset ytics
unset logscale
set lmargin at screen 0.1
set size 1,{280 / (300 + 22 * len(bars))}
set origin 0,0
set ytics auto
set logscale y
set xrange [*:*]
set autoscale y
set key left top
set title 'byte there and back beside idle descriptors'
set xlabel 'idle descriptors'
set ylabel 'µs'
plot {lines}
unset multiplot
"""
    subprocess.run(["gnuplot"], input="\n".join(data) + script, text=True, check=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=Path)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--markdown", action="store_true")
    options = arguments.parse_args()
    programs = options.build / "benchmarks"

    print("Counting allocations and instructions ...", file=sys.stderr)
    allocations = count_allocations(programs)
    instructions = count_instructions(programs, options.quick)
    print("Measuring time ...", file=sys.stderr)
    timings = run_timings(programs, options.quick)
    where = machine(options.build)

    rows = [
        *rows_of_await(timings, instructions, allocations),
        *rows_of_tasks(timings),
        *rows_against_glib(timings),
        *rows_of_descriptors(timings),
        *rows_of_fairness(timings),
    ]
    results = {
        "machine": where,
        "table": [asdict(row) | {"ratio": row.ratio} for row in rows],
        "nanoseconds": {name: values["ns"] for name, values in timings.items()},
        "instructions": instructions,
        "allocations": allocations,
    }
    (options.build / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (options.build / "results.md").write_text(as_markdown(rows, where) + "\n")
    plot(rows, timings, options.build / "results.svg")
    print(as_markdown(rows, where) if options.markdown else as_text(rows, where))


main()
