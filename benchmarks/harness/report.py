"""What a suite of benchmarks gives, and how it is told: a table, a plot, JSON."""

import json
import re
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """A line of the table: what gawait needs for some work, and a peer for the same."""

    work: str  # empty: that of the line before
    unit: str
    gawait: float
    peer_name: str = ""
    peer: float | None = None
    target: str = ""
    reached: bool | None = None

    @property
    def ratio(self):
        """How far gawait is ahead: below 1 the peer is."""
        if not self.peer or not self.gawait:
            return None
        return (
            self.gawait / self.peer if self.unit in MORE_IS_BETTER else self.peer / self.gawait
        )


MORE_IS_BETTER = ("frames",)


@dataclass
class Lines:
    """A diagram: by the name of a line, its points."""

    title: str
    x: str
    y: str
    series: dict[str, list[tuple[float, float]]]
    logarithmic: bool = True


@dataclass
class Results:
    """What a suite has measured."""

    rows: list[Row]
    raw: dict  # for JSON
    lines: Lines
    method: str  # a sentence or two
    notes: list[str] = field(default_factory=list)  # what was missing, what to mistrust


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


def amount(value, unit):
    """A number for people."""
    if unit == "allocations":
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if unit in ("instructions", "frames"):
        return f"{value:.0f}"
    for limit, divisor, name in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (float("inf"), 1e6, "ms")):
        if value < limit:
            return f"{value / divisor:.3g} {name}"
    raise AssertionError


def cells(row):
    ratio = ""
    if row.ratio:
        exact = row.unit in ("instructions", "frames")
        ratio = f"{row.ratio:.3f} ×" if exact else f"{row.ratio:.3g} ×"
    return (
        row.work,
        amount(row.gawait, row.unit),
        row.peer_name,
        amount(row.peer, row.unit) if row.peer is not None else "",
        ratio,
        row.target,
        {True: "yes", False: "NO", None: ""}[row.reached],
    )


HEADER = ("work", "gawait", "peer", "has", "gawait is ahead", "target", "reached")


def as_text(results, where):
    table = [HEADER] + [cells(row) for row in results.rows]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADER))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)) for line in table
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([line.rstrip() for line in lines] + ["", *told(results, where)])


def as_markdown(results, where):
    lines = [
        "| " + " | ".join(HEADER) + " |",
        "| --- | ---: | --- | ---: | ---: | --- | --- |",
    ]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in results.rows]
    return "\n".join(lines + ["", *told(results, where)])


def told(results, where):
    yield (
        f"{results.method} {where['processor']}, {where['cores']} cores, "
        f"{where['kernel']}, {where['compiler']}, GLib {where['glib']}."
    )
    yield from results.notes


def as_json(results, where):
    told_rows = [asdict(row) | {"ratio": row.ratio} for row in results.rows]
    return json.dumps(
        {"machine": where, "table": told_rows, "notes": results.notes} | results.raw, indent=2
    )


# The plot


def plot(results, path):
    """Draws how far ahead gawait is, and the suite's lines, as SVG."""
    work, bars = "", []
    for row in results.rows:
        work = row.work or work
        if row.ratio and row.unit in ("ns", "frames"):
            bars.append((row.ratio, f"{work} ({row.peer_name})"))
    data = ["$ahead << END"]
    data += [f'{at} {ratio} "{name}"' for at, (ratio, name) in enumerate(reversed(bars))]
    data.append("END")
    for number, points in enumerate(results.lines.series.values()):
        data += [f"$line{number} << END", *(f"{x} {y}" for x, y in points), "END"]
    lines = ", ".join(
        f"$line{number} using 1:2 with linespoints linewidth 2 pointtype 7 pointsize 0.5 "
        f"title '{name}'"
        for number, name in enumerate(results.lines.series)
    )
    below = 300
    height = below + 60 + 22 * len(bars)
    script = f"""
set terminal svg size 1100,{height} font 'sans-serif,12' background 'white' noenhanced
set output '{path}'
set multiplot
set size 1,{1 - below / height}
set origin 0,{below / height}
set lmargin at screen 0.55
set rmargin at screen 0.96
set title 'times that gawait is ahead'
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
set size 1,{below / height}
set origin 0,0
set ytics auto
{"set logscale y" if results.lines.logarithmic else ""}
set xrange [*:*]
set autoscale y
set key left top
set title '{results.lines.title}'
set xlabel '{results.lines.x}'
set ylabel '{results.lines.y}'
plot {lines}
unset multiplot
"""
    subprocess.run(["gnuplot"], input="\n".join(data) + script, text=True, check=True)
