"""Names on the bus: having one, and following who has one."""

import asyncio
import contextlib
import warnings
import weakref

from gi.repository import Gio

from gawait.dbus.calling import call_bus, check_bus, check_name, check_type
from gawait.dbus.errors import Disconnected, NameHasNoOwner
from gawait.dbus.remote_signals import bus_signals
from gawait.emissions import Emissions

_ALLOW_REPLACEMENT, _REPLACE, _DO_NOT_QUEUE = 1, 2, 4
_IS_OWNER, _IN_QUEUE = 1, 2


# Those that each connection has, or waits for. serving.py says why it is no attribute.
_names = weakref.WeakKeyDictionary()


class NameTaken(Exception):
    """Another has the name, or this connection has it already."""


class own_name:
    """Have a name on the bus, while the body runs.

        async with dbus.own_name(bus, "org.example.Player"):
            ...

    Raises NameTaken if another has it. With queue=True the body waits until it is free. With
    replace=True it is taken from who allows that; allow_replacement=True allows it to others.
    `await name.lost()` waits until it is lost, to another or with the connection.

    Raises ValueError for a name that is none or a unique one, Error where the bus refuses.
    """

    _is_entered = True  # nothing is amiss with what could not be made

    def __init__(
        self, connection, name, *, queue=False, replace=False, allow_replacement=False
    ):
        check_type("connection", connection, Gio.DBusConnection)
        check_type("name", name, str)
        if not Gio.dbus_is_name(name) or Gio.dbus_is_unique_name(name):
            raise ValueError(f"{name!r} is not a name that one can own")
        check_bus(connection, "own_name()")
        self._connection = connection
        self._names = _names.setdefault(connection, set())
        self.name = name
        self._flags = _DO_NOT_QUEUE * (not queue) | _REPLACE * replace
        self._flags |= _ALLOW_REPLACEMENT * allow_replacement
        self._lost = None
        self._is_entered = False

    def __del__(self):
        if not self._is_entered:
            warnings.warn(
                f"own_name({self.name!r}) was never entered: the name is had in async with",
                RuntimeWarning,
                source=self,
            )

    async def __aenter__(self):
        self._is_entered = True
        # The bus knows of one request of a connection for a name: a second would change it.
        if self.name in self._names:
            raise NameTaken(f"this connection has {self.name}, or waits for it")
        self._names.add(self.name)
        try:
            await self._acquire()
        except BaseException:
            self._names.remove(self.name)
            raise
        return self

    async def __aexit__(self, *_):
        self._lost.cancel()
        try:
            await self._release()
        finally:
            self._names.remove(self.name)

    async def _acquire(self):
        self._lost = _Told(self._connection, "NameLost", self.name)
        acquired = _Told(self._connection, "NameAcquired", self.name)
        try:
            answer = await self._request()
            if answer == _IN_QUEUE:
                await self._wait_for_turn(acquired)
            elif answer != _IS_OWNER:
                raise NameTaken(f"{self.name} has an owner")
        except BaseException:
            self._lost.cancel()
            raise
        finally:
            acquired.cancel()

    async def lost(self):
        """Wait until the name is lost, or the connection."""
        if self._lost is None:
            raise RuntimeError(f"{self.name} cannot be lost: it is had in async with")
        await self._lost.wait()

    async def _request(self):
        try:
            return await call_bus(
                self._connection, "RequestName", "su", "u", self.name, self._flags
            )
        except asyncio.CancelledError:
            await self._release()  # it may have been given
            raise

    async def _wait_for_turn(self, acquired):
        try:
            await acquired.wait()
        except asyncio.CancelledError:
            await self._release()
            raise
        if self._connection.is_closed():
            raise Disconnected(f"the connection was closed, waiting for {self.name}")

    async def _release(self):
        if not self._connection.is_closed():
            with contextlib.suppress(Disconnected):
                await call_bus(self._connection, "ReleaseName", "s", "u", self.name)


class _Told:
    """What the bus tells once about a name, or that the connection was closed."""

    def __init__(self, connection, member, name):
        self._event = asyncio.Event()
        self._subscription = bus_signals(connection, self, member, name)
        self.wait = self._event.wait
        self.cancel = self._subscription.cancel

    def _received(self, parameters):
        self._event.set()

    def _lost(self, error):
        self._event.set()


class watch_name(Emissions):
    """Follow who has a name on the bus: an asynchronous iterator over the owners.

        async for owner in dbus.watch_name(bus, "org.example.Player"):
            ...

    gives the unique name of who has it now, or None, then of each that comes, and None when it is
    gone. The watch begins at the call, and ends when it is closed, by close() or as a
    context manager, or when nobody has it any more. A wait that is cancelled or timed out ends
    nothing, and loses nothing. Where the connection is lost it raises Disconnected.

    Raises ValueError for what is no name.
    """

    def __init__(self, connection, name):
        check_type("connection", connection, Gio.DBusConnection)
        check_name(name)
        check_bus(connection, "watch_name()")
        super().__init__()
        self._connection, self._name = connection, name
        self._owner = None
        self._is_known = False
        self._subscription = bus_signals(connection, self, "NameOwnerChanged", name)

    @property
    def _given(self):
        return f"another owner of {self._name}"

    def _disconnect(self):
        self._subscription.cancel()

    def _received(self, parameters):
        _, old, new = parameters.unpack()
        self._keep((old or None, new or None))

    def _lost(self, error):
        self._fail(error)

    async def __anext__(self):
        try:
            if not self._is_known:
                self._owner = await _owner_of(self._connection, self._name)
                self._is_known = True
                return self._owner
            while True:
                old, new = await super().__anext__()
                # Others were before the bus has answered.
                if old == self._owner:
                    self._owner = new
                    return new
        except asyncio.CancelledError:
            self = None  # whoever keeps the traceback is not to keep the iterator
            raise


async def _owner_of(connection, name):
    try:
        return await call_bus(connection, "GetNameOwner", "s", "s", name)
    except NameHasNoOwner:
        return None
