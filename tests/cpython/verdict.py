"""What a test counts as, by what became of it on the stock loop and on ours."""

import dataclasses
import sys
import tomllib

from module_run import Outcome

most_exceptions = 10
python_version = "{}.{}".format(*sys.version_info)


@dataclasses.dataclass
class Verdict:
    """What a test counts as: passed, failed or skipped, and why."""

    counts_as: str
    why: str = ""
    outcome: Outcome = dataclasses.field(default_factory=lambda: Outcome("passed"))


def read_exceptions(path):
    """The reasons of those that exist in this Python, by test."""
    with open(path, "rb") as file:
        entries = tomllib.load(file).get("exception", [])
    if len(entries) > most_exceptions:
        sys.exit(f"{path}: {len(entries)} exceptions, and {most_exceptions} are the most")
    return {
        entry["test"]: entry["reason"]
        for entry in entries
        if python_version in entry.get("python", [python_version])
    }


def judge(stock, ours):
    """Either is an Outcome, or None for what was not seen on that loop."""
    if stock is None:  # the setting up of a class, the end of the process
        counts_as = "skipped" if ours.kind == "skipped" else "failed"
        return Verdict(counts_as, f"{ours.kind}, and not so on the stock loop", ours)
    if ours is None:
        return Verdict("skipped", f"{stock.kind} on the stock loop only", stock)
    if ours.kind == "passed":
        return Verdict("passed")
    if stock.kind == ours.kind == "skipped":
        return Verdict("skipped", ours.detail)
    if stock.kind in ("passed", "skipped"):
        return Verdict("failed", f"{ours.kind}, {stock.kind} on the stock loop", ours)
    return Verdict("skipped", f"{ours.kind}, and {stock.kind} on the stock loop too", ours)


def judge_exception(verdict, reason):
    if verdict.counts_as == "failed":
        return Verdict("skipped", f"known: {reason}", verdict.outcome)
    return Verdict("failed", f"is listed in exceptions.toml, and counts as {verdict.counts_as}")


def judge_loops(stock, ours):
    """The tests prove nothing if they ran on the stock loop after all."""
    if ours.loops["stock"]:
        return Verdict("failed", f"{ours.loops['stock']} loops were made of the stock class")
    if stock.loops["stock"] and not ours.loops["ours"]:
        return Verdict("failed", f"none made, and {stock.loops['stock']} with the stock loop")
    return Verdict("passed")


def judge_module(module, stock, ours, exceptions, whole):
    """The verdicts by test; `whole` is whether all of the module's tests were to run."""
    verdicts = {
        test: judge(stock.outcomes.get(test), ours.outcomes.get(test))
        for test in stock.outcomes | ours.outcomes
    }
    for test, reason in exceptions.items():
        if test in verdicts:
            verdicts[test] = judge_exception(verdicts[test], reason)
        elif whole and test.startswith(f"{module}."):
            verdicts[test] = Verdict(
                "failed", "is listed in exceptions.toml, and does not exist"
            )
    if not stock.count("passed") and stock.count("skipped") < len(stock.outcomes):
        why = "no test passes on the stock loop, with which ours is compared"
        verdicts[f"{module} (the stock loop)"] = Verdict("failed", why)
    if stock.loops["stock"] or ours.loops["stock"]:
        verdicts[f"{module} (the loops)"] = judge_loops(stock, ours)
    return verdicts
