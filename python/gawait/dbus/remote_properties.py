"""Properties of remote objects: read, written, cached and watched."""

import asyncio
import weakref

from gi.repository import GLib

from gawait.dbus.serving import PROPERTIES
from gawait.dbus.remote_signals import Subscription, bus_signals, unpacked
from gawait.dbus.types import results_of, tuple_of, type_of

_INVALIDATED = object()

# The types of the messages of Get and Set.
_GET = tuple_of(map(type_of, (str, str)))
_GOT = results_of(GLib.Variant)
_SET = tuple_of(map(type_of, (str, str, GLib.Variant)))


class RemoteProperty:
    """A property of a remote object.

        volume = await player.volume
        await player.volume.set(0.5)
        async for volume in player.volume:
            ...

    The iteration gives the value of now, then each new one. A reader that is slow gets the
    newest, and not those between.
    """

    __slots__ = ("_remote", "_member")

    def __init__(self, remote, member):
        self._remote = remote
        self._member = member

    async def get(self):
        """Return the value: asked for, or the one that a cached proxy knows."""
        remote, member = self._remote, self._member
        if remote.cached and member.emits is not False and not member.has_descriptors:
            variant, descriptors = await remote.cache(member.interface).get(member.name), None
        else:
            variant, descriptors = await fetch(remote, member)
        return unpacked(member.type, variant, member.title, descriptors)

    def __await__(self):
        return self.get().__await__()

    async def set(self, value):
        """Set it; return when the service has."""
        member = self._member
        remote, interface = self._remote, member.interface.name
        packed, descriptors = member.type.pack_with_descriptors(value, member.title)
        if descriptors is None:
            what = interface, member.name, packed
            await remote.call_typed(PROPERTIES, "Set", _SET, results_of(None), *what)
        else:
            parameters = GLib.Variant("(ssv)", (interface, member.name, packed))
            await remote.call(PROPERTIES, "Set", parameters, descriptors)

    def __repr__(self):
        return (
            f"<RemoteProperty {self._member.title} of {self._remote}: await it for its value>"
        )

    def __aiter__(self):
        return self.watch()

    def watch(self):
        """Return an iterator over the value of now and each new one, also a context manager."""
        return PropertyWatch(self._remote, self._member)


async def fetch(remote, member):
    """Return the variant of a property, and the descriptors in it."""
    what = member.interface.name, member.name
    if not member.has_descriptors:
        return await remote.call_typed(PROPERTIES, "Get", _GET, _GOT, *what), None
    parameters = GLib.Variant("(ss)", what)
    reply, descriptors = await remote.call(PROPERTIES, "Get", parameters, returned="(v)")
    return reply.get_child_value(0).get_variant(), descriptors


class _Changes:
    """PropertiesChanged of an interface, and changes of who has the object."""

    def __init__(self, remote, interface):
        self._changes = Subscription(
            remote.connection,
            self,
            sender=remote.name,
            interface=PROPERTIES,
            member="PropertiesChanged",
            path=remote.path,
            argument=interface.name,
        )
        self._owner = None
        if remote.name is not None:
            self._owner = _Owner(remote, self)

    def _cancel(self):
        self._changes.cancel()
        if self._owner is not None:
            self._owner.cancel()

    def _received(self, parameters):
        if parameters.get_type_string() != "(sa{sv}as)":
            return
        for name, value in _entries(parameters.get_child_value(1)):
            self._changed(name, value)
        for name in parameters.get_child_value(2).get_strv():
            self._changed(name, _INVALIDATED)


def _entries(values):
    """The names and variants of a{sv}."""
    for index in range(values.n_children()):
        entry = values.get_child_value(index)
        yield entry.get_child_value(0).get_string(), entry.get_child_value(1).get_variant()


class _Owner:
    """Tells changes that another has the name now."""

    def __init__(self, remote, changes):
        self._changes = weakref.ref(changes)  # which have this
        self._subscription = bus_signals(
            remote.connection, self, "NameOwnerChanged", remote.name
        )

    def cancel(self):
        self._subscription.cancel()

    def _received(self, parameters):
        changes = self._changes()
        if changes is not None:
            changes._replaced(parameters.get_child_value(2).get_string())

    def _lost(self, error):
        pass  # the changes hear of it themselves


