"""Ways to run a program on a gawait loop."""

import asyncio
import inspect

from gawait.loop import EventLoop


def run(main, *, debug=None, context=None):
    """Run a coroutine on a new EventLoop and return its result, as asyncio.run() does.

    context is the GLib.MainContext to run on, see EventLoop.
    """
    try:
        if asyncio._get_running_loop() is not None:
            raise RuntimeError("gawait.run() cannot be called from a running event loop")
        with asyncio.Runner(debug=debug, loop_factory=lambda: EventLoop(context)) as runner:
            return runner.run(main)
    finally:
        # What was refused is not also warned about, as never awaited.
        if (
            inspect.iscoroutine(main)
            and inspect.getcoroutinestate(main) == inspect.CORO_CREATED
        ):
            main.close()


def new_event_loop(context=None):
    """Return a new EventLoop."""
    return EventLoop(context)


def install():
    """Make asyncio.run(), asyncio.Runner and asyncio.new_event_loop() use EventLoop."""
    from gawait.policy import EventLoopPolicy, set_event_loop_policy

    set_event_loop_policy(EventLoopPolicy())
