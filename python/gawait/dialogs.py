"""Awaiting dialogs.

Those that GTK has since 4.10, Gtk.FileDialog and its like, are asynchronous functions, which
are awaited as any: `file = await dialog.open(window)`. Those that emit a response are here.
"""

import contextlib

from gi.repository import GLib, GObject

from gawait import _native
from gawait.connection import Connection
from gawait.guest import running_glib_loop


class Dismissed(GLib.Error):
    """The user has closed a dialog, and chosen nothing: Gtk.DialogError.DISMISSED.

    try:
        file = await Gtk.FileDialog().open(window)
    except gawait.Dismissed:
        return
    """


_native.name_dismissal(Dismissed)


async def response(dialog, parent=None):
    """Present a dialog, wait for its response, close the dialog, and return the response.

        dialog = Gtk.MessageDialog(text="Really?", buttons=Gtk.ButtonsType.YES_NO)
        if await gawait.response(dialog, window) == Gtk.ResponseType.YES:
            ...

    dialog is a Gtk.Dialog, as Gtk.MessageDialog and Gtk.FileChooserDialog are, or a
    Gtk.NativeDialog, as Gtk.FileChooserNative is, of GTK 3 or 4. Then the response is a member
    of Gtk.ResponseType, or an int if the program has made it up. Or it is an Adw.MessageDialog
    or an Adw.AlertDialog, whose response is a str. A dialog that the user closes responds with
    Gtk.ResponseType.DELETE_EVENT, or the dialog's close response. So does Libadwaita's when
    somebody else closes it, and GTK's then with Gtk.ResponseType.NONE.

    parent is the Gtk.Window that the dialog is above; for an Adw.AlertDialog it may be any
    widget in it. It is not kept, and when the parent of a dialog is destroyed, which is also what
    closing it does, the dialog goes as if somebody else had closed it.

    The dialog is also taken away when the wait is cancelled. A Gtk.MessageDialog or an
    Adw.MessageDialog is destroyed when it has responded, and any Gtk.Dialog when the wait is
    cancelled. A Gtk.Dialog that has responded is only hidden: what was chosen in it can be read, and
    it can be asked again; destroy() it in the end, as after Gtk.Dialog.run().

    Raises TypeError for what is no such dialog, ValueError if it is its own parent, and RuntimeError
    if it was destroyed, or if the running event loop does not iterate GTK's context, the
    default GLib.MainContext. To be called in the loop's thread, GTK's.
    """
    kind = next((kind for kind in _KINDS if _is(dialog, kind.name)), None)
    if kind is None:
        raise TypeError(
            "argument 'dialog': expected a Gtk.Dialog, a Gtk.NativeDialog, an Adw.MessageDialog or "
            f"an Adw.AlertDialog, not {type(dialog).__name__}"
        )
    if parent is dialog:
        raise ValueError("argument 'parent': a dialog cannot be its own parent")
    loop = running_glib_loop("the response of a dialog")
    if loop._context != GLib.MainContext.default():
        raise RuntimeError(
            "the running event loop iterates another GLib.MainContext than the default one, which is GTK's"
        )
    wait = kind(dialog, loop)
    with contextlib.ExitStack() as stack:
        wait.begin(stack, parent)
        del parent  # which would live as long as the wait
        return await wait.end()


def _is(instance, name):
    """Whether it is of a GObject class, whose library may not be loaded."""
    return any(
        base.__gtype__.name == name
        for base in type(instance).__mro__
        if hasattr(base, "__gtype__")
    )


