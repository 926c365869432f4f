"""What more than one page is made of."""

from gi.repository import Adw, Gtk


def boxed_list():
    return Gtk.ListBox(selection_mode=Gtk.SelectionMode.NONE, css_classes=["boxed-list"])


def column(*widgets):
    """Widgets one below the other, no wider than is easily read, that scroll."""
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=24, css_classes=["page"])
    for widget in widgets:
        box.append(widget)
    return Gtk.ScrolledWindow(child=Adw.Clamp(child=box))


def pill(label, action_name):
    """The button of a page that is empty."""
    return Gtk.Button(
        label=label,
        use_underline=True,
        action_name=action_name,
        halign=Gtk.Align.CENTER,
        css_classes=["pill", "suggested-action"],
    )
