#!/usr/bin/python3
"""Runs CPython's asyncio tests on the stock loop and on another, and compares them one by one.

No test may fail, hang or be skipped that passes on the stock loop, but for those listed in
exceptions.toml.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import importlib.util
import os
import pathlib
import sys
import time
from xml.etree import ElementTree

from module_run import ModuleRun, Processes, run_module
from verdict import judge_module, python_version, read_exceptions

left_out = {
    "test_windows_events": "the loops of Windows",
    "test_windows_utils": "the pipes of Windows",
    "test_proactor_events": "the loop of Windows; elsewhere it runs on mocks",
}


def test_directory():
    try:
        package = importlib.util.find_spec("test.test_asyncio")
    except ModuleNotFoundError:
        package = None
    if package is None:
        sys.exit(f"CPython's tests are not there: install libpython{python_version}-testsuite")
    return pathlib.Path(package.submodule_search_locations[0])


def largest_first(directory, modules):
    """The two processors are kept busy to the end if what takes long begins first."""
    return sorted(modules, key=lambda module: -(directory / f"{module}.py").stat().st_size)


def selected(patterns, modules):
    """The modules that the patterns speak of, with the patterns that their tests must match."""
    if not patterns:
        return {module: [] for module in modules}
    chosen = collections.defaultdict(list)
    for pattern in patterns:
        first, _, rest = pattern.partition(".")
        named = fnmatch.filter(modules, first)
        for module in named or modules:
            chosen[module].append(f"{module}.{rest}*" if named else f"*{pattern}*")
    return dict(chosen)


def compare(processes, module, loop, patterns, patience):
    stock = run_module(processes, module, "stock", patterns=patterns)
    limits = {
        test: patience + 10 * outcome.seconds
        for test, outcome in stock.outcomes.items()
        if outcome.kind in ("passed", "failed", "skipped")
    }
    ours = run_module(processes, module, loop, limits) if limits else ModuleRun()
    return stock, ours


def counts_of(run):
    counts = collections.Counter(outcome.kind for outcome in run.outcomes.values())
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))


def report(module, stock, ours, verdicts, whole_tracebacks):
    print(f"{module}")
    print(f"    stock: {counts_of(stock)}; {stock.loops['stock']} loops; {stock.seconds:.1f} s")
    print(f"    ours:  {counts_of(ours)}; {ours.loops['ours']} loops; {ours.seconds:.1f} s")
    alike = collections.Counter()
    for test, verdict in verdicts.items():
        ours_is = verdict.outcome.kind
        if verdict.counts_as == "passed":
            continue
        if ours_is == "not run":
            alike[f"{verdict.counts_as}: not run, {verdict.outcome.detail}"] += 1
        elif verdict.counts_as == "skipped" and ours_is == "passed":
            alike[f"skipped: {verdict.why}"] += 1
        else:
            print(f"    {verdict.counts_as}: {test}: {verdict.why}")
            lines = verdict.outcome.detail.rstrip().splitlines()
            whole = whole_tracebacks or ours_is in ("hung", "crashed")
            for line in lines if whole else lines[-1:]:
                print(f"        {line}")
    for what, number in alike.items():
        print(f"    {number} × {what}")


def summary(verdicts):
    counts = collections.Counter(verdict.counts_as for verdict in verdicts)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    return counts, f"{counts['passed']} passed, {counts['failed']} failed{skipped}"


def write_junit(path, verdicts_by_module):
    """For tools that count what several suites give."""
    root = ElementTree.Element("testsuites")
    for module, verdicts in verdicts_by_module.items():
        suite = ElementTree.SubElement(root, "testsuite", name=module)
        for test, verdict in verdicts.items():
            case = ElementTree.SubElement(suite, "testcase", name=test)
            if verdict.counts_as != "passed":
                kind = "failure" if verdict.counts_as == "failed" else "skipped"
                ElementTree.SubElement(case, kind, message=verdict.why)
    ElementTree.ElementTree(root).write(path)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "patterns",
        nargs="*",
        metavar="PATTERN",
        help="a module (test_events), the beginning of a test's name after that "
        "(test_events.EPollEventLoopTests.test_sock), or a part of any test's name (sendfile)",
    )
    parser.add_argument("--loop", default="gawait:EventLoop", metavar="MODULE:CLASS")
    parser.add_argument(
        "--patience",
        type=float,
        default=20,
        metavar="SECONDS",
        help="a test hangs that takes longer than ten times as on the stock loop and this",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--junit", metavar="FILE", help="write the verdicts there as well")
    parser.add_argument(
        "--tracebacks",
        action="store_true",
        help="print them whole; done anyhow where a PATTERN is given",
    )
    return parser.parse_args()


def main():
    options = arguments()
    directory = test_directory()
    modules = [path.stem for path in directory.glob("test_*.py") if path.stem not in left_out]
    chosen = selected(options.patterns, modules)
    exceptions = read_exceptions(pathlib.Path(__file__).with_name("exceptions.toml"))
    os.environ.setdefault("G_DEBUG", "fatal-criticals")

    began = time.monotonic()
    print(f"CPython {sys.version.split()[0]}: {directory}")
    print(f"{options.loop} in place of asyncio's selector loop")
    for module, why in left_out.items():
        if (directory / f"{module}.py").exists():
            print(f"left out: {module}: {why}")

    processes = Processes()
    all_verdicts = {}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        comparisons = {
            pool.submit(
                compare, processes, module, options.loop, chosen[module], options.patience
            ): module
            for module in largest_first(directory, chosen)
        }
        try:
            for comparison in concurrent.futures.as_completed(comparisons):
                module = comparisons[comparison]
                stock, ours = comparison.result()
                if not stock.outcomes:
                    continue
                whole = not chosen[module]
                verdicts = judge_module(module, stock, ours, exceptions, whole)
                report(module, stock, ours, verdicts, options.tracebacks or not whole)
                sys.stdout.flush()
                all_verdicts[module] = verdicts
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.stop()
            raise

    if options.junit:
        write_junit(options.junit, all_verdicts)
    counts, line = summary(
        verdict for verdicts in all_verdicts.values() for verdict in verdicts.values()
    )
    print(f"{time.monotonic() - began:.0f} s")
    print(line)
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
