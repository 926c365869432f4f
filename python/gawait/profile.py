"""What sysprof is shown of tasks, while it records."""

import time

from gawait import _native


def mark_task(task):
    """Mark a task from now until it has ended, by the name of it and of its coroutine."""
    began = time.monotonic_ns()
    coroutine = getattr(task.get_coro(), "__qualname__", "")

    def mark(_):
        _native.mark(began, "task", f"{task.get_name()}: {coroutine}")

    task.add_done_callback(mark)
