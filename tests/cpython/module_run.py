"""One module of CPython's tests, run on one loop: in a process, and in another one after a test
that hung or crashed, until each test has its outcome."""

import collections
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

run_tests = pathlib.Path(__file__).with_name("run_tests.py")

# After so many tests that hung or crashed, the rest of the module is not run.
most_broken = 5
# Seconds. What a test may take where no earlier run says how long it is.
longest_on_stock = 120
# The tests' own limits end a process long before. This is for one that no longer keeps them.
longest_process = 1200


@dataclasses.dataclass
class Outcome:
    """What became of a test: passed, skipped, failed, hung, crashed or not run."""

    kind: str
    detail: str = ""
    seconds: float = 0


@dataclasses.dataclass
class ModuleRun:
    """What became of each test, by name, and how many loops were made: stock ones and ours."""

    outcomes: dict[str, Outcome] = dataclasses.field(default_factory=dict)
    loops: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    seconds: float = 0

    def count(self, kind):
        return sum(outcome.kind == kind for outcome in self.outcomes.values())


class Processes:
    """The processes that run now, each with what it started, so that all of it can be ended."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False

    def run(self, command, request, directory, output):
        """Returns the exit status, or None if the process was ended after `longest_process`."""
        with self.lock:
            if self.stopped:
                raise RuntimeError("interrupted")
            process = subprocess.Popen(
                command,
                cwd=directory,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            self.running.add(process)
        try:
            process.stdin.write(json.dumps(request))
            process.stdin.close()
            return process.wait(longest_process)
        except BrokenPipeError:
            return process.wait(longest_process)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.end(process)
            process.wait()
            with self.lock:
                self.running.discard(process)

    @staticmethod
    def end(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop(self):
        with self.lock:
            self.stopped = True
            for process in self.running:
                self.end(process)


def ended_by(status, dump):
    """How a process ended that did not finish its tests: a kind of outcome, and more words."""
    if status is None or "Timeout (" in dump:
        return "hung", "hung"
    if status < 0:
        return "crashed", f"the process ended by {signal.Signals(-status).name}"
    return "crashed", f"the process ended with status {status}"


def run_module(
    processes, module, loop, limits=None, patterns=(), command=(sys.executable, str(run_tests))
):
    """Runs the tests in `limits` (seconds by name), or else those that match the patterns.

    command is the program that does so in one process, see run_tests.py.
    """
    run = ModuleRun()
    began = time.monotonic()
    remaining = limits
    for _ in range(most_broken):
        if remaining == {}:
            break
        remaining = run_process(processes, run, command, module, loop, remaining, patterns)
    for test in remaining:
        run.outcomes[test] = Outcome("not run", "after too many that hung or crashed")
    for test in limits or ():
        run.outcomes.setdefault(test, Outcome("not run", "its module or class was not set up"))
    run.seconds = time.monotonic() - began
    return run


def run_process(processes, run, command, module, loop, limits, patterns):
    """Runs one process, adds its outcomes to `run`, returns the limits of what is left."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        directory = pathlib.Path(directory)
        record, dump = directory / "record", directory / "dump"
        record.touch()
        dump.touch()
        work = directory / "work"
        work.mkdir()
        request = {
            "module": module,
            "loop": loop,
            "limits": limits,
            "longest": longest_on_stock,
            "patterns": patterns,
        }
        with open(directory / "output", "w") as output:
            status = processes.run([*command, record, dump], request, work, output)
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        dump_text = dump.read_text(errors="replace")
        output = (directory / "output").read_text(errors="replace")

    plan, started, ended = [], [], False
    for line in lines:
        if "loop" in line:
            run.loops[line["loop"]] += 1
        elif "plan" in line:
            plan = line["plan"]
        elif "started" in line:
            started.append(line["started"])
        elif "finished" in line:
            outcome = Outcome(line["outcome"], line["detail"], line["seconds"])
            run.outcomes[line["finished"]] = outcome
        else:
            ended = True
    if ended and status == 0:
        return {}

    kind, how = ended_by(status, dump_text)
    detail = f"{how}\n{dump_text}\n{output[-4000:]}".rstrip()
    if not started or started[-1] in run.outcomes:
        # Between tests, at the start or at the end: the module's own tests are not to blame.
        run.outcomes[f"{module} (the process)"] = Outcome(kind, detail)
        if ended or not started:
            return {}
    else:
        run.outcomes[started[-1]] = Outcome(kind, detail)
    if limits is None:
        limits = dict.fromkeys(plan, longest_on_stock)
    return {test: limits[test] for test in plan if test not in started}
