"""Awaiting the dialogs of GTK 3, GTK 4 and Libadwaita, in a process for each test."""

import asyncio
import gc

import gi
import pytest

import gawait
from gi.repository import Gio, GLib, GObject
from programs import import_gtk, installed, with_gtk

both_gtks = pytest.mark.parametrize("version", ["3.0", "4.0"])


@pytest.fixture
def adw_1_2():
    skip_before("Adw", "1", (1, 2), "which has Adw.MessageDialog")


@pytest.fixture
def adw_1_5():
    skip_before("Adw", "1", (1, 5), "which has Adw.AlertDialog")


@pytest.fixture
def gtk_4_10():
    skip_before("Gtk", "4.0", (4, 10), "which has asynchronous dialogs")


def skip_before(namespace, version, wanted, why):
    if installed(namespace, version) < wanted:
        pytest.skip(f"{namespace} is older than {'.'.join(map(str, wanted))}, {why}")


def window_of(Gtk):
    window = Gtk.Window(title="parent")
    window.present()
    return window


def question(Gtk, parent, **properties):
    return Gtk.MessageDialog(
        transient_for=parent, buttons=Gtk.ButtonsType.YES_NO, text="Really?", **properties
    )


def toplevels(Gtk):
    windows = Gtk.Window.list_toplevels()
    return {each for each in windows if isinstance(each, Gtk.Dialog) and each.get_visible()}


async def shown(dialog):
    while not dialog.get_visible():
        await asyncio.sleep(0.001)
    # Its own first frames.
    await asyncio.sleep(0.05)


def when_shown(dialog, act):
    """Does something when a dialog is there."""

    async def act_then():
        await shown(dialog)
        act(dialog)

    return gawait.create_background_task(act_then())


# Gtk.Dialog ---------------------------------------------------------------------------


@both_gtks
@with_gtk
def test_the_response_of_a_dialog_is_a_member_of_the_enumeration(version):
    Gtk = import_gtk(version)

    async def main():
        window = window_of(Gtk)
        dialog = question(Gtk, None)
        when_shown(dialog, lambda _: dialog.response(Gtk.ResponseType.YES))
        answer = await gawait.response(dialog, window)
        assert answer is Gtk.ResponseType.YES or answer == Gtk.ResponseType.YES
        assert type(answer) is Gtk.ResponseType
        assert dialog.get_transient_for() in (window, None)
        assert toplevels(Gtk) == set()

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_button_responds(version):
    Gtk = import_gtk(version)

    async def main():
        dialog = question(Gtk, window_of(Gtk))
        when_shown(
            dialog,
            lambda _: dialog.get_widget_for_response(Gtk.ResponseType.NO).emit("clicked"),
        )
        assert await gawait.response(dialog) == Gtk.ResponseType.NO

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_response_of_the_programs_own_is_an_int(version):
    Gtk = import_gtk(version)

    async def main():
        dialog = question(Gtk, window_of(Gtk))
        when_shown(dialog, lambda _: dialog.response(7))
        answer = await gawait.response(dialog)
        assert answer == 7 and type(answer) is int

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_closed_window_is_a_delete_event(version):
    Gtk = import_gtk(version)

    async def main():
        dialog = question(Gtk, window_of(Gtk))
        when_shown(dialog, Gtk.Window.close)
        assert await gawait.response(dialog) == Gtk.ResponseType.DELETE_EVENT

    gawait.run(main())


@both_gtks
@pytest.mark.parametrize("end", ["hide", "destroy", "parent"])
@with_gtk
def test_a_dialog_that_vanishes_has_no_response(version, end):
    Gtk = import_gtk(version)

    async def main():
        window = window_of(Gtk)
        dialog = question(Gtk, window, destroy_with_parent=True)
        ends = {"hide": dialog.hide, "destroy": dialog.destroy, "parent": window.destroy}
        when_shown(dialog, lambda _: ends[end]())
        assert await gawait.response(dialog) == Gtk.ResponseType.NONE

    gawait.run(main())


