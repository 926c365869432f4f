"""What a suite of benchmarks gives, and how it is told: a table, JSON."""

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
    lines: Lines | None
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
    if unit == "bytes":
        return f"{value / 1024:.3g} KiB"
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
    return "\n".join([*table_as_markdown(results.rows), "", *told(results, where)])


def table_as_markdown(rows):
    yield "| " + " | ".join(HEADER) + " |"
    yield "| --- | ---: | --- | ---: | ---: | --- | --- |"
    for row in rows:
        yield "| " + " | ".join(cells(row)) + " |"


def told(results, where):
    yield f"{results.method} {machine_in_words(where)}"
    yield from results.notes


def machine_in_words(where):
    return (
        f"{where['processor']}, {where['cores']} cores, {where['kernel']}, "
        f"{where['compiler']}, GLib {where['glib']}."
    )


def as_json(results, where):
    told_rows = [asdict(row) | {"ratio": row.ratio} for row in results.rows]
    return json.dumps(
        {"machine": where, "table": told_rows, "notes": results.notes} | results.raw, indent=2
    )
