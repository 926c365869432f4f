"""Runs suites of benchmarks from a build directory and tells the results.

./bench builds the directory first and says what the options mean.
"""

import argparse
import importlib
from pathlib import Path

from harness import document, plot, report

ROOT = Path(__file__).parents[1]
SUITES = ("cpp", "loop", "echo", "http", "awaiting", "dbus", "producing", "frames")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=Path)
    arguments.add_argument("suites", nargs="+", choices=SUITES)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--markdown", action="store_true")
    arguments.add_argument("--document", action="store_true")
    options = arguments.parse_args()
    build = options.build.absolute()
    where = report.machine(build)

    for suite in options.suites:
        results = importlib.import_module(f"harness.{suite}").measure(build, options.quick)
        markdown = report.as_markdown(results, where)
        (build / f"{suite}.json").write_text(report.as_json(results, where) + "\n")
        (build / f"{suite}.md").write_text(markdown + "\n")
        plot.plot(results, build / f"{suite}.svg")
        if options.document:
            document.write(ROOT, suite, results, where)
        print(
            markdown if options.markdown else report.as_text(results, where),
            end="\n\n",
            flush=True,
        )
    if options.document:
        document.write_headlines(ROOT, build, where)


main()
