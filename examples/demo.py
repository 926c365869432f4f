"""The second half of what `./demo` runs: the same in Python, with every step checked."""

import asyncio
import os
import sys
import tempfile
import time

import gawait
from gi.repository import Gio, GLib
from steps import StepFailed, print_line, require, step

# The session bus ----------------------------------------------------------------------


async def session_bus():
    """The session bus by hand, from a function of GLib's that wants a callback.

    The callback completes the future by itself: it runs in the loop's thread and wakes the
    loop. Nothing of call_soon_threadsafe().
    """
    bus_ready = asyncio.get_running_loop().create_future()
    cancellable = Gio.Cancellable()

    def ready_callback(source, result):
        if bus_ready.cancelled():
            return
        try:
            bus_ready.set_result(Gio.bus_get_finish(result))
        except GLib.Error as failure:
            bus_ready.set_exception(failure)

    Gio.bus_get(Gio.BusType.SESSION, cancellable, ready_callback)
    try:
        return await bus_ready
    except asyncio.CancelledError:
        cancellable.cancel()
        raise


wrapped_session_bus = gawait.wrap(Gio.bus_get, Gio.bus_get_finish)


async def connect(fallback):
    """The session bus as one await; where there is none, one of our own, which GLib starts."""
    try:
        return await Gio.bus_get(Gio.BusType.SESSION), "the session bus"
    except GLib.Error:
        fallback.up()
        return await Gio.bus_get(Gio.BusType.SESSION), "a private bus"


# A service on the bus -----------------------------------------------------------------

PATH = "/org/gawait/Demo"
INTERFACE = "org.gawait.Demo"
XML = """
    <node><interface name="org.gawait.Demo">
      <method name="Wait">
        <arg name="milliseconds" type="u" direction="in"/>
        <arg name="waited" type="u" direction="out"/>
      </method>
    </interface></node>"""


class Service:
    """Serves `org.gawait.Demo` on a connection."""

    def __init__(self, bus):
        self._calls = set()
        interface = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
        bus.register_object(PATH, interface, self._on_call, None, None)

    def _on_call(self, bus, sender, path, interface, method, arguments, invocation):
        # A callback of GLib's may create tasks.
        call = asyncio.create_task(self._wait(*arguments.unpack(), invocation))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _wait(self, milliseconds, invocation):
        await asyncio.sleep(milliseconds / 1000)
        invocation.return_value(GLib.Variant("(u)", (milliseconds,)))


def call_wait(bus, milliseconds, cancellable=None):
    """Calls the service over the bus, as any other process would."""
    return bus.call(
        bus.get_unique_name(),
        PATH,
        INTERFACE,
        "Wait",
        GLib.Variant("(u)", (milliseconds,)),
        GLib.VariantType("(u)"),
        Gio.DBusCallFlags.NONE,
        -1,
        cancellable,
    )


# The steps ----------------------------------------------------------------------------


async def connect_by_hand(bus):
    require(await session_bus() is bus, "the session bus by hand is another one")
    require(await wrapped_session_bus(Gio.BusType.SESSION) is bus, "wrapped, it is another one")
    return "the same bus, through a callback and a future, and by gawait.wrap"


async def call_twenty_times(bus):
    begin = time.perf_counter()
    replies = await asyncio.gather(*(call_wait(bus, 100) for _ in range(20)))
    require(
        all(each.unpack() == (100,) for each in replies), "a reply is not what was asked for"
    )
    require(time.perf_counter() - begin < 1, "the calls were made one after the other")
    return f"{len(replies)} calls that take 100 ms each, all answered"


async def list_directory(path):
    directory = Gio.File.new_for_path(path)
    entries = await directory.enumerate_children_async(
        Gio.FILE_ATTRIBUTE_STANDARD_NAME, Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS
    )
    names = [entry.get_name() async for entry in entries]
    await entries.close_async()
    require(sorted(names) == sorted(os.listdir(path)), "the listing differs from the directory")
    require(len(names) >= 100, "the directory is too small to show anything")
    return f"{path} has {len(names)} entries, read with async for"


async def write_and_read(path):
    text = b"await for everything GLib can do\n" * 30304
    file = Gio.File.new_for_path(path)
    await file.replace_contents_bytes_async(
        GLib.Bytes.new(text), None, False, Gio.FileCreateFlags.NONE
    )
    _, contents, _ = await file.load_contents_async()
    require(contents == text, "the file holds something else")
    return f"{len(contents)} bytes written, and read again the same"


async def cancel_call(bus):
    cancellable = Gio.Cancellable()
    begin = time.perf_counter()
    asyncio.get_running_loop().call_later(0.2, cancellable.cancel)
    try:
        # With a Gio.Cancellable of our own, to see the GLib.Error itself.
        await call_wait(bus, 10_000, cancellable)
    except GLib.Error as failure:
        cancelled = failure.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
        require(cancelled, "the call did not end with G_IO_ERROR_CANCELLED")
        length = time.perf_counter() - begin
        require(0.2 <= length < 5, "the call did not end when it was cancelled")
        return f"a call of 10 s ended with G_IO_ERROR_CANCELLED: {failure.message}"
    raise StepFailed("the call was not cancelled")


async def cancel_task(bus):
    call = call_wait(bus, 10_000)
    try:
        async with asyncio.timeout(0.2):
            await call
    except TimeoutError:
        require(call.cancelled(), "the call goes on")
        require(call.cancellable.is_cancelled(), "GLib was not told")
        return "asyncio.timeout(0.2) ended such a call, by its Gio.Cancellable"
    raise StepFailed("the call was not cancelled")


class Ticker:
    """Ticks every 5 ms for as long as it is let."""

    def __init__(self):
        self.ticks = 0
        self.longest_gap = 0.0

    async def run(self):
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            self.longest_gap = max(self.longest_gap, now - last)
            last = now
            self.ticks += 1


async def all_steps(fallback, scratch):
    async def connecting():
        nonlocal bus
        bus, which = await connect(fallback)
        bus.set_exit_on_close(False)
        return f"{which}, as {bus.get_unique_name()}"

    bus = None
    await step("connect", connecting())
    await step("connect by hand", connect_by_hand(bus))
    service = Service(bus)
    await step("call", call_twenty_times(bus))
    await step("list", list_directory("/usr/bin"))
    await step("write and read", write_and_read(os.path.join(scratch, "file")))
    await step("cancel a call", cancel_call(bus))
    await step("time out", cancel_task(bus))
    del service


async def main(fallback, scratch):
    begin = time.perf_counter()
    ticker = Ticker()
    ticking = asyncio.create_task(ticker.run())
    await all_steps(fallback, scratch)
    ticking.cancel()
    length = time.perf_counter() - begin
    require(ticker.ticks * 0.05 >= length, "the timer hardly ticked: something blocked")
    gap = ticker.longest_gap * 1000
    came = f"all the while every 5 ms: {ticker.ticks} times, the longest gap {gap:.1f} ms"
    print_line("tick", came, length)


if __name__ == "__main__":
    print("gawait in Python", flush=True)
    test_bus = Gio.TestDBus.new(Gio.TestDBusFlags.NONE)
    try:
        with tempfile.TemporaryDirectory(prefix="gawait-demo-") as directory:
            gawait.run(main(test_bus, directory))
    except (StepFailed, GLib.Error) as failed:
        sys.exit(f"demo: {failed}")
    finally:
        if test_bus.get_bus_address():
            test_bus.stop()
