"""A process that the tests of a file have beside them."""

import contextlib


@contextlib.contextmanager
def living(process):
    """Has a process live to the end of the scope, and complain of nothing."""
    with process:
        try:
            yield process
            assert process.poll() is None
        finally:
            process.terminate()
            _, complaints = process.communicate()
        assert complaints == ""
