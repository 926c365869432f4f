"""examples/explorer/python without a session bus, by which a screen reader would be told."""

import asyncio
import os
import sys
from pathlib import Path

from programs import with_gtk

EXPLORER = Path(__file__).parents[2] / "examples/explorer/python"


@with_gtk
def test_that_there_is_no_bus_is_told():
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    sys.path.append(str(EXPLORER))
    import explorer

    async def look(application, window):
        while application.ui.bus_page.get_visible_child_name() != "no-bus":
            await asyncio.sleep(0.01)
        told.append(application.ui.no_bus.get_description())
        window.close()

    told = []
    application = explorer.Application()
    application.connect("window-added", look)
    assert application.run(["explorer"]) == 0
    assert "connect" in told[0]