class _Window:
    """A window, which is there for as long as it is visible."""

    def __init__(self, dialog, loop):
        self._dialog = dialog
        self._parent = None
        self._answer = loop.create_future()

    def begin(self, stack, parent):
        """Present it. The stack undoes what was connected for that."""
        hook = GObject.add_emission_hook(self._dialog, "response", self._emitted)
        stack.callback(GObject.remove_emission_hook, self._dialog, "response", hook)
        for name, callback in self._signals().items():
            stack.callback(Connection(self._dialog, name, callback).disconnect)
        try:
            self._present(parent)
        except BaseException:
            self._destroy()
            raise
        above = self._dialog_parent()
        if above is not None:
            self._parent = GObject.Object.weak_ref(above)
            for name, callback in (
                ("unrealize", self._parent_hidden),
                ("destroy", self._parent_destroyed),
            ):
                stack.callback(Connection(above, name, callback).disconnect)

    async def end(self):
        try:
            answer = await self._answer
        except BaseException:
            self._destroy()
            raise
        self._close()
        return answer

    def _signals(self):
        return {"unmap": self._gone, "destroy": self._gone}

    def _emitted(self, dialog, response):
        # A hook, since it precedes the program's handlers: on GTK 3 one that destroys the dialog
        # disconnects the others. It sees what every dialog emits.
        if dialog is self._dialog and not self._answer.done():
            self._answer.set_result(self._response(response))
        return True

    def _gone(self, *_):
        # The response may still come.
        self._answer.get_loop().call_soon(self._vanished)

    def _parent_hidden(self, *_):
        # GTK 4 destroys a window that is still referred to without a signal of its own.
        self._answer.get_loop().call_soon(self._look_for_parent)

    def _look_for_parent(self):
        parent = self._parent()
        if parent is not None and parent not in _gtk().Window.list_toplevels():
            self._parent_destroyed()

    def _parent_destroyed(self, *_):
        # While it is there. GTK 4 forgets that of a dialog which it has destroyed with its parent.
        self._dialog.set_transient_for(None)
        self._gone()

    def _vanished(self):
        if not self._answer.done():
            self._answer.set_result(self._response_when_vanished())

    def _present(self, parent):
        if self._dialog not in _gtk().Window.list_toplevels():
            raise RuntimeError("argument 'dialog': this dialog was destroyed")
        if parent is not None:
            self._dialog.set_transient_for(parent)
        self._dialog.present()

    def _dialog_parent(self):
        return self._dialog.get_transient_for()

    def _destroy(self):
        self._dialog.destroy()

    _close = _destroy


class _GtkDialog(_Window):
    name = "GtkDialog"

    def _response(self, number):
        try:
            return _gtk().ResponseType(number)
        except ValueError:  # of the program's own
            return number

    def _response_when_vanished(self):
        return _gtk().ResponseType.NONE

    def _close(self):
        if _is(self._dialog, "GtkMessageDialog"):
            self._destroy()
        else:  # Destroying would lose what it has inside.
            self._dialog.hide()


class _GtkNativeDialog(_GtkDialog):
    name = "GtkNativeDialog"

    def _signals(self):
        return {"notify::visible": self._shown_or_hidden}

    def _shown_or_hidden(self, *_):
        if not self._dialog.get_visible():
            self._gone()

    def _present(self, parent):
        if parent is not None:
            self._dialog.set_transient_for(parent)
        self._dialog.show()

    def _destroy(self):
        self._dialog.hide()  # All that it has on the screen goes when nobody has it any more.

    _close = _destroy


class _AdwMessageDialog(_Window):
    name = "AdwMessageDialog"

    def _response(self, name):
        return name

    def _response_when_vanished(self):
        return self._dialog.get_close_response()


class _AdwAlertDialog(_AdwMessageDialog):
    name = "AdwAlertDialog"

    def _signals(self):
        return {}

    def _present(self, parent):
        self._dialog.present(parent)

    def _dialog_parent(self):
        return None  # It is a part of its window.

    def _destroy(self):
        self._dialog.force_close()

    def _close(self):
        pass  # It does by itself.


_KINDS = _GtkDialog, _GtkNativeDialog, _AdwMessageDialog, _AdwAlertDialog


def _gtk():
    # The version that the dialog is of, which is loaded.
    from gi.repository import Gtk

    return Gtk
