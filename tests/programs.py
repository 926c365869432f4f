"""Tests that are programs with a display: each runs in a process of its own."""

import functools
import inspect
import os
import re
import subprocess
import sys

import gi


# In a chroot, as tools/matrix makes, what loads icons has no sandbox. Of a display without a
# compositor, as Xvfb is, GTK 4.24 hears twice that a frame was submitted.
_OF_THE_MACHINE = re.compile(
    r"^WARNING: Glycin running without sandbox.*\n"
    r"|^\n.* Gdk-WARNING .*: gdk_frame_timings_submitted\(\) called on submitted frame\.\n",
    re.MULTILINE,
)


def said(stderr):
    """What a program has said on its standard error, without what the machine has to say."""
    return _OF_THE_MACHINE.sub("", stderr)


def with_gtk(program):
    """Makes a test of a function that is to run in a process of its own, with a display."""
    directory, file = os.path.split(inspect.getsourcefile(program))
    path = [directory, os.path.dirname(__file__)]
    module = file.removesuffix(".py")

    def test(desktop, run_script, **arguments):
        finished = run_script(
            f"import sys; sys.path.extend({path!r}); "
            f"import {module}; {module}.{program.__name__}.program(**{arguments!r})"
        )
        assert (finished.returncode, said(finished.stderr)) == (0, "")

    functools.update_wrapper(test, program)
    fixtures = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in ("desktop", "run_script")
    ]
    test.__signature__ = inspect.Signature(
        [*fixtures, *inspect.signature(program).parameters.values()]
    )
    test.program = program
    return test


def import_gtk(version="4.0"):
    gi.require_version("Gtk", version)
    from gi.repository import Gtk

    initialised = Gtk.init_check() if version == "4.0" else Gtk.init_check([])[0]
    assert initialised
    return Gtk


@functools.cache
def installed(namespace, version):
    """The version of a library, which this process is not to load; (0, 0) if there is none."""
    ended = subprocess.run(
        [sys.executable, "-c", _ASK_FOR_VERSION, namespace, version],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return tuple(map(int, ended.stdout.split())) or (0, 0)


_ASK_FOR_VERSION = """
import sys, gi
gi.require_version(*sys.argv[1:])
library = getattr(__import__("gi.repository", fromlist=[sys.argv[1]]), sys.argv[1])
print(library.MAJOR_VERSION, library.MINOR_VERSION)
"""
