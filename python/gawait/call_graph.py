"""What Python's own tools show of operations, since 3.14: `python -m asyncio pstree`, say.

They know of tasks and their coroutines alone, so a task stands in for each operation that is waited
for, from when it is until the operation ends.
"""

import asyncio

from gawait import _native, tasks


class _NoLoop:
    """Of tasks that never run."""

    def get_debug(self):
        return False

    def call_soon(self, callback, *args, context=None):
        pass


_no_loop = _NoLoop()


async def _nothing():
    pass


def _stand_in():
    coroutine = _nothing()
    coroutine.close()  # so that it has no frames to be shown
    task = asyncio.Task(coroutine, loop=_no_loop)
    task._log_destroy_pending = False
    asyncio._unregister_task(task)
    return task


def _name_of(operation):
    # Other characters those tools cannot read.
    return tasks.name_of(operation).encode("ascii", "backslashreplace").decode()


def show():
    if hasattr(asyncio, "future_add_to_awaited_by"):
        _native.show_operations(_stand_in, _name_of)