class PropertyCache(_Changes):
    """What is known of the properties of one interface of a remote object."""

    def __init__(self, remote, interface):
        super().__init__(remote, interface)
        self._remote = remote
        self._interface = interface
        self._values = {}
        self._newer = set()  # names of what is newer than what is being fetched
        self._fetching = None  # a future while they are fetched, and then

    async def get(self, name):
        """Return the variant of a property, which may have to be asked for."""
        while name not in self._values:
            if self._fetching is None:
                self._fetching = asyncio.ensure_future(self._fetch())
                self._fetching.add_done_callback(self._fetched)
            fetching = self._fetching
            if fetching.done():
                return await self._fetch_one(name)
            await asyncio.wait([fetching])
            # If another has the name now, it was cancelled, and not who asks.
            if not fetching.cancelled():
                fetching.result()
        return self._values[name]

    async def _fetch(self):
        self._newer = set()
        parameters = GLib.Variant("(s)", (self._interface.name,))
        reply, _ = await self._remote.call(PROPERTIES, "GetAll", parameters, returned="(a{sv})")
        for name, value in _entries(reply.get_child_value(0)):
            # What has changed since is newer than the reply, or the same.
            if name not in self._newer:
                self._values[name] = value

    def _fetched(self, fetching):
        failed = fetching.cancelled() or fetching.exception() is not None
        if failed and self._fetching is fetching:
            self._fetching = None

    async def _fetch_one(self, name):
        self._newer.discard(name)
        variant, _ = await fetch(self._remote, self._interface.properties[name])
        if name not in self._newer:
            self._values[name] = variant
        return variant

    def _changed(self, name, value):
        self._newer.add(name)
        if value is _INVALIDATED:
            self._values.pop(name, None)
        else:
            self._values[name] = value

    def _replaced(self, _owner):
        self._values.clear()
        self._newer = set()
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None

    def _lost(self, error):
        self._values.clear()


class PropertyWatch(_Changes):
    """Iterates over the values of a property; see RemoteProperty.

    It is closed by close(), as a context manager, and when nobody has it any more. A wait that is
    cancelled or timed out ends nothing: the next goes on.
    """

    def __init__(self, remote, member):
        super().__init__(remote, member.interface)
        self._remote, self._member = remote, member
        self._news = asyncio.Event()
        self._news.set()
        self._newest = _INVALIDATED
        self._seen = None
        self._ended = False
        self._error = None

    @property
    def _given(self):
        return f"a change of {self._member.title} of {self._remote}"

    def close(self):
        """Watch it no longer. The iteration ends."""
        self._cancel()
        self._ended = True
        self._news.set()

    def _changed(self, name, value):
        if name == self._member.name:
            self._newest = _INVALIDATED if self._member.has_descriptors else value
            self._news.set()

    def _replaced(self, owner):
        if owner:
            self._newest = _INVALIDATED
            self._news.set()

    def _lost(self, error):
        self._error = error
        self.close()

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            while True:
                await self._news.wait()
                if self._error is not None:
                    raise self._error
                if self._ended:
                    raise StopAsyncIteration
                self._news.clear()
                value, descriptors = self._newest, None
                if value is _INVALIDATED:
                    value, descriptors = await self._fetch()
                if self._is_new(value):
                    self._seen = value
                    return unpacked(self._member.type, value, self._member.title, descriptors)
        except asyncio.CancelledError:
            self = None  # whoever keeps the traceback is not to keep the iterator
            raise

    def _is_new(self, value):
        # Descriptors are but numbered in it.
        is_first = self._seen is None or self._member.has_descriptors
        return is_first or not value.equal(self._seen)

    async def _fetch(self):
        try:
            return await fetch(self._remote, self._member)
        except asyncio.CancelledError:
            self._news.set()  # for the next wait
            self = None
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
