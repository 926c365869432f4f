"""Gio.Application.run() and GLib.MainLoop.run() run a gawait loop along with GLib's.

What they call may then create tasks, whether they are called inside gawait.run() or alone.
"""

import asyncio
import contextlib
import functools
import sys

from gi.repository import Gio, GLib

from gawait.loop import EventLoop


def patch():
    """Wrap the two, once."""
    wrap_run(Gio.Application, lambda application: GLib.MainContext.default())
    wrap_run(GLib.MainLoop, GLib.MainLoop.get_context)


def wrap_run(kind, context_of):
    original = kind.run

    @functools.wraps(original)
    def run(self, *args, **kwargs):
        with running_loop(context_of(self), self.quit):
            return original(self, *args, **kwargs)

    kind.run = run


@contextlib.contextmanager
def running_loop(context, quit):
    """Run a loop on the context while the body iterates it: the loop that runs in this thread,
    or else the newest open one of the context, or else one that ends with the body, as
    asyncio.run() would end it."""
    loop = asyncio._get_running_loop() or EventLoop._to_run_on(context)
    with contextlib.ExitStack() as stack:
        if loop is None and not pygobject_has_a_loop():
            runner = asyncio.Runner(loop_factory=lambda: EventLoop(context))
            loop = stack.enter_context(runner).get_loop()
        if isinstance(loop, EventLoop) and loop._context == context:
            stack.enter_context(loop.running(quit))
        yield


def pygobject_has_a_loop():
    """Whether the program has chosen the event loop policy of PyGObject 3.50 and newer."""
    events = sys.modules.get("gi.events")
    if events is None:
        return False
    if hasattr(events.GLibEventLoopPolicy, "_get_event_loop"):
        return bool(events.GLibEventLoopPolicy._get_event_loop())
    # PyGObject before 3.56.
    from gawait.policy import get_event_loop_policy

    return isinstance(get_event_loop_policy(), events.GLibEventLoopPolicy)