@both_gtks
@pytest.mark.parametrize("with_parent", [False, True])
@with_gtk
def test_a_parent_that_is_closed_takes_the_dialog_with_it(version, with_parent):
    Gtk = import_gtk(version)

    async def main():
        def ask():
            window = window_of(Gtk)
            windows.append(GObject.Object.weak_ref(window))
            dialog = Gtk.MessageDialog(text="Really?", destroy_with_parent=with_parent)
            when_shown(dialog, lambda _: windows[0]().close())
            return gawait.response(dialog, window)

        windows = []
        assert await asyncio.wait_for(ask(), 30) == Gtk.ResponseType.NONE
        assert toplevels(Gtk) == set()
        gc.collect()
        assert windows[0]() is None

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_parent_that_is_hidden_does_not_end_the_wait(version):
    Gtk = import_gtk(version)

    async def main():
        window = window_of(Gtk)
        dialog = question(Gtk, None)
        waiting = asyncio.create_task(gawait.response(dialog, window))
        await shown(dialog)
        window.hide()
        await asyncio.sleep(0.05)
        assert not waiting.done()
        dialog.response(Gtk.ResponseType.YES)
        assert await waiting == Gtk.ResponseType.YES

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_dialog_is_destroyed_when_the_wait_is_cancelled(version):
    Gtk = import_gtk(version)

    async def main():
        dialog = question(Gtk, window_of(Gtk))
        destroyed = gawait.signal(dialog, "destroy")
        waiting = asyncio.create_task(gawait.response(dialog))
        await shown(dialog)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert toplevels(Gtk) == set()
        if version == "3.0":
            assert await destroyed == ()

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_timeout_takes_the_dialog_away(version):
    Gtk = import_gtk(version)

    async def main():
        dialog = question(Gtk, window_of(Gtk))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gawait.response(dialog), 0.1)
        assert toplevels(Gtk) == set()

    gawait.run(main())


@both_gtks
@with_gtk
def test_what_a_dialog_has_inside_can_be_read_after_the_response(version):
    Gtk = import_gtk(version)

    async def main():
        dialog = Gtk.Dialog(transient_for=window_of(Gtk))
        entry = Gtk.Entry(text="some text")
        box = dialog.get_content_area()
        (box.add if version == "3.0" else box.append)(entry)
        when_shown(dialog, lambda _: dialog.response(Gtk.ResponseType.OK))
        waiting = asyncio.create_task(gawait.response(dialog))
        assert await asyncio.wait_for(waiting, 30) == Gtk.ResponseType.OK
        await asyncio.sleep(0.05)
        assert entry.get_text() == "some text"
        assert toplevels(Gtk) == set()
        if version == "3.0":
            dialog.destroy()

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_dialog_can_be_awaited_in_a_handler(version):
    Gtk = import_gtk(version)

    async def on_clicked(button):
        dialog = question(Gtk, window)
        when_shown(dialog, lambda _: dialog.response(Gtk.ResponseType.YES))
        answers.append(await gawait.response(dialog))
        application.quit()

    def on_activate(application):
        nonlocal window
        window = Gtk.ApplicationWindow(application=application)
        button = Gtk.Button()
        button.connect("clicked", on_clicked)
        window.add(button) if version == "3.0" else window.set_child(button)
        window.present()
        button.emit("clicked")

    window, answers = None, []
    application = Gtk.Application()
    application.connect("activate", on_activate)
    application.run()
    assert answers == [Gtk.ResponseType.YES]


@both_gtks
@pytest.mark.parametrize("kind", ["Dialog", "MessageDialog"])
@with_gtk
def test_a_dialog_can_be_asked_again_until_it_is_destroyed(version, kind):
    Gtk = import_gtk(version)

    async def main():
        dialog = getattr(Gtk, kind)(title="A name")
        window = window_of(Gtk)
        for _ in range(3):
            when_shown(dialog, lambda _: dialog.response(Gtk.ResponseType.OK))
            assert await gawait.response(dialog, window) == Gtk.ResponseType.OK
            assert not dialog.get_visible() and not dialog.get_mapped()
            if kind == "MessageDialog":
                break
        else:
            dialog.destroy()
        with pytest.raises(RuntimeError, match="this dialog was destroyed"):
            await gawait.response(dialog, window)

    gawait.run(main())


