"""org.freedesktop.DBus.ObjectManager: objects that come and go below a path."""

from gawait.dbus.exporting import export
from gawait.dbus.interface import Interface, Object, interfaces_of, method, signal
from gawait.dbus.types import ObjectPath
from gawait.loop import create_background_task


class ObjectManager(Interface, name="org.freedesktop.DBus.ObjectManager"):
    """The interface of what tells of the objects below it, for its callers.

    manager = dbus.ObjectManager.proxy(bus, "org.example.Players", "/org/example")
    with manager.interfaces_added.subscribe() as added:
        for path, player in (await manager.proxies(Player)).items():
            ...
    """

    @method
    async def get_managed_objects(
        self,
    ) -> dict[ObjectPath, dict[str, dict[str, object]]]:
        """Return the properties of each interface of each object, by path; variants as what is
        inside.
        """

    interfaces_added = signal(
        ObjectPath,
        dict[str, dict[str, object]],
        arguments=["object_path", "interfaces_and_properties"],
    )
    interfaces_removed = signal(ObjectPath, list[str], arguments=["object_path", "interfaces"])

    async def proxies(self, interface, *, timeout=25, cached=False):
        """Ask which objects have an interface, and return a proxy of each, a dict by path.

        interface is a class; an object has it that has all interfaces of the class. timeout and
        cached are as for Interface.proxy(). Raises TypeError for a class without an interface, and
        what get_managed_objects() raises.
        """
        names = {each.name for each in interfaces_of(interface)}
        if not names:
            raise TypeError(f"{interface.__qualname__} has no interface")
        remote = self._dbus_remote
        return {
            path: interface.proxy(
                remote.connection, remote.name, path, timeout=timeout, cached=cached
            )
            for path, interfaces in (await self.get_managed_objects()).items()
            if names <= interfaces.keys()
        }


class ManagedObjects:
    """Objects that are exported below a path, whose callers are told of them.

        with dbus.ManagedObjects(bus, "/org/example") as players:
            with players.export("/org/example/first", Player()):
                ...

    The path has the interface ObjectManager as long as this is a context manager's body, or until
    unexport(), which unexports the objects as well.
    """

    def __init__(self, connection, path):
        self._connection, self._path = connection, path
        self._manager = _Manager(self)
        self._objects = {}  # what is exported, by path
        self._exported = export(connection, path, self._manager)

    def export(self, path, obj):
        """Export an Object, at a path below the manager's, and tell InterfacesAdded.

        Returns what unexport() takes it back with, as dbus.export() does, and tells
        InterfacesRemoved. Raises what dbus.export() does; ValueError for a path elsewhere, and
        for one that has an object already.
        """
        below = self._path.rstrip("/") + "/"
        if not path.startswith(below):
            raise ValueError(f"{path} is not below {self._path}")
        if path in self._objects:
            raise ValueError(f"{path} has an object already")
        managed = ManagedObject(self, export(self._connection, path, obj))
        self._objects[path] = managed
        create_background_task(managed.tell())
        return managed

    def unexport(self):
        """Take the objects and the manager from the bus."""
        for each in list(self._objects.values()):
            each.unexport()
        self._exported.unexport()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unexport()

    async def _all(self):
        objects = list(self._objects.items())
        return {ObjectPath(path): await each.values() for path, each in objects}


class ManagedObject:
    """An object while it is exported below a manager. A context manager, which unexports it."""

    def __init__(self, objects, exported):
        self._objects, self._exported = objects, exported
        self._is_told = False

    def unexport(self):
        """Take it from the bus, and tell InterfacesRemoved. Calls that run go on."""
        path = self._exported.path
        if self._objects._objects.get(path) is not self:
            return
        del self._objects._objects[path]
        self._exported.unexport()
        if self._is_told:
            names = list(self._exported.interfaces)
            self._objects._manager.interfaces_removed(ObjectPath(path), names)

    async def values(self):
        """The variants of the properties, by interface."""
        return {
            name: await interface.values()
            for name, interface in self._exported.interfaces.items()
        }

    async def tell(self):
        """Tell that it is there."""
        path, values = self._exported.path, await self.values()
        if self._objects._objects.get(path) is self:
            self._is_told = True
            self._objects._manager.interfaces_added(ObjectPath(path), values)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unexport()


class _Manager(ObjectManager, Object):
    def __init__(self, objects):
        self._objects = objects

    async def get_managed_objects(self):
        return await self._objects._all()
