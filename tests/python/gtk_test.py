"""The loop and GTK 4 in one thread. Each test runs in a process of its own."""

import asyncio

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
        # Something else that runs on the machine may take its time in one of the two.
        for _ in range(4):
            idle = await count_frames(1)
            spinning = asyncio.create_task(spin())
            busy = await count_frames(1)
            spinning.cancel()
            if kept := busy >= 0.8 * idle > 0:
                break
        window.destroy()
        assert kept, f"{busy} frames in a second, of {idle} when idle"

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


# Coroutine functions as handlers --------------------------------------------------------

TEMPLATE = """
<interface>
  <template class="Panel" parent="GtkBox">
    <child>
      <object class="GtkButton" id="button">
        <signal name="clicked" handler="on_clicked"/>
        <signal name="notify::label" handler="on_label" object="Panel" swapped="no"/>
      </object>
    </child>
    <child>
      <object class="GtkSpinButton" id="spin">
        <signal name="input" handler="on_input"/>
      </object>
    </child>
  </template>
</interface>
"""


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("version", ["3.0", "4.0"])
@with_gtk
def test_a_template_has_coroutine_functions_as_handlers(version):
    Gtk = import_gtk(version)

    @Gtk.Template(string=TEMPLATE)
    class Panel(Gtk.Box):
        __gtype_name__ = "Panel"
        button = Gtk.Template.Child()
        spin = Gtk.Template.Child()

        @Gtk.Template.Callback()
        async def on_clicked(self, *arguments):
            await asyncio.sleep(0)
            seen.append(("clicked", arguments))
            raise ValueError("on purpose")

        @Gtk.Template.Callback("on_label")
        async def label_changed(self, *arguments):
            await asyncio.sleep(0)
            seen.append(("label", len(arguments)))

        @Gtk.Template.Callback()
        async def on_input(self, *arguments):
            pass

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, report: reports.append(report["message"]))
        panel = Panel()
        panel.button.emit("clicked")
        panel.button.set_label("label")
        await until(lambda: len(seen) == 2 and reports)
        assert ("clicked", (panel.button,)) in seen
        # With an `object`, PyGObject passes that in the place of the emitter.
        assert ("label", 2) in seen
        if version == "4.0":  # PyGObject cannot emit that of GTK 3
            assert panel.spin.emit("input", None) == 0
        assert reports == [
            "Exception in test_a_template_has_coroutine_functions_as_handlers.<locals>.Panel."
            "on_clicked(), the handler of signal 'clicked' of Button"
        ]

    seen, reports = [], []
    gawait.run(main())


BUILT = """
<interface>
  <object class="GtkButton" id="button">
    <signal name="clicked" handler="on_clicked"/>
  </object>
</interface>
"""


@pytest.mark.parametrize("version", ["3.0", "4.0"])
@pytest.mark.parametrize("scope", ["object", "map"])
@with_gtk
def test_a_builder_has_coroutine_functions_as_handlers(version, scope):
    Gtk = import_gtk(version)

    class Scope:
        async def on_clicked(self, button, *data):
            await asyncio.sleep(0)
            seen.append(data)

    async def main():
        handlers = Scope() if scope == "object" else {"on_clicked": (Scope().on_clicked, 1)}
        builder = Gtk.Builder(handlers) if version == "4.0" else Gtk.Builder()
        builder.add_from_string(BUILT)
        if version == "3.0":
            builder.connect_signals(handlers)
        builder.get_object("button").emit("clicked")
        await until(lambda: seen)
        assert seen == [() if scope == "object" else (1,)]

    seen = []
    gawait.run(main())


@with_gtk
def test_callbacks_of_gtk_may_be_coroutine_functions():
    Gtk = import_gtk()

    async def note(*arguments):
        await asyncio.sleep(0)
        seen.append(arguments[0])

    async def main():
        window = Gtk.Window()
        window.present()
        window.add_tick_callback(note)
        await until(lambda: seen == [window])
        action = Gtk.CallbackAction.new(note)
        assert action.activate(Gtk.ShortcutActionFlags.EXCLUSIVE, window, None) is False
        await until(lambda: len(seen) == 2)
        window.destroy()

    seen = []
    gawait.run(main())


@with_gtk
def test_dragging_and_dropping_has_coroutine_functions_as_handlers():
    Gtk = import_gtk()
    from gi.repository import Gdk, GObject

    async def on_drop(target, value, x, y):
        await asyncio.sleep(0)
        seen.append((value, x, y))

    async def on_enter(target, x, y):
        seen.append((x, y))

    async def main():
        target = Gtk.DropTarget.new(GObject.TYPE_STRING, Gdk.DragAction.COPY)
        target.connect("enter", on_enter)
        gawait.connect(target, "drop", on_drop, answer=True)
        assert target.emit("enter", 1, 2) == 0
        assert target.emit("drop", "text", 3, 4) is True
        await until(lambda: len(seen) == 2)
        assert seen == [(1, 2), ("text", 3, 4)]

    seen = []
    gawait.run(main())


@with_gtk
def test_a_close_request_is_answered_before_its_handler_runs():
    Gtk = import_gtk()

    async def confirm(window):
        dialog = Gtk.MessageDialog(transient_for=window, buttons=Gtk.ButtonsType.YES_NO)
        GLib.timeout_add(100, dialog.response, Gtk.ResponseType.YES)
        if await gawait.response(dialog) == Gtk.ResponseType.YES:
            window.destroy()

    async def main():
        window = Gtk.Window()
        gawait.connect(window, "close-request", confirm, concurrency="one", answer=True)
        window.present()
        window.close()
        assert window.get_visible()
        window.close()
        await until(lambda: window not in list(Gtk.Window.list_toplevels()))

    gawait.run(main())


@with_gtk
def test_handlers_run_in_the_main_loop_of_gtk_3():
    Gtk = import_gtk("3.0")

    async def on_clicked(button):
        await Gio.File.new_for_path("/dev/null").load_contents_async()
        Gtk.main_quit()

    button = Gtk.Button()
    button.connect("clicked", on_clicked)
    GLib.idle_add(button.clicked)
    Gtk.main()
