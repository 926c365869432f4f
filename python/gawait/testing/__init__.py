"""What helps to test code that runs on gawait: virtual time, loops on contexts of their own, buses.

The fixtures of gawait.testing.plugin are made of it, for pytest.
"""

from gawait.testing.bus import PrivateBus
from gawait.testing.display import Display
from gawait.testing.loops import new_event_loop
from gawait.testing.virtual_time import VirtualTime

__all__ = ["Display", "PrivateBus", "VirtualTime", "new_event_loop"]
