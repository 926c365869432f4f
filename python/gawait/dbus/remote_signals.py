"""Signals of remote objects."""

import weakref

from gi.repository import Gio, GLib, GObject

from gawait._native import subscribe_signal
from gawait.dbus.calling import BUS, BUS_PATH, check_bus, check_type
from gawait.dbus.errors import Disconnected, InvalidSignature
from gawait.emissions import Emissions

LIMIT = 10_000  # signals that may wait for a reader


class RemoteSignal:
    """A signal of a remote object.

        async for seconds in player.seeked:
            ...

    gives each emission from then on: one value as itself, several as a tuple, none as None.
    """

    __slots__ = ("_remote", "_member")

    def __init__(self, remote, member):
        self._remote = remote
        self._member = member

    def __repr__(self):
        return f"<RemoteSignal {self._member.title} of {self._remote}>"

    def __aiter__(self):
        return self.subscribe()

    def subscribe(self, *, limit=LIMIT):
        """Return an iterator over emissions from this call on.

            with player.seeked.subscribe() as seeks:
                await player.seek(2.5)
                seconds = await anext(seeks)

        The bus is told at once, before whatever is sent after that, and gives only signals of
        this object by who has its name. Emissions are kept until they are asked for. Once more
        than limit wait, it is unsubscribed, and after those that waited the iteration raises
        OverflowError; None is no limit. Where the connection is lost it raises Disconnected.

        It is unsubscribed as well when it is closed, by close() or as a context manager, and when
        nobody has it any more, as after the loop was left or its task cancelled. A wait that is
        cancelled or timed out ends nothing, and loses nothing. Raises Disconnected where the
        connection is closed already, and ValueError for a limit below 1 or a sender on a connection
        that has no bus.
        """
        if limit is not None:
            check_type("limit", limit, int)
            if limit < 1:
                raise ValueError(f"argument 'limit': expected 1 or more, or None, not {limit}")
        return Signals(self._remote, self._member, limit)


class Signals(Emissions):
    """Iterates over emissions of a signal; see RemoteSignal.subscribe()."""

    def __init__(self, remote, member, limit):
        super().__init__(limit)
        self._remote, self._member = remote, member
        self._subscription = Subscription(
            remote.connection,
            self,
            sender=remote.name,
            interface=member.interface.name,
            member=member.name,
            path=remote.path,
        )

    @property
    def _given(self):
        return f"the signal {self._member.title} of {self._remote}"

    def _disconnect(self):
        self._subscription.cancel()

    def _received(self, parameters):
        self._keep(parameters)

    def _lost(self, error):
        self._fail(error)

    def _item_of(self, parameters):
        return unpacked(self._member.emission, parameters, self._member.title)


class Subscription:
    """Signals of the bus, given to a receiver for as long as that lives.

    It has _received(parameters), and _lost(error), which is called when the connection is closed:
    with None if it was closed on purpose. Raises Disconnected where it is closed already.
    """

    def __init__(self, connection, receiver, *, sender, interface, member, path, argument=None):
        if connection.is_closed():
            raise Disconnected("the connection is closed")
        if sender is not None:
            check_bus(connection, f"a signal of {sender}")
        self._receiver = weakref.ref(receiver, self.cancel)
        self._connection = connection
        self._id = self._closed = None
        self._id = subscribe_signal(
            connection, sender, interface, member, path, argument, self._received
        )
        self._closed = GObject.Object.connect(connection, "closed", self._connection_closed)

    def cancel(self, *_):
        if self._id is not None:
            self._connection.signal_unsubscribe(self._id)
            GObject.Object.disconnect(self._connection, self._closed)
            self._id = None

    def _received(self, parameters):
        receiver = self._receiver()
        if receiver is not None and self._id is not None:
            receiver._received(parameters)

    def _connection_closed(self, _connection, vanished, error):
        receiver = self._receiver()
        if receiver is None:
            return
        # Closing it on purpose may cancel what reads, and come out as that.
        cancelled = Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED
        if error is not None and not error.matches(*cancelled):
            receiver._lost(Disconnected(error.message))
        else:
            is_lost = vanished and error is None
            receiver._lost(Disconnected("the peer is gone") if is_lost else None)


def bus_signals(connection, receiver, member, name):
    """Return the Subscription of a signal that the message bus sends about a name."""
    return Subscription(
        connection,
        receiver,
        sender=BUS,
        interface=BUS,
        member=member,
        path=BUS_PATH,
        argument=name,
    )


def unpacked(type_, variant, title, descriptors=None):
    """Return the value of what somebody else has sent, if it is of the type."""
    # Many services put the value of a property of the type v into one variant only.
    if type_.signature == "v" and variant.get_type_string() != "v":
        variant = GLib.Variant.new_variant(variant)
    try:
        return type_.unpack(variant, descriptors)
    except TypeError:  # or of a class's own
        came = variant.get_type_string()
        if came == type_.signature:
            raise
    raise InvalidSignature(f"{title} is of the type {type_.signature}, and {came} came")
