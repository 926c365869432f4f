"""The programs that are measured, each run in a process of its own."""

import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = Path(__file__).parents[1] / "python"
PATIENCE = 60  # seconds for what takes a few


def environment(build):
    return os.environ | {"PYTHONPATH": str(build / "python")}


def command(program, *arguments):
    return ["/usr/bin/python3", "-B", str(PROGRAMS / program), *map(str, arguments)]


def run(build, program, *arguments, environment_too=None, quiet=False):
    """Gives what a Python program prints as JSON; CalledProcessError where it fails."""
    return printed(build, command(program, *arguments), environment_too, quiet)


def run_built(build, program, *arguments, environment_too=None, quiet=False):
    """The same for one that meson builds."""
    command = [built(build, program), *map(str, arguments)]
    return printed(build, command, environment_too, quiet)


def printed(build, command, environment_too=None, quiet=False):
    ended = subprocess.run(
        command,
        env=environment(build) | (environment_too or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        check=True,
        timeout=PATIENCE,
    )
    return json.loads(ended.stdout)


def built(build, program):
    """The path of a program that meson builds."""
    return str(build / "benchmarks" / program)


@contextmanager
def serving(build, command, environment_too=None):
    """A server as a process, which ends with its input, and what it prints as its first line."""
    server = subprocess.Popen(
        command,
        env=environment(build) | (environment_too or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            address = server.stdout.readline().strip()
            if not address:
                raise subprocess.CalledProcessError(server.wait(), command)
            yield server, address
        finally:
            server.stdin.close()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def processor_time(process):
    """Seconds of processor time that another process has used."""
    # As clock_getcpuclockid() makes it of the process's number.
    return time.clock_gettime(~process.pid << 3 | 2)


def missing_modules(build, names):
    """Those modules that the measured Python does not have."""
    return run(build, "missing_modules.py", *names)


def present_loops(build):
    """The event loops that are here, by name and release, and notes on those that are not."""
    found = run(build, "loops.py")
    notes = [f"Not here: {name} ({reason})." for name, reason in found["missing"].items()]
    return found["here"], notes
