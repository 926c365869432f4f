"""The harness sees what is wrong with loops that are broken on purpose.

    /usr/bin/python3 -m pytest tests/cpython
"""

import pathlib
import subprocess
import sys

import pytest
from module_run import ModuleRun, Outcome
from verdict import judge_module

here = pathlib.Path(__file__).parent
tests = "test_sock_lowlevel.SelectEventLoopTests"


class Comparison:
    def __init__(self, loop, *patterns):
        finished = subprocess.run(
            [sys.executable, here / "compare.py", "--loop", f"broken_loops:{loop}"]
            + ["--patience", "1", *(patterns or [tests])],
            env={"PYTHONPATH": str(here)},
            capture_output=True,
            text=True,
        )
        self.status = finished.returncode
        self.output = finished.stdout + finished.stderr
        self.last_line = finished.stdout.splitlines()[-1]

    def says(self, test, what):
        return f"failed: {test}: {what}" in self.output


def test_a_loop_like_the_stock_loop_passes_all():
    comparison = Comparison("Faithful")
    assert comparison.status == 0
    assert comparison.last_line == "14 passed, 0 failed"


@pytest.mark.parametrize(
    "loop, outcome",
    [
        ("Failing", "failed"),
        ("Skipping", "skipped"),
        ("Hanging", "hung"),
        ("Crashing", "crashed"),
        ("Interrupting", "crashed"),
    ],
)
def test_what_a_test_comes_to_is_told_by_its_name_and_the_others_still_run(loop, outcome):
    comparison = Comparison(loop, f"{tests}.test_sock_client_ops", f"{tests}.test_unix_sock")
    assert comparison.status == 1
    for test in "test_sock_client_ops", "test_unix_sock_client_ops":
        assert comparison.says(f"{tests}.{test}", f"{outcome}, passed on the stock loop")
    assert comparison.last_line == "1 passed, 2 failed"


def test_the_dump_of_a_hang_shows_where():
    comparison = Comparison("Hanging", f"{tests}.test_sock_client_ops")
    assert "in test_sock_client_ops" in comparison.output


def test_after_a_crash_the_rest_of_the_module_runs():
    comparison = Comparison("Crashing")
    assert comparison.last_line == "10 passed, 4 failed"


def test_a_crash_at_the_end_of_the_process_fails():
    comparison = Comparison("CrashingAtExit")
    assert comparison.says("test_sock_lowlevel (the process)", "crashed")
    assert comparison.last_line == "14 passed, 1 failed"


def test_a_loop_that_cannot_be_loaded_fails_all():
    assert Comparison("NotThere").last_line == "0 passed, 15 failed"


def test_loops_of_the_stock_class_fail():
    comparison = Comparison("StockAfterAll")
    assert comparison.says("test_sock_lowlevel (the loops)", "13 loops were made of the stock")
    assert comparison.status == 1


def test_nothing_chosen_is_no_success():
    assert Comparison("Faithful", "no_such_test").status == 1


class TestExceptions:
    def counts(self, stock, ours, exceptions, whole=True):
        def run(kind):
            outcomes = {"m.fine": Outcome("passed")} | ({"m.t": Outcome(kind)} if kind else {})
            return ModuleRun(outcomes=outcomes)

        verdicts = judge_module("m", run(stock), run(ours), exceptions, whole)
        return verdicts["m.t"].counts_as if "m.t" in verdicts else None

    def test_one_that_fails_counts_as_skipped(self):
        assert self.counts("passed", "failed", {}) == "failed"
        assert self.counts("passed", "failed", {"m.t": "reason"}) == "skipped"

    def test_one_that_passes_is_an_error(self):
        assert self.counts("passed", "passed", {"m.t": "reason"}) == "failed"

    def test_one_that_does_not_pass_on_the_stock_loop_is_an_error(self):
        assert self.counts("failed", "failed", {}) == "skipped"
        assert self.counts("failed", "failed", {"m.t": "reason"}) == "failed"

    def test_one_that_does_not_exist_is_an_error(self):
        assert self.counts(None, None, {"m.t": "reason"}) == "failed"

    def test_one_that_was_not_chosen_is_none(self):
        assert self.counts(None, None, {"m.t": "reason"}, whole=False) is None
