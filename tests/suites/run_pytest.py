"""Runs one file of another project's tests on one loop, in this process, by pytest, and records
what became of each test, as tests/cpython/run_tests.py does for CPython's.

The first argument is the folder of the project's sources, and module in the request is
SUITE/FILE; the others are as there.
"""

import json
import os
import pathlib
import re
import shutil
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cpython"))

import substitute
from run_tests import Record, is_unwanted, severity, watch_for_hangs

from projects import projects


def put_in_place_of_gi_events(loop_class):
    """PyGObject's tests ask for the loop of gi.events by its name, where there is one or not."""
    from gawait.policy import EventLoopPolicy

    class GLibEventLoopPolicy(EventLoopPolicy):
        @staticmethod
        def _get_event_loop():
            """PyGObject's own asks it for the loop that programs have chosen: there is none."""

    try:
        import gi.events
    except ModuleNotFoundError:
        import gi

        gi.events = sys.modules["gi.events"] = types.ModuleType("gi.events")
    gi.events.GLibEventLoop = loop_class
    gi.events.GLibEventLoopPolicy = GLibEventLoopPolicy


def prepare_gi():
    """Its tests look at the version of GTK. Theirs of GTK 3 run Gtk.main(), which no Gtk.Application
    does, and along which no loop of ours runs by itself."""
    import gi

    gi.require_version("Gtk", "4.0")


def prepare_uvloop():
    """Which half a test is of is told by the name of its loop's module, and ours is none of
    asyncio's: it is told by the half's class."""
    from uvloop import _testbase

    _testbase.BaseTestCase.is_asyncio_loop = lambda test: test.implementation == "asyncio"


class Recorder:
    """A plug-in of pytest's."""

    def __init__(self, project, request, record, watch):
        self.project = project
        self.request = request
        self.record = record
        self.watch = watch
        self.broken = []

    def name_of(self, nodeid):
        """As in `websockets/legacy/test_auth.AuthTests::test_basic`."""
        _, _, test = nodeid.partition("::")
        return f"{self.request['module']}.{test}"

    def pytest_collection_modifyitems(self, items):
        only, never = self.project.only, self.project.never
        items[:] = [
            item
            for item in items
            if re.search(only, item.nodeid)
            and not (never and re.search(never, item.nodeid))
            and not is_unwanted(self.request, self.name_of(item.nodeid))
        ]
        self.record.write(plan=[self.name_of(item.nodeid) for item in items])

    def pytest_collectreport(self, report):
        if report.passed:
            return
        detail = str(report.longrepr)
        if isinstance(report.longrepr, tuple):
            outcome, detail = "skipped", report.longrepr[2]
        elif "ModuleNotFoundError" in detail:
            outcome, detail = "skipped", detail.strip().splitlines()[-1]
        else:
            outcome = "failed"
        name = f"{self.request['module']} (its import)"
        self.record.write(finished=name, outcome=outcome, detail=detail, seconds=0)

    def pytest_runtest_logstart(self, nodeid):
        self.outcome, self.details, self.seconds = "passed", [], 0
        self.record.write(started=self.name_of(nodeid))
        self.watch(self.name_of(nodeid))

    def pytest_runtest_logreport(self, report):
        self.seconds += report.duration
        # What is expected to fail and does passes, and so says pytest of what is not.
        outcome = "passed" if hasattr(report, "wasxfail") else report.outcome
        if outcome != "passed" and severity.index(outcome) >= severity.index(self.outcome):
            self.outcome = outcome
            skipped = isinstance(report.longrepr, tuple)
            self.details.append(str(report.longrepr[2] if skipped else report.longrepr))
            if outcome == "failed":
                self.details += [f"{title}\n{text}" for title, text in report.sections]
                self.details.append(self.last_line_of(report))

    @staticmethod
    def last_line_of(report):
        crash = getattr(report.longrepr, "reprcrash", None)
        return crash.message.strip().splitlines()[0] if crash and crash.message.strip() else ""

    def pytest_runtest_logfinish(self, nodeid):
        self.watch(None)
        self.record.write(
            finished=self.name_of(nodeid),
            outcome=self.outcome,
            detail="\n".join(self.details),
            seconds=self.seconds,
        )


def main():
    folder, record_path, dump_path = sys.argv[1:]
    request = json.load(sys.stdin)
    watch = watch_for_hangs(dump_path, request)
    record = Record(record_path)
    name, _, file = request["module"].partition("/")
    project = projects[name]

    # The libraries are those that are installed: of the sources the tests alone are looked at.
    for part in (project.tests, *project.beside):
        source = pathlib.Path(folder, part)
        if source.is_dir():
            shutil.copytree(source, part, ignore=shutil.ignore_patterns(*project.not_copied))
        elif source.exists():
            shutil.copy(source, part)

    loop_class = substitute.put(request["loop"], record)
    if name == "pygobject":
        prepare_gi()
        if loop_class:
            put_in_place_of_gi_events(loop_class)
    if name == "uvloop":
        prepare_uvloop()

    import pytest

    options = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-q", "-o", "addopts="]
    pytest.main(
        [*options, "--tb=short", "--rootdir", os.getcwd(), f"{project.tests}/{file}.py"],
        plugins=[Recorder(project, request, record, watch)],
    )
    watch(None)
    record.write(end=True)


if __name__ == "__main__":
    main()
