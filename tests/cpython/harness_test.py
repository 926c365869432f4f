"""The harness sees what is wrong with loops that are broken on purpose.

    /usr/bin/python3 -m pytest tests/cpython
"""

import pathlib
import re
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
        last_line = finished.stdout.splitlines()[-1]
        counted = re.fullmatch(r"(\d+) passed, (\d+) failed", last_line)
        assert counted, self.output
        self.passed, self.failed = map(int, counted.groups())

    def says(self, test, what):
        return re.search(f"failed: {re.escape(test)}: {what}", self.output)


@pytest.fixture(scope="module")
def faithful():
    """A loop that is like the stock loop. How many tests there are differs between Pythons."""
    return Comparison("Faithful")


def test_a_loop_like_the_stock_loop_passes_all(faithful):
    assert faithful.status == 0
    assert faithful.passed >= 14
    assert faithful.failed == 0


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
    assert (comparison.passed, comparison.failed) == (1, 2)


def test_the_dump_of_a_hang_shows_where():
    comparison = Comparison("Hanging", f"{tests}.test_sock_client_ops")
    assert "in test_sock_client_ops" in comparison.output


def test_after_a_crash_the_rest_of_the_module_runs(faithful):
    comparison = Comparison("Crashing")
    assert comparison.failed >= 4
    assert comparison.passed >= 10
    assert comparison.passed + comparison.failed == faithful.passed


def test_a_crash_at_the_end_of_the_process_fails(faithful):
    comparison = Comparison("CrashingAtExit")
    assert comparison.says("test_sock_lowlevel (the process)", "crashed")
    assert (comparison.passed, comparison.failed) == (faithful.passed, 1)


def test_a_loop_that_cannot_be_loaded_fails_all(faithful):
    comparison = Comparison("NotThere")
    assert (comparison.passed, comparison.failed) == (0, faithful.passed + 1)


def test_loops_of_the_stock_class_fail():
    comparison = Comparison("StockAfterAll")
    loops = r"\d+ loops were made of the stock"
    assert comparison.says("test_sock_lowlevel (the loops)", loops)
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
