"""Counts the frames of a GTK 4 window that always redraws, beside some work on its loop.

usage: frames.py LOOP BESIDE SECONDS ECHO_CLIENT

BESIDE is a method of class Beside, and ECHO_CLIENT the program that talks to its echo server.

Prints, as JSON, when frames were painted (in microseconds), how many operations were done
beside them, and how much of a processor the process got.
"""

import asyncio
import json
import os
import subprocess
import sys
import time

import gi

import file_queries
import loops
from listening import listen_tcp

gi.require_version("Gdk", "4.0")
gi.require_version("Graphene", "1.0")
gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, GLib, Graphene, Gtk  # noqa: E402

WARM_UP = 0.5  # seconds, in which the window appears
RATE = 1_000_000  # callbacks a second, of a flood
MOST_DUE = 1000  # of them at once, where a loop does not keep up
CONNECTIONS = 10


class Turning(Gtk.Widget):
    """Draws all of itself anew in every frame."""

    def __init__(self):
        super().__init__()
        self.frames = 0
        self.add_tick_callback(self.on_tick)

    def on_tick(self, widget, clock):
        self.queue_draw()
        return GLib.SOURCE_CONTINUE

    def do_snapshot(self, snapshot):
        self.frames += 1
        area = Graphene.Rect().init(0, 0, self.get_width(), self.get_height())
        colour = Gdk.RGBA()
        colour.red, colour.green, colour.blue, colour.alpha = self.frames % 60 / 60, 0.5, 0.5, 1
        snapshot.append_color(colour, area)


class Window(Gtk.Window):
    """Notes when each of its frames was painted, in microseconds."""

    def __init__(self):
        super().__init__(default_width=400, default_height=300)
        self.painted = []
        self.set_child(Turning())
        self.connect("realize", self.on_realize)

    def on_realize(self, window):
        self.get_surface().get_frame_clock().connect("after-paint", self.on_painted)

    def on_painted(self, clock):
        self.painted.append(GLib.get_monotonic_time())


class Beside:
    """What runs beside the window; each kind counts its operations."""

    def __init__(self, seconds, echo_client):
        self.operations = 0
        self.seconds = seconds
        self.echo_client = echo_client

    async def nothing(self):
        await asyncio.Event().wait()

    async def sleep_0(self):
        while True:
            await asyncio.sleep(0)
            self.operations += 1

    async def chain(self):
        loop = asyncio.get_running_loop()

        def step():
            self.operations += 1
            loop.call_soon(step)

        step()
        await asyncio.Event().wait()

    async def batches(self):
        loop = asyncio.get_running_loop()

        def nothing():
            pass

        def step():
            self.operations += 1000
            for _ in range(1000):
                loop.call_soon(nothing)
            loop.call_soon(step)

        step()
        await asyncio.Event().wait()

    async def flood(self):
        loop = asyncio.get_running_loop()
        began = loop.time()

        def nothing():
            self.operations += 1

        while True:
            due = int((loop.time() - began) * RATE) - self.operations
            for _ in range(min(due, MOST_DUE)):
                loop.call_soon(nothing)
            await asyncio.sleep(0.001)

    async def gio(self):
        def answered():
            self.operations += 1

        await file_queries.repeat(answered)

    async def gio_elsewhere(self):
        other = await asyncio.create_subprocess_exec(
            sys.executable, file_queries.__file__, sys.argv[1]
        )
        try:
            await other.wait()
        finally:
            other.kill()
            await other.wait()

    async def echo(self):
        beside = self

        class Echo(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport

            def data_received(self, data):
                self.transport.write(data)
                beside.operations += 1

        listening = listen_tcp()
        server = await asyncio.get_running_loop().create_server(Echo, sock=listening)
        address = f"tcp:{listening.getsockname()[1]}"
        what = (address, os.getpid(), CONNECTIONS, 1024, 0, self.seconds + 1)
        client = subprocess.Popen(
            [self.echo_client, *map(str, what)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            await server.serve_forever()
        finally:
            client.kill()
            client.wait()


async def main(beside, seconds, echo_client):
    window = Window()
    window.present()
    await asyncio.sleep(WARM_UP)
    work = Beside(seconds, echo_client)
    running = asyncio.ensure_future(getattr(work, beside)())
    done = asyncio.get_running_loop().create_future()

    def end():
        done.set_result(None)
        return GLib.SOURCE_REMOVE

    # Of GLib and before everything else: a loop that starves it would never end.
    GLib.timeout_add(int(1000 * seconds), end, priority=-1000)
    begin, used = GLib.get_monotonic_time(), time.process_time()
    await done
    end_time, used = GLib.get_monotonic_time(), time.process_time() - used
    running.cancel()
    await asyncio.wait([running])
    return {
        "seconds": (end_time - begin) / 1e6,
        "processor_seconds": used,
        "painted": [at - begin for at in window.painted if begin <= at <= end_time],
        "operations": work.operations,
    }


if __name__ == "__main__":
    loop = loops.new_loop(sys.argv[1])
    asyncio.set_event_loop(loop)
    Gtk.init()
    print(
        json.dumps(loop.run_until_complete(main(sys.argv[2], float(sys.argv[3]), sys.argv[4])))
    )
