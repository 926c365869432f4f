"""Loops that have nothing in common with what ran before."""

from gi.repository import GLib

from gawait.loop import EventLoop


def new_event_loop():
    """Return a new loop on a new GLib.MainContext, for a test that is to find nothing there.

    To be used as loop_factory, of asyncio.Runner or anyio's. GTK wants the default context, and so
    gawait.new_event_loop().
    """
    return EventLoop(GLib.MainContext.new())
