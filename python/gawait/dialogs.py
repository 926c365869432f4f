"""Awaiting dialogs.

Those that GTK has since 4.10, Gtk.FileDialog and its like, are asynchronous functions, which
are awaited as any: `file = await dialog.open(window)`. Those that emit a response are here.
"""

import asyncio
import contextlib

from gi.repository import GLib

from gawait import _native
from gawait.connection import Connection


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
    widget in it.

    Closing destroys the dialog, also when the wait is cancelled. What was chosen in it can be
    read for as long as the program has it. On GTK 3, destroying would lose that, so a dialog
    that has responded is only hidden there, unless it is a Gtk.MessageDialog: destroy() it, as
    after Gtk.Dialog.run().

    Raises TypeError for what is no such dialog. To be called in the loop's thread, GTK's.
    """
    kind = next((kind for kind in _KINDS if _is(dialog, kind.name)), None)
    if kind is None:
        raise TypeError(
            "argument 'dialog': expected a Gtk.Dialog, a Gtk.NativeDialog, an Adw.MessageDialog or "
            f"an Adw.AlertDialog, not {type(dialog).__name__}"
        )
    return await kind(dialog).run(parent)


def _is(instance, name):
    """Whether it is of a GObject class, whose library may not be loaded."""
    return any(
        base.__gtype__.name == name
        for base in type(instance).__mro__
        if hasattr(base, "__gtype__")
    )


class _Window:
    """A window, which is there for as long as it is visible."""

    def __init__(self, dialog):
        self._dialog = dialog
        self._answer = asyncio.get_running_loop().create_future()

    async def run(self, parent):
        with contextlib.ExitStack() as stack:
            for name, callback in self._signals().items():
                stack.callback(Connection(self._dialog, name, callback).disconnect)
            try:
                self._present(parent)
                answer = await self._answer
            except BaseException:
                self._destroy()
                raise
        self._close()
        return answer

    def _signals(self):
        return {
            "response": self._responded,
            "unmap": self._gone,
            "destroy": self._gone,
        }

    def _responded(self, _, response):
        if not self._answer.done():
            self._answer.set_result(self._response(response))

    def _gone(self, *_):
        # The response may still come.
        self._answer.get_loop().call_soon(self._vanished)

    def _vanished(self):
        if not self._answer.done():
            self._answer.set_result(self._response_when_vanished())

    def _present(self, parent):
        if parent is not None:
            self._dialog.set_transient_for(parent)
        self._dialog.present()

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
        if _gtk()._version == "3.0" and not _is(self._dialog, "GtkMessageDialog"):
            self._dialog.hide()
        else:
            self._destroy()


class _GtkNativeDialog(_GtkDialog):
    name = "GtkNativeDialog"

    def _signals(self):
        return {"response": self._responded, "notify::visible": self._shown_or_hidden}

    def _shown_or_hidden(self, *_):
        if not self._dialog.get_visible():
            self._gone()

    def _present(self, parent):
        if parent is not None:
            self._dialog.set_transient_for(parent)
        self._dialog.show()

    _close = _Window._destroy


class _AdwMessageDialog(_Window):
    name = "AdwMessageDialog"

    def _response(self, name):
        return name

    def _response_when_vanished(self):
        return self._dialog.get_close_response()


class _AdwAlertDialog(_AdwMessageDialog):
    name = "AdwAlertDialog"

    def _signals(self):
        return {"response": self._responded}

    def _present(self, parent):
        self._dialog.present(parent)

    def _destroy(self):
        self._dialog.force_close()

    def _close(self):
        pass  # It does by itself.


_KINDS = _GtkDialog, _GtkNativeDialog, _AdwMessageDialog, _AdwAlertDialog


def _gtk():
    # The version that the dialog is of, which is loaded.
    from gi.repository import Gtk

    return Gtk
