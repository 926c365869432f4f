"""The loop and GTK 4 in one thread. Each test runs in a process of its own."""

import asyncio

import gi
import pytest

import gawait
from gi.repository import Gio, GLib
from programs import import_gtk, with_gtk

INTERFACE = """
<node><interface name="org.gawait.Test"><method name="Poke"/></interface></node>"""


# Callbacks of GLib's wake the loop ----------------------------------------------------


def on_clicked(callback):
    """Has a button clicked when the loop has nothing to do; callback is the handler."""
    button = import_gtk().Button()
    button.connect("clicked", lambda button: callback())
    GLib.idle_add(lambda: button.emit("clicked"), priority=GLib.PRIORITY_LOW)


def on_idle(callback):
    GLib.idle_add(lambda: callback() and False, priority=GLib.PRIORITY_LOW)


def on_dbus_method(callback):
    """Serves a method on the session bus, which callback is called by, and calls it."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)

    def answer(connection, sender, path, interface, method, parameters, invocation):
        callback()
        invocation.return_value(None)

    interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
    bus.register_object("/test", interface, answer, None, None)
    name = bus.get_unique_name()
    arguments = (name, "/test", interface.name, "Poke", None, None, Gio.DBusCallFlags.NONE, -1)
    bus.call(*arguments, None, lambda bus, result: bus.call_finish(result))


def by_completing_a_future(loop, done):
    future = loop.create_future()
    future.add_done_callback(lambda future: done())
    return lambda: future.set_result(None)


def by_call_soon(loop, done):
    return lambda: loop.call_soon(done)


def by_creating_a_task(loop, done):
    async def task():
        await asyncio.sleep(0)
        done()

    return lambda: loop.create_task(task())


@pytest.mark.parametrize(
    "how", ["by_completing_a_future", "by_call_soon", "by_creating_a_task"]
)
@pytest.mark.parametrize("source", ["on_clicked", "on_idle", "on_dbus_method"])
@with_gtk
def test_a_callback_of_glib_wakes_the_loop(source, how):
    events = []

    async def main():
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def done():
            events.append("woken")
            ended.set()

        begin = globals()[how](loop, done)

        def callback():
            assert asyncio.get_running_loop() is loop
            begin()
            # What GLib gets to only when there is nothing else to do.
            GLib.idle_add(lambda: events.append("idle") and False, priority=10_000)

        globals()[source](callback)
        await asyncio.wait_for(ended.wait(), 10)
        await asyncio.sleep(0.01)

    gawait.run(main())
    assert events == ["woken", "idle"]


@with_gtk
def test_a_dialog_is_awaited_while_its_window_is_open():
    Gtk = import_gtk()

    async def main():
        answered = asyncio.get_running_loop().create_future()
        window, button = Gtk.Window(), Gtk.Button(label="Yes")
        window.set_child(button)
        button.connect("clicked", lambda button: answered.set_result(button.get_label()))
        mapped = asyncio.get_running_loop().create_future()
        window.connect("map", lambda window: mapped.set_result(None))
        window.present()
        await mapped
        asyncio.get_running_loop().call_later(0.05, button.emit, "clicked")
        assert await answered == "Yes"
        window.destroy()

    gawait.run(main())


# Applications -------------------------------------------------------------------------


def new_application(kind, activate):
    """An application of Gtk or Gio; activate(application) is called when it is activated."""
    options = {"application_id": "org.gawait.Test", "flags": Gio.ApplicationFlags.NON_UNIQUE}

    class Activated(import_gtk().Application if kind == "Gtk" else Gio.Application):
        def do_activate(self):
            activate(self)

    return Activated(**options)


def open_window(application):
    """Keeps the application running."""
    if isinstance(application, import_gtk().Application):
        import_gtk().ApplicationWindow(application=application).present()
    else:
        application.hold()


applications = pytest.mark.parametrize("kind", ["Gtk", "Gio"])


@applications
@with_gtk
def test_tasks_run_in_an_application_that_was_simply_run(kind):
    events = []

    async def work(application):
        events.append("begun")
        await asyncio.sleep(0.01)
        events.append("slept")
        application.quit()

    def activate(application):
        open_window(application)
        tasks.append(asyncio.create_task(work(application)))
        events.append("activated")

    tasks = []
    assert new_application(kind, activate).run([]) == 0
    assert events == ["activated", "begun", "slept"]
    assert tasks[0].done()


@applications
@with_gtk
def test_what_an_application_that_was_simply_run_leaves_is_cancelled(kind):
    events = []

    async def work(application):
        try:
            application.quit()
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    def activate(application):
        open_window(application)
        tasks.append(asyncio.create_task(work(application)))

    tasks = []
    new_application(kind, activate).run([])
    assert events == ["cancelled"]
    assert tasks[0].cancelled()


@applications
@with_gtk
def test_an_application_can_be_run_again(kind):
    ended = []

    async def work(application):
        await asyncio.sleep(0.001)
        ended.append(application)
        application.quit()

    def activate(application):
        open_window(application)
        tasks.append(asyncio.create_task(work(application)))

    tasks = []
    for _ in range(2):
        new_application(kind, activate).run([])
    assert len(ended) == 2


@applications
@with_gtk
def test_an_application_runs_inside_of_gawait_run(kind):
    events = []

    async def main():
        loop = asyncio.get_running_loop()

        async def ours():
            await asyncio.sleep(0.001)
            events.append("task from before")

        async def work(application):
            assert asyncio.get_running_loop() is loop
            await before
            await asyncio.sleep(0.01)
            events.append("task of the application")
            application.quit()

        def activate(application):
            open_window(application)
            tasks.append(asyncio.create_task(work(application)))

        tasks = []
        before = asyncio.create_task(ours())
        task = asyncio.current_task()
        assert new_application(kind, activate).run([]) == 0
        assert asyncio.current_task() is task
        events.append("application ended")
        await asyncio.sleep(0.001)
        await tasks[0]

    gawait.run(main())
    assert events == ["task from before", "task of the application", "application ended"]


@applications
@with_gtk
def test_an_application_that_has_a_loop_already_runs_on_it(kind):
    with asyncio.Runner(loop_factory=gawait.EventLoop) as runner:
        loop = runner.get_loop()
        seen = []

        async def work(application):
            seen.append(asyncio.get_running_loop())
            application.quit()

        def activate(application):
            open_window(application)
            loop.create_task(work(application))

        new_application(kind, activate).run([])
        assert seen == [loop]


@applications
@with_gtk
def test_an_exception_in_a_task_does_not_end_the_application(kind):
    reports = []

    async def fail():
        raise ValueError("on purpose")

    async def work(application):
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: reports.append(context["exception"]))
        failing = asyncio.create_task(fail())
        await asyncio.wait([failing])
        del failing
        await asyncio.sleep(0.01)
        application.quit()

    def activate(application):
        open_window(application)
        tasks.append(asyncio.create_task(work(application)))

    tasks = []
    assert new_application(kind, activate).run([]) == 0
    assert [str(each) for each in reports] == ["on purpose"]


@applications
@with_gtk
def test_a_task_that_the_application_holds_keeps_it_running(kind):
    events = []

    async def work():
        await asyncio.sleep(0.01)
        events.append("done")

    def activate(application):
        application.hold()
        task = asyncio.create_task(work())
        task.add_done_callback(lambda task: application.release())
        tasks.append(task)

    tasks = []
    new_application(kind, activate).run([])
    assert events == ["done"]


@pytest.mark.skipif(
    not hasattr(Gio.Application, "create_asyncio_task"),
    reason="this PyGObject does not have it",
)
@applications
@with_gtk
def test_create_asyncio_task_keeps_the_application_running(kind):
    events = []

    async def work():
        await asyncio.sleep(0.01)
        events.append("done")

    def activate(application):
        application.create_asyncio_task(work())

    new_application(kind, activate).run([])
    assert events == ["done"]


# Nested iteration ---------------------------------------------------------------------


@with_gtk
def test_iterating_the_context_in_a_task_runs_no_other_task():
    events = []

    async def other():
        events.append("other task")

    async def main():
        task = asyncio.current_task()
        others = asyncio.create_task(other())
        asyncio.get_running_loop().call_soon(events.append, "call")
        GLib.idle_add(lambda: events.append("idle") and False)
        context = GLib.MainContext.default()
        while "idle" not in events:
            context.iteration(True)
        for _ in range(100):
            context.iteration(False)
        assert asyncio.current_task() is task
        assert events == ["idle"]
        await others

    gawait.run(main())
    assert events == ["idle", "other task", "call"]


@with_gtk
def test_iterating_the_context_in_a_handler_runs_no_other_task():
    Gtk = import_gtk()
    events = []

    async def other():
        events.append("other task")

    async def main():
        loop = asyncio.get_running_loop()
        clicked = loop.create_future()

        def on_clicked(button):
            task = asyncio.current_task()
            others.append(loop.create_task(other()))
            GLib.idle_add(lambda: events.append("idle") and False)
            while "idle" not in events:
                GLib.MainContext.default().iteration(True)
            assert asyncio.current_task() is task
            events.append("handled")
            clicked.set_result(None)

        others = []
        button = Gtk.Button()
        button.connect("clicked", on_clicked)
        button.emit("clicked")
        await clicked
        await others[0]

    gawait.run(main())
    assert events == ["idle", "handled", "other task"]


@with_gtk
def test_a_main_loop_that_a_task_runs_lets_other_tasks_run():
    events = []

    async def other(nested):
        events.append("other task")
        await asyncio.sleep(0.01)
        events.append("slept")
        nested.quit()

    async def main():
        nested = GLib.MainLoop()
        task = asyncio.current_task()
        others = asyncio.create_task(other(nested))
        nested.run()
        assert asyncio.current_task() is task
        events.append("nested loop ended")
        await others

    gawait.run(main())
    assert events == ["other task", "slept", "nested loop ended"]


@with_gtk
def test_nested_main_loops_end_from_the_inside_out():
    events = []

    async def nest(depth):
        if depth == 5:
            return
        nested = GLib.MainLoop()
        inner = asyncio.create_task(nest(depth + 1))
        inner.add_done_callback(lambda task: nested.quit())
        nested.run()
        events.append(depth)
        await inner

    gawait.run(nest(0))
    assert events == [4, 3, 2, 1, 0]


# Frames -------------------------------------------------------------------------------


@with_gtk
def test_a_window_keeps_its_frames_while_a_task_loops_on_sleep_0():
    Gtk = import_gtk()

    async def spin():
        while True:
            await asyncio.sleep(0)

    async def main():
        area, window = Gtk.DrawingArea(), Gtk.Window(default_width=200, default_height=200)
        drawn = 0

        def on_drawn(clock):
            nonlocal drawn
            drawn += 1

        area.add_tick_callback(lambda area, clock: area.queue_draw() or GLib.SOURCE_CONTINUE)
        window.set_child(area)
        window.present()
        area.get_frame_clock().connect("after-paint", on_drawn)

        async def count_frames(seconds):
            before = drawn
            await asyncio.sleep(seconds)
            return drawn - before

        while drawn < 10:
            await asyncio.sleep(0.01)
        idle = await count_frames(2)
        spinning = asyncio.create_task(spin())
        busy = await count_frames(2)
        spinning.cancel()
        window.destroy()
        assert busy >= 0.8 * idle > 0, f"{busy} frames in 2 s, of {idle} when idle"

    gawait.run(main())


# GTK's own asynchronous functions -------------------------------------------------------


@with_gtk
def test_asynchronous_functions_of_gdk_are_awaited():
    import_gtk()
    from gi.repository import Gdk

    async def main():
        clipboard = Gdk.Display.get_default().get_clipboard()
        content = GLib.Bytes.new(b"copied")
        clipboard.set_content(
            Gdk.ContentProvider.new_for_bytes("text/plain;charset=utf-8", content)
        )
        assert await clipboard.read_text_async() == "copied"
        with pytest.raises(GLib.Error):
            await clipboard.read_texture_async()

    gawait.run(main())
