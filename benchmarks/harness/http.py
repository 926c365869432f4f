"""HTTP by aiohttp and uvicorn on each loop, under wrk."""

import re
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass

from harness import programs
from harness.comparing import in_turn, named, of, rows_against
from harness.report import Results

CONNECTIONS = 10


@dataclass(frozen=True)
class Server:
    """One of python/http_server.py, and the modules that it needs."""

    name: str
    modules: tuple[str, ...]

    @property
    def title(self):
        return f"{self.name.replace('-', ' with ')}, a request for 1 KiB"


SERVERS = (
    Server("aiohttp", ("aiohttp",)),
    Server("uvicorn-h11", ("uvicorn", "h11")),
    Server("uvicorn-httptools", ("uvicorn", "httptools")),
)


def measure_requests(build, server, loop, seconds):
    command = programs.command("http_server.py", loop, server.name)
    with programs.serving(build, command) as (process, port):
        address = f"http://127.0.0.1:{port}/"
        urllib.request.urlopen(address, timeout=10).read()  # what is made once
        before = programs.processor_time(process)
        said = subprocess.run(
            ["wrk", "--threads", "1", "--connections", str(CONNECTIONS)]
            + ["--duration", f"{seconds}s", address],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        took = programs.processor_time(process) - before
        requests = int(re.search(r"(\d+) requests in", said).group(1))
        if re.search(r"Non-2xx|Socket errors", said):
            raise subprocess.CalledProcessError(1, command, stderr=said.encode())
        return {"ns": 1e9 * took / requests, "elapsed_ns": 1e9 * seconds / requests}


def servers_here(build):
    """Those that can run, and notes on the others."""
    if not shutil.which("wrk"):
        return [], ["Not here: wrk, so no HTTP."]
    here, notes = [], []
    for server in SERVERS:
        missing = programs.missing_modules(build, server.modules)
        if missing:
            notes.append(f"Not here: {server.name} (no module {', '.join(missing)}).")
        else:
            here.append(server)
    return here, notes


def measure(build, quick):
    loops, notes = programs.present_loops(build)
    servers, notes_on_servers = servers_here(build)
    if quick:
        servers = servers[:1]
    cases = {
        (server, loop): lambda server=server, loop=loop: measure_requests(
            build, server, loop, 1 if quick else 2
        )
        for server in servers
        for loop in loops
    }
    measured, left_out = in_turn(1 if quick else 5, cases)
    rows = []
    for server in servers:
        rows += rows_against(server.title, of(server, measured), {"asyncio": 1, "uvloop": 1})
    return Results(
        rows,
        {"loops": loops, "nanoseconds": named(measured)},
        None,
        "Medians of several runs in turn: processor time of the server for a request, while wrk "
        f"keeps it busy over {CONNECTIONS} connections. {', '.join(loops.values())}.",
        [*notes, *notes_on_servers, *left_out],
    )
