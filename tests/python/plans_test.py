"""Call plans: what awaits without PyGObject's marshalling, and that nobody can tell."""

import os
import subprocess
import sys

import pytest

TOOLS = os.path.join(os.path.dirname(__file__), "..", "..", "tools")


@pytest.fixture(scope="module")
def counted():
    """What tools/call-plans says: of each namespace, how many of how many functions."""
    ended = subprocess.run(
        [sys.executable, f"{TOOLS}/call-plans"], capture_output=True, text=True, check=True
    )
    print(ended.stdout)
    counts = {}
    for line in ended.stdout.splitlines():
        namespace, _, told = line.partition(": ")
        if " of " in told and told.replace(" of ", "").isdigit():
            counts[namespace] = [int(each) for each in told.split(" of ")]
    return counts


@pytest.mark.parametrize("namespace", ["Gio", "GioUnix", "Gtk"])
def test_nine_in_ten_asynchronous_functions_have_a_plan(counted, namespace):
    if namespace not in counted:
        assert namespace == "GioUnix"
        pytest.skip("up to GLib 2.78 GioUnix is part of Gio")
    planned, asynchronous = counted[namespace]
    assert planned >= 0.9 * asynchronous
