"""Runs the tests of one module on one loop, in this process, and records what became of each.

Reads from standard input, as JSON:
- module
- loop: "stock" or MODULE:CLASS
- limits: the tests to run, with the seconds that each may take; or null
- patterns: of the names of the tests to run, where limits are null; empty for all
- longest: the seconds for what has no limit of its own

Appends lines of JSON to the file named as the first argument, and what Python has to say about
a hang or a crash to the file named as the second.
"""

import faulthandler
import fnmatch
import functools
import json
import os
import signal
import sys
import time
import unittest

import substitute

package = "test.test_asyncio."

# From the least to the most that can be said about a test.
severity = ["passed", "skipped", "failed"]


def name_of(test):
    return test.id().replace(package, "")


def tests_in(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def without(suite, unwanted):
    """The suite, in its order, without the tests that are not wanted."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without(test, unwanted))
        elif not unwanted(name_of(test)):
            kept.addTest(test)
    return kept


def is_unwanted(request, name):
    if request["limits"] is not None:
        return name not in request["limits"]
    patterns = request["patterns"]
    return bool(patterns) and not any(fnmatch.fnmatchcase(name, p) for p in patterns)


def watch_for_hangs(dump_path, request):
    """A function to call with the name of a test that begins, or None at its end: the process
    ends, and says where it is, if the next call does not come in time."""
    # Python was perhaps started in the background, where shells ignore this signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    dump = open(dump_path, "a")
    faulthandler.enable(dump)

    def watch(test):
        limit = (request["limits"] or {}).get(test, request["longest"])
        faulthandler.dump_traceback_later(limit, exit=True, file=dump)

    watch(None)
    return watch


class Record:
    """The file of what happened, when it happened."""

    def __init__(self, path):
        self.file = open(path, "a", buffering=1)
        self.process = os.getpid()

    def write(self, **what):
        # A test may fork, and what goes wrong in the child comes up through unittest as well.
        if os.getpid() == self.process:
            self.file.write(json.dumps(what) + "\n")


class RecordingResult(unittest.TestResult):
    def __init__(self, record, watch):
        super().__init__()
        self.buffer = True
        self.record = record
        self.watch = watch
        self.running = None

    def startTest(self, test):
        super().startTest(test)
        self.running = name_of(test)
        self.outcome, self.details = None, []
        self.began = time.monotonic()
        self.record.write(started=self.running)
        self.watch(self.running)

    def stopTest(self, test):
        self.watch(None)
        if self.outcome is not None:  # else an interrupt is on its way through here
            self.write(self.running, self.outcome, self.details, time.monotonic() - self.began)
        self.running = None
        super().stopTest(test)

    def write(self, name, outcome, details, seconds):
        self.record.write(
            finished=name, outcome=outcome, detail="\n".join(details), seconds=seconds
        )

    def note(self, test, outcome, detail):
        if self.running is None:  # setUpModule, setUpClass, and their opposites
            self.write(name_of(test), outcome, [detail], 0)
            return
        if self.outcome is None or severity.index(outcome) >= severity.index(self.outcome):
            self.outcome = outcome
            self.details.append(detail)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed", "")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "passed", "")

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed", self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed", self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        before = len(self.errors) + len(self.failures)
        super().addSubTest(test, subtest, err)
        if len(self.errors) + len(self.failures) > before:
            came_out = (
                self.failures if issubclass(err[0], test.failureException) else self.errors
            )
            self.note(test, "failed", f"{subtest}\n{came_out[-1][1]}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failed", "AssertionError: passed, though expected to fail")


def main():
    request = json.load(sys.stdin)
    record_path, dump_path = sys.argv[1:]
    watch = watch_for_hangs(dump_path, request)
    record = Record(record_path)
    substitute.put(request["loop"], record)

    unwanted = functools.partial(is_unwanted, request)
    suite = unittest.defaultTestLoader.loadTestsFromName(package + request["module"])
    suite = without(suite, unwanted)
    record.write(plan=[name_of(test) for test in tests_in(suite)])
    suite.run(RecordingResult(record, watch))
    watch(None)
    record.write(end=True)


if __name__ == "__main__":
    main()