@both_gtks
@with_gtk
def test_the_response_counts_though_another_handler_destroys_the_dialog(version):
    Gtk = import_gtk(version)

    async def main():
        dialog = question(Gtk, window_of(Gtk))
        dialog.connect("response", lambda *_: dialog.destroy())
        when_shown(dialog, lambda _: dialog.response(Gtk.ResponseType.YES))
        assert await gawait.response(dialog) == Gtk.ResponseType.YES

    gawait.run(main())


@both_gtks
@with_gtk
def test_each_of_many_dialogs_has_its_own_response(version):
    Gtk = import_gtk(version)

    async def main():
        window = window_of(Gtk)
        dialogs = [question(Gtk, window) for _ in range(3)]
        waiting = [asyncio.create_task(gawait.response(each)) for each in dialogs]
        for number, each in enumerate(dialogs):
            await shown(each)
            each.response(number)
        assert await asyncio.gather(*waiting) == [0, 1, 2]

    gawait.run(main())


@both_gtks
@with_gtk
def test_dialogs_do_not_leak(version):
    Gtk = import_gtk(version)

    async def main():
        window = window_of(Gtk)
        for _ in range(3):
            dialog = question(Gtk, window)
            when_shown(dialog, lambda dialog: dialog.response(Gtk.ResponseType.YES))
            await gawait.response(dialog)
        gone = GObject.Object.weak_ref(dialog)
        del dialog
        for _ in range(10):
            await asyncio.sleep(0.02)
            gc.collect()
        assert gone() is None

    gawait.run(main())


@with_gtk
def test_what_is_no_dialog_is_refused():
    Gtk = import_gtk()

    async def main():
        for wrong in Gtk.Window(), "dialog", None:
            with pytest.raises(
                TypeError, match="'dialog'.*Gtk.Dialog, .*not (Window|str|None)"
            ):
                await gawait.response(wrong)

    gawait.run(main())


@with_gtk
def test_a_dialog_is_not_above_itself():
    Gtk = import_gtk()

    async def main():
        dialog = question(Gtk, None)
        with pytest.raises(ValueError, match="its own parent"):
            await gawait.response(dialog, dialog)

    gawait.run(main())


@with_gtk
def test_a_loop_that_does_not_run_gtk_is_refused():
    Gtk = import_gtk()

    async def main():
        await gawait.response(question(Gtk, None))

    with pytest.raises(RuntimeError, match=r"_UnixSelectorEventLoop.*use gawait.run\(\)"):
        asyncio.run(main())

    async def in_a_thread():
        with pytest.raises(RuntimeError, match="another GLib.MainContext .* GTK's"):
            await asyncio.to_thread(lambda: gawait.run(main()))

    gawait.run(in_a_thread())


# Choosers -----------------------------------------------------------------------------


def delegate(Gtk):
    """The dialog that a Gtk.FileChooserNative shows where there is no portal."""
    for each in Gtk.Window.list_toplevels():
        if isinstance(each, Gtk.FileChooserDialog):
            return each
    return None


async def accept(Gtk, find_dialog):
    """Accepts what a file chooser has selected, once it has."""
    while not (find_dialog() and find_dialog().get_visible() and find_dialog().get_file()):
        await asyncio.sleep(0.01)
    find_dialog().response(Gtk.ResponseType.ACCEPT)


@both_gtks
@with_gtk
def test_a_native_file_chooser(version):
    Gtk = import_gtk(version)
    # Of whom recently used files remember.
    GLib.set_application_name("test")
    GLib.set_prgname("test")

    async def main():
        chooser = Gtk.FileChooserNative(title="Open", action=Gtk.FileChooserAction.OPEN)
        chooser.set_file(Gio.File.new_for_path("/etc/passwd"))

        gawait.create_background_task(accept(Gtk, lambda: delegate(Gtk)))
        answer = await gawait.response(chooser, window_of(Gtk))
        assert type(answer) is Gtk.ResponseType and answer == Gtk.ResponseType.ACCEPT
        assert not chooser.get_visible()
        await asyncio.sleep(0.05)
        assert chooser.get_file().get_path() == "/etc/passwd"

        when_shown(chooser, lambda _: delegate(Gtk).response(Gtk.ResponseType.CANCEL))
        assert await gawait.response(chooser) == Gtk.ResponseType.CANCEL
        del chooser
        await asyncio.sleep(0.05)
        gc.collect()
        assert delegate(Gtk) is None

    gawait.run(main())


