"""The event loop policy, for Python up to 3.15."""

import asyncio
import threading
import warnings

from gawait.loop import EventLoop

# The public names warn from Python 3.14 on, which is for those to hear who use policies.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    _DefaultEventLoopPolicy = asyncio.DefaultEventLoopPolicy

set_event_loop_policy = getattr(
    asyncio.events, "_set_event_loop_policy", asyncio.set_event_loop_policy
)


get_event_loop_policy = getattr(
    asyncio.events, "_get_event_loop_policy", asyncio.get_event_loop_policy
)


class EventLoopPolicy(_DefaultEventLoopPolicy):
    """asyncio's default policy, whose loops are gawait's.

    A context manager, which makes it the policy for so long, and closes its loop in the end. In
    the body its get_event_loop() makes a loop for the main thread if there is none, in every
    version of Python.
    """

    _loop_factory = EventLoop

    def __init__(self):
        super().__init__()
        self._previous = []

    def __enter__(self):
        self._previous.append(get_event_loop_policy())
        set_event_loop_policy(self)
        return self

    def __exit__(self, *_):
        set_event_loop_policy(self._previous.pop())
        if not self._previous and self._local._loop is not None:
            self._local._loop.close()
            self.set_event_loop(None)

    def get_event_loop(self):
        entered = bool(self._previous) and threading.current_thread() is threading.main_thread()
        if entered and (self._local._loop is None or self._local._loop.is_closed()):
            self.set_event_loop(self.new_event_loop())
        return super().get_event_loop()
