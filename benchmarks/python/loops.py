"""The event loops that are measured, by name. As a program: prints which of them are here."""

import asyncio
import importlib.metadata
import json
import platform

GAWAIT = "gawait"
NAMES = (GAWAIT, "asyncio", "uvloop", "gi.events", "gbulb")


def new_loop(name):
    """Makes the event loop of a name; ImportError where it is not installed."""
    if name == "asyncio":
        return asyncio.SelectorEventLoop()
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    if name == "gi.events":
        from gi.events import GLibEventLoop
        from gi.repository import GLib

        return GLibEventLoop(GLib.MainContext.default())
    if name == "gbulb":
        from gbulb.glib_events import GLibEventLoopPolicy

        return GLibEventLoopPolicy().new_event_loop()
    import gawait

    return gawait.EventLoop()


def version_of(name):
    """The release of what a loop comes from."""
    if name == "asyncio":
        return f"Python {platform.python_version()}"
    if name == "gi.events":
        import gi

        return f"PyGObject {gi.__version__}"
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return name


def main():
    here, missing = {}, {}
    for name in NAMES:
        try:
            new_loop(name).close()
            here[name] = version_of(name)
        except ImportError as failure:
            missing[name] = str(failure)
    print(json.dumps({"here": here, "missing": missing}))


if __name__ == "__main__":
    main()