@both_gtks
@pytest.mark.parametrize("end", ["close", "hide", "parent", "cancel"])
@with_gtk
def test_a_native_dialog_that_is_left(version, end):
    Gtk = import_gtk(version)

    async def main():
        chooser = Gtk.FileChooserNative(title="Open", action=Gtk.FileChooserAction.OPEN)
        window = window_of(Gtk)
        waiting = asyncio.create_task(gawait.response(chooser, window))
        await shown(chooser)
        if end == "close":
            delegate(Gtk).close()
            assert await waiting == Gtk.ResponseType.DELETE_EVENT
        elif end in ("hide", "parent"):
            chooser.hide() if end == "hide" else window.close()
            assert await waiting == Gtk.ResponseType.NONE
        else:
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert not chooser.get_visible()

    gawait.run(main())


@both_gtks
@with_gtk
def test_a_file_chooser_dialog(version):
    Gtk = import_gtk(version)
    GLib.set_application_name("test")

    async def main():
        dialog = Gtk.FileChooserDialog(
            title="Open", action=Gtk.FileChooserAction.OPEN, transient_for=window_of(Gtk)
        )
        dialog.set_file(Gio.File.new_for_path("/etc/passwd"))

        gawait.create_background_task(accept(Gtk, lambda: dialog))
        assert await gawait.response(dialog) == Gtk.ResponseType.ACCEPT
        assert dialog.get_file().get_path() == "/etc/passwd"
        if version == "3.0":
            dialog.destroy()

    gawait.run(main())


# Libadwaita ---------------------------------------------------------------------------


def import_adw():
    Gtk = import_gtk()
    gi.require_version("Adw", "1")
    from gi.repository import Adw

    Adw.init()
    return Gtk, Adw


def adw_question(kind):
    dialog = kind(heading="Really?", close_response="neither")
    dialog.add_response("yes", "Yes")
    dialog.add_response("neither", "Neither")
    return dialog


@pytest.mark.usefixtures("adw_1_2")
@pytest.mark.parametrize("end", ["response", "close", "destroy", "cancel"])
@with_gtk
def test_a_message_dialog_of_libadwaita(end):
    Gtk, Adw = import_adw()

    async def main():
        dialog = adw_question(Adw.MessageDialog)
        waiting = asyncio.create_task(gawait.response(dialog, window_of(Gtk)))
        await shown(dialog)
        if end == "response":
            dialog.response("yes")
            assert await waiting == "yes"
        elif end == "cancel":
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        else:
            getattr(dialog, end)()
            assert await waiting == "neither"
        assert dialog not in Gtk.Window.list_toplevels()

    gawait.run(main())


@pytest.mark.usefixtures("adw_1_2")
@with_gtk
def test_a_message_dialog_of_libadwaita_is_asked_once():
    Gtk, Adw = import_adw()

    async def main():
        dialog = adw_question(Adw.MessageDialog)
        window = window_of(Gtk)
        when_shown(dialog, lambda _: dialog.response("yes"))
        assert await gawait.response(dialog, window) == "yes"
        assert not dialog.get_mapped()
        with pytest.raises(RuntimeError, match="this dialog was destroyed"):
            await gawait.response(dialog, window)

    gawait.run(main())


