"""await for everything GLib can do: asyncio on GLib's own main loop.

    import gawait
    from gi.repository import Gio

    async def main():
        bus = await Gio.bus_get(Gio.BusType.SESSION)

    gawait.run(main())
"""

# First, since it refuses to be where PyGObject cannot be.
from gawait._native import Handle, TimerHandle
from gawait import application, async_result, blocking, call_graph, handlers, iteration, virtual
from gawait.counters import Counters
from gawait.dialogs import Dismissed, response
from gawait.handlers import connect
from gawait.loop import EventLoop, create_background_task, create_task, priority
from gawait.operation import Operation, call, wrap
from gawait.producing import async_method
from gawait.running import install, new_event_loop, run
from gawait.signals import signal, signals
from gawait.tasks import print_tasks

__all__ = [
    "Counters",
    "Dismissed",
    "EventLoop",
    "EventLoopPolicy",
    "Handle",
    "Operation",
    "TimerHandle",
    "async_method",
    "call",
    "connect",
    "create_background_task",
    "create_task",
    "install",
    "new_event_loop",
    "print_tasks",
    "priority",
    "response",
    "run",
    "signal",
    "signals",
    "wrap",
]

application.patch()
async_result.patch()
blocking.patch()
virtual.patch()
handlers.patch()
iteration.patch()
call_graph.show()


def __getattr__(name):
    # Made when asked for: Python 3.14 warns of policies.
    if name == "EventLoopPolicy":
        from gawait.policy import EventLoopPolicy

        return EventLoopPolicy
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
