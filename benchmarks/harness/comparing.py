"""Measuring gawait and its peers in turn, and lining up what they have taken."""

import statistics
import subprocess
import sys

from harness.report import Row

GAWAIT = "gawait"


def in_turn(repetitions, cases):
    """Runs each case once, again and again; gives the medians of what they gave, by key, and
    notes on those that were left out.

    A case that fails, or does not come to an end, is left out from then on.
    """
    samples = {key: [] for key in cases}
    notes = []
    for turn in range(repetitions):
        print(f"Measuring, {turn + 1} of {repetitions} ...", file=sys.stderr)
        for key in list(samples):
            try:
                samples[key].append(cases[key]())
            except (subprocess.SubprocessError, OSError) as failure:
                del samples[key]
                notes.append(f"Left out: {name_of(key)} ({reason_of(failure)}).")
                print(notes[-1], file=sys.stderr)
    medians = {
        key: {what: statistics.median(each[what] for each in several) for what in several[0]}
        for key, several in samples.items()
    }
    return medians, notes


def name_of(key):
    """What a case is called where it is told of: key is a tuple of names, and what has a title."""
    return ", ".join(
        str(part if isinstance(part, str) else getattr(part, "title", part)) for part in key
    )


def reason_of(failure):
    if isinstance(failure, subprocess.TimeoutExpired):
        return f"did not end within {failure.timeout:.0f} s"
    if isinstance(failure, OSError):  # of who talked to it
        return str(failure)
    said = (failure.stderr or b"").decode().splitlines()
    return said[-1] if said else f"failed with status {failure.returncode}"


def named(measured):
    """For JSON: the cases by their names."""
    return {name_of(key): value for key, value in measured.items()}


def of(case, measured):
    """What was measured of a case, by who did it."""
    return {who: value for (each, who), value in measured.items() if each == case}


def set_target(row, least):
    row.target, row.reached = f"at least {least} ×", row.ratio >= least
    return row


def rows_against(title, measured, targets=None, what="ns", unit="ns", ours=GAWAIT):
    """The lines of one work, of which measured has what each has taken; the first has the title.

    targets is by the peer's name how far ahead of it gawait has to be.
    """
    if ours not in measured:
        return
    took = measured[ours][what]
    peers = [each for each in measured if each != ours]
    if not peers:
        yield Row(title, unit, took)
    for peer in peers:
        row = Row(title, unit, took, peer, measured[peer][what])
        if peer in (targets or {}):
            set_target(row, targets[peer])
        yield row
        title = ""
