"""Objects below an ObjectManager."""

import asyncio

import pytest

from gawait import dbus
from gi.repository import Gio
from players import NAME, Player, Radio


class Slow(dbus.Object, name="org.example.Slow"):
    """Its property takes time."""

    @dbus.property
    async def level(self) -> int:
        await asyncio.sleep(0.01)
        return 3


def manager_of(service, client):
    return dbus.ObjectManager.proxy(client, service.get_unique_name(), "/players")


VALUES = {"Volume": 0.5, "Title": "none", "Tags": ["a"], "Serial": "1234", "Position": 0.0}


def test_objects_that_are_there_are_told(with_buses):
    async def test(service, client):
        with dbus.ManagedObjects(service, "/players") as players:
            manager = manager_of(service, client)
            assert await manager.get_managed_objects() == {}
            with players.export("/players/one", Radio()), players.export(
                "/players/two", Slow()
            ):
                there = await manager.get_managed_objects()
                assert there == {
                    "/players/one": {NAME: VALUES},
                    "/players/two": {"org.example.Slow": {"Level": 3}},
                }
            assert await manager.get_managed_objects() == {}
        with pytest.raises(dbus.UnknownMethod):
            await manager.get_managed_objects()

    with_buses(test)


def test_the_proxies_are_those_of_the_objects_that_have_the_interface(with_buses):
    async def test(service, client):
        with dbus.ManagedObjects(service, "/players") as players:
            manager = manager_of(service, client)
            assert await manager.proxies(Player) == {}
            with players.export("/players/one", Radio()), players.export(
                "/players/two", Slow()
            ):
                ((path, player),) = (await manager.proxies(Player)).items()
                assert (path, await player.title) == ("/players/one", "none")
                ((path, slow),) = (await manager.proxies(Slow)).items()
                assert (path, await slow.level) == ("/players/two", 3)

    with_buses(test)


def test_an_object_of_one_of_two_interfaces_is_no_proxy_of_a_class_of_both(with_buses):
    class Quiet(dbus.Interface, name="org.example.Quiet"):
        @dbus.method
        async def hush(self) -> None:
            ...

    class Both(Player, Quiet):
        pass

    class QuietRadio(Radio, Quiet):
        async def hush(self):
            self.volume = 0.0

    async def test(service, client):
        with dbus.ManagedObjects(service, "/players") as players:
            with players.export("/players/one", Radio()), players.export(
                "/players/both", QuietRadio()
            ):
                ((path, both),) = (await manager_of(service, client).proxies(Both)).items()
                await both.hush()
                assert (path, await both.volume) == ("/players/both", 0.0)

    with_buses(test)


def test_proxies_may_be_cached_and_have_a_timeout(with_buses):
    async def test(service, client):
        radio = Radio()
        with dbus.ManagedObjects(service, "/players") as players:
            with players.export("/players/one", radio):
                made = await manager_of(service, client).proxies(
                    Player, timeout=0.5, cached=True
                )
                player = made["/players/one"]
                with pytest.raises(dbus.NoReply):
                    await player.wait()
                assert await player.title == "none"
            # It is not there any more, and nobody is asked.
            assert await player.tags == ["a"]

    with_buses(test)


def test_a_class_without_an_interface_has_no_proxies(with_buses):
    class Nothing(dbus.Interface):
        pass

    async def test(service, client):
        with pytest.raises(TypeError, match="Nothing has no interface"):
            await manager_of(service, client).proxies(Nothing)

    with_buses(test)


def test_objects_that_come_and_go_are_told(with_buses):
    async def test(service, client):
        with dbus.ManagedObjects(service, "/players") as players:
            manager = manager_of(service, client)
            added, removed = (
                manager.interfaces_added.subscribe(),
                manager.interfaces_removed.subscribe(),
            )
            await manager.get_managed_objects()
            with players.export("/players/one", Radio()):
                path, interfaces = await anext(added)
                assert (path, interfaces) == ("/players/one", {NAME: VALUES})
            assert await anext(removed) == ("/players/one", [NAME])
            # One that is gone before anybody could be told of it.
            with players.export("/players/two", Slow()):
                pass
            players.export("/players/three", Slow())
            assert (await anext(added))[0] == "/players/three"
        assert await anext(removed) == ("/players/three", ["org.example.Slow"])

    with_buses(test)


def test_gios_manager_follows_it(with_buses):
    async def test(service, client):
        with dbus.ManagedObjects(service, "/players") as players:
            one = players.export("/players/one", Radio())
            manager = await Gio.DBusObjectManagerClient.new(
                client, 0, service.get_unique_name(), "/players", None, None, None
            )
            proxy = manager.get_interface("/players/one", NAME)
            assert proxy.get_cached_property("Title").unpack() == "none"
            seen = asyncio.Queue()
            manager.connect(
                "object-added", lambda _, each: seen.put_nowait(each.get_object_path())
            )
            manager.connect(
                "object-removed", lambda _, each: seen.put_nowait(each.get_object_path())
            )
            players.export("/players/two", Radio())
            assert await seen.get() == "/players/two"
            one.unexport()
            assert await seen.get() == "/players/one"

    with_buses(test)


def test_a_path_elsewhere_or_taken_is_refused(with_buses):
    async def test(service, client):
        with dbus.ManagedObjects(service, "/players") as players:
            for path in "/other", "/players", "/playersone":
                with pytest.raises(ValueError, match=f"{path} is not below /players"):
                    players.export(path, Radio())
            with players.export("/players/one", Radio()) as one:
                with pytest.raises(ValueError, match="/players/one has an object already"):
                    players.export("/players/one", Radio())
                one.unexport()
                with pytest.raises(TypeError, match="'obj': expected Object"):
                    players.export("/players/one", object())
            players.export("/players/one", Radio())

    with_buses(test)
