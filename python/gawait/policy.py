"""The event loop policy, for Python up to 3.15."""

import asyncio
import warnings

from gawait.loop import EventLoop

# The public names warn from Python 3.14 on, which is for those to hear who use policies.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    _DefaultEventLoopPolicy = asyncio.DefaultEventLoopPolicy

set_event_loop_policy = getattr(
    asyncio.events, "_set_event_loop_policy", asyncio.set_event_loop_policy
)


class EventLoopPolicy(_DefaultEventLoopPolicy):
    """asyncio's default policy, whose loops are gawait's."""

    _loop_factory = EventLoop
