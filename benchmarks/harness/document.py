"""What the project's documents show of what was measured: tables and plots."""

import json
import re

from harness import plot, report
from harness.report import Row

PAGE = "docs/performance.md"
PLOTS = "docs/performance"
README = "README.md"

# What README shows: a suite, and of its table the work and the peer.
HEADLINES = (
    ("cpp", "await a GTask operation: instructions", "raw callbacks, no engine"),
    ("cpp", "post a job that posts the next", "g_idle_add"),
    ("loop", "call_soon chain", "uvloop"),
    ("loop", "sleep(0)", "uvloop"),
    ("loop", "call_soon_threadsafe, four other threads", "uvloop"),
    ("echo", "protocols, TCP, 1 KiB × 10", "uvloop"),
    ("echo", "protocols, TCP, 100 KiB × 10", "uvloop"),
    ("echo", "protocols, TLS over TCP, 1 KiB × 10", "uvloop"),
    ("echo", "GIO's streams in C++, TCP, 1 KiB × 10", "callbacks"),
    ("http", "uvicorn with httptools, a request for 1 KiB", "uvloop"),
    ("awaiting", "await read_bytes_async of memory", "callback and future by hand"),
    ("dbus", "call over D-Bus, 100 at once", "dbus-fast on uvloop"),
    ("frames", "frames beside a task looping on sleep(0)", "idle"),
)


def write(root, suite, results, where):
    """Writes the table and the plot of a suite into the page that has all."""
    (root / PLOTS).mkdir(exist_ok=True)
    plot.plot(results, root / PLOTS / f"{suite}.svg")
    shown = f"![Times that gawait is ahead](performance/{suite}.svg)"
    replace(root / PAGE, suite, f"{report.as_markdown(results, where)}\n\n{shown}")


def write_headlines(root, build, where):
    """Writes those of the suites that were measured last, in this run or an earlier one."""
    rows = [row for each in HEADLINES if (row := find(build, *each))]
    (root / PLOTS).mkdir(exist_ok=True)
    plot.plot_ahead(plot.bars_of(rows), root / PLOTS / "headlines.svg")
    table = "\n".join(report.table_as_markdown(rows))
    shown = f"![Times that gawait is ahead]({PLOTS}/headlines.svg)"
    replace(
        root / README, "headlines", f"{table}\n\n{report.machine_in_words(where)}\n\n{shown}"
    )


def find(build, suite, work, peer):
    """A row of what a suite has measured, or None."""
    measured = build / f"{suite}.json"
    if not measured.exists():
        return None
    current = ""
    for row in json.loads(measured.read_text())["table"]:
        row.pop("ratio")
        current = row["work"] or current
        if (current, row["peer_name"]) == (work, peer):
            return Row(**row | {"work": f"echo, {work}" if suite == "echo" else work})
    return None


def replace(page, name, text):
    """Puts text between the two marks of the name."""
    begin, end = f"<!-- ./bench --document: {name} -->", "<!-- end -->"
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    content = page.read_text()
    if not re.search(pattern, content, re.DOTALL):
        raise ValueError(f"{page} has no {begin}")
    page.write_text(
        re.sub(pattern, lambda _: f"{begin}\n{text}\n{end}", content, count=1, flags=re.DOTALL)
    )