@pytest.mark.usefixtures("adw_1_5")
@pytest.mark.parametrize("end", ["response", "close", "force_close", "cancel"])
@with_gtk
def test_an_alert_dialog_of_libadwaita(end):
    Gtk, Adw = import_adw()

    async def main():
        dialog = adw_question(Adw.AlertDialog)
        window = Adw.Window(default_width=600, default_height=400)
        window.present()
        waiting = asyncio.create_task(gawait.response(dialog, window))
        while not dialog.get_mapped():
            await asyncio.sleep(0.01)
        if end == "response":
            dialog.emit("response", "yes")
            dialog.force_close()
            assert await waiting == "yes"
        elif end == "cancel":
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        else:
            getattr(dialog, end)()
            assert await waiting == "neither"

    gawait.run(main())


# GTK's own asynchronous dialogs -------------------------------------------------------

since_4_10 = pytest.mark.usefixtures("gtk_4_10")


async def next_toplevel(Gtk, others):
    while True:
        # GTK destroys one twice that is closed in the iteration that has opened it.
        await asyncio.sleep(0.05)
        for window in Gtk.Window.list_toplevels():
            if window not in others and window.get_mapped():
                return window


@since_4_10
@with_gtk
def test_an_alert_dialog_is_awaited():
    Gtk = import_gtk()

    async def main():
        window = window_of(Gtk)
        dialog = Gtk.AlertDialog(message="Really?", buttons=["Yes", "No"])
        answer = dialog.choose(window)
        (await next_toplevel(Gtk, {window})).response(1)
        assert await answer == 1
        answer = dialog.choose(window)
        (await next_toplevel(Gtk, {window})).close()
        with pytest.raises(gawait.Dismissed):
            await answer

    gawait.run(main())


CHOICES = {
    "open": lambda Gtk: Gtk.FileDialog().open,
    "select_folder": lambda Gtk: Gtk.FileDialog().select_folder,
    "open_multiple": lambda Gtk: Gtk.FileDialog().open_multiple,
    "choose_rgba": lambda Gtk: Gtk.ColorDialog().choose_rgba,
    "choose_font": lambda Gtk: Gtk.FontDialog().choose_font,
}


@since_4_10
@pytest.mark.parametrize("choice", CHOICES)
@with_gtk
def test_a_chooser_that_is_closed_was_dismissed(choice):
    Gtk = import_gtk()

    async def main():
        window = window_of(Gtk)
        choosing = CHOICES[choice](Gtk)(window)
        (await next_toplevel(Gtk, {window})).close()
        with pytest.raises(gawait.Dismissed):
            await choosing

    gawait.run(main())


@since_4_10
@pytest.mark.parametrize("choice", CHOICES)
@with_gtk
def test_a_chooser_is_taken_away_when_the_wait_is_cancelled(choice):
    Gtk = import_gtk()

    async def main():
        window = window_of(Gtk)
        choosing = CHOICES[choice](Gtk)(window)
        chooser = await next_toplevel(Gtk, {window})
        choosing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await choosing
        while chooser.get_mapped():
            await asyncio.sleep(0.01)

    gawait.run(main())


# Dismissed ----------------------------------------------------------------------------


def fail_with(error):
    """Awaits an asynchronous function that ends with an error."""

    def start(cancellable, callback):
        task = Gio.Task.new(None, cancellable, lambda _, result: callback(None, result))
        task.return_error(error)

    return gawait.call(start, finish=lambda result: result.propagate_boolean())


def test_a_dismissal_is_an_exception_of_its_own_and_a_glib_error(run):
    async def main():
        with pytest.raises(gawait.Dismissed) as raised:
            await fail_with(GLib.Error("Dismissed by user", "gtk-dialog-error-quark", 2))
        assert isinstance(raised.value, GLib.Error)
        assert raised.value.message == "Dismissed by user"
        assert raised.value.matches(GLib.quark_from_string("gtk-dialog-error-quark"), 2)

    run(main())


@pytest.mark.parametrize(
    "domain, code", [("gtk-dialog-error-quark", 1), ("g-io-error-quark", 2)]
)
def test_any_other_error_is_what_it_was(run, domain, code):
    async def main():
        with pytest.raises(GLib.Error) as raised:
            await fail_with(GLib.Error("no", domain, code))
        assert type(raised.value) is GLib.Error

    run(main())
