"""Proxies of remote objects, of a class and by introspection."""

import asyncio
import inspect
import math

import pytest

from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method, signal
from gawait import dbus
from gawait.dbus.remote_signals import Subscription
from gawait.emissions import Emissions
from gi.repository import GLib
from players import NAME, Player, proxy_of, until


def test_a_method_is_called_as_it_is_declared(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        assert await player.divide(7, 2) == (3, 1)
        assert await player.divide(one=7) == (3, 1)
        assert await player.divide(7, by=3) == (2, 1)
        assert await player.repeat_it(b"ab", times=2) == b"abab"
        assert await player.seek(1) is None

    with_radio(test)


@pytest.mark.parametrize(
    "call, error, match",
    [
        (lambda player: player.divide(), TypeError, r"Player.divide\(\): missing .*'one'"),
        (lambda player: player.divide(1, 2, 3), TypeError, r"Player.divide\(\): too many"),
        (lambda player: player.divide(1, to=3), TypeError, r"Player.divide\(\): .*'to'"),
        (lambda player: player.divide("x"), TypeError, "argument 'one' of Divide"),
        (lambda player: player.divide(2**40), OverflowError, "argument 'one' of Divide"),
    ],
)
def test_arguments_that_are_wrong_are_told_and_not_sent(with_radio, call, error, match):
    async def test(radio, service, client):
        with pytest.raises(error, match=match):
            await call(proxy_of(service, client))

    with_radio(test)


def test_a_result_of_other_types_is_told_by_name(with_radio):
    class Other(dbus.Interface, name=NAME):
        @dbus.method
        async def divide(self, one: int, by: int) -> str:
            ...

    async def test(radio, service, client):
        with pytest.raises(dbus.InvalidSignature, match=r"Player.Divide.* “\(ii\)”.* “\(s\)”"):
            await proxy_of(service, client, Other).divide(7, 2)

    with_radio(test)


def test_a_call_without_a_reply_does_not_wait_for_one(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        await player.forget("it")
        await player.seek(1)
        assert radio.forgotten == [("it", False)]
        absent = Player.proxy(client, "org.example.Absent", "/radio")
        await absent.forget("it")
        await client.close()
        await until(client.is_closed)
        with pytest.raises(dbus.Disconnected):
            await player.forget("it")

    with_radio(test)


def test_a_call_is_cancelled_with_its_caller(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await player.wait()
        call = asyncio.ensure_future(player.wait())
        await until(lambda: radio.waiting == 2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        radio.gate.set()
        await player.seek(1)

    with_radio(test)


def test_a_call_may_take_for_ever(with_radio):
    async def test(radio, service, client):
        call = asyncio.ensure_future(proxy_of(service, client, timeout=None).wait())
        await until(lambda: radio.waiting)
        radio.gate.set()
        await call

    with_radio(test)


def test_making_a_proxy_sends_nothing_and_tells_what_is_wrong(with_buses):
    async def test(service, client):
        proxy = Player.proxy(client, "org.example.Absent", "/radio")
        assert isinstance(proxy, Player)
        assert repr(proxy) == "<Player proxy of org.example.Absent /radio>"
        assert proxy.seek.__doc__ == "Go there."
        assert (
            str(inspect.signature(proxy.divide)) == "(one: int, by: int = 2) -> tuple[int, int]"
        )
        for arguments, error, match in [
            ((None, "a.b", "/"), TypeError, "'connection': expected Gio.DBusConnection"),
            ((client, "none", "/"), ValueError, "'none' is not the name"),
            ((client, "a.b", "path"), ValueError, "'path' is not an object path"),
            ((client, 3, "/"), TypeError, "'name': expected str, not int"),
            ((client, "a.b", None), TypeError, "'path': expected str, not NoneType"),
        ]:
            with pytest.raises(error, match=match):
                Player.proxy(*arguments)
        with pytest.raises(TypeError, match="Interface has no interface"):
            dbus.Interface.proxy(client, "a.b", "/")

    with_buses(test)


def test_a_timeout_is_seconds_or_none(with_buses):
    async def test(service, client):
        for timeout, error in (
            ("3", TypeError),
            (True, TypeError),
            (-1, ValueError),
            (math.nan, ValueError),
            (math.inf, ValueError),
        ):
            with pytest.raises(error, match="argument 'timeout': "):
                Player.proxy(client, "a.b", "/", timeout=timeout)
        for timeout in 0, 0.5, 10**9, None:
            Player.proxy(client, "a.b", "/", timeout=timeout)

    with_buses(test)


def test_functions_of_an_interface_that_are_no_members_run_here(with_radio):
    class Richer(Player):
        async def rewind(self):
            await self.seek(0)
            return await self.title

    async def test(radio, service, client):
        player = proxy_of(service, client, Richer)
        with player.seeked.subscribe() as seeks:
            assert await player.rewind() == "none"
            assert await anext(seeks) == 0

    with_radio(test)


def test_without_a_class_an_object_is_asked_what_it_is(with_radio):
    async def test(radio, service, client):
        player = await dbus.proxy(client, service.get_unique_name(), "/radio")
        names = {name for name in dir(player) if not name.startswith("_")}
        assert names >= {"seek", "divide", "repeat", "volume", "title", "seeked", "forget"}
        assert await player.divide(one=7, by=2) == (3, 1)
        assert await player.volume == 0.5
        await player.volume.set(0.25)
        with player.moved.subscribe() as moves:
            await player.seek(1)
            radio.moved("there", 3)
            assert await anext(moves) == ("there", 3)
        await player.forget("it")
        assert player.seek.__doc__ == "Go there."
        assert "proxy of :1." in repr(player)

    with_radio(test)


def test_an_object_that_is_not_there_has_no_proxy(with_radio):
    async def test(radio, service, client):
        name = service.get_unique_name()
        with pytest.raises(dbus.UnknownObject, match="no object with an interface at /"):
            await dbus.proxy(client, name, "/")
        with pytest.raises(
            dbus.UnknownObject, match="an interface org.example.Other at /radio"
        ):
            await dbus.proxy(client, name, "/radio", interface="org.example.Other")
        with pytest.raises(dbus.ServiceUnknown):
            await dbus.proxy(client, "org.example.Absent", "/radio")
        with pytest.raises(ValueError, match="'none' is not the name"):
            await dbus.proxy(client, "none", "/radio")
        await dbus.proxy(client, name, "/radio", interface=NAME)

    with_radio(test)


def test_the_bus_itself_has_a_proxy(with_buses):
    async def test(service, client):
        bus = await dbus.proxy(client, "org.freedesktop.DBus", "/org/freedesktop/DBus")
        assert await bus.get_name_owner("org.freedesktop.DBus") == "org.freedesktop.DBus"
        assert len(await bus.get_id()) == 32
        assert isinstance(await bus.features, list)

    with_buses(test)


# How dbus_fast annotates.
INT, TWO_INTS, DOUBLE = "i", "ii", "d"


class FastRadio(ServiceInterface):
    def __init__(self):
        super().__init__(NAME)
        self.level = 0.5

    @method()
    def Divide(self, one: INT, by: INT) -> TWO_INTS:
        return list(divmod(one, by))

    @method()
    def Seek(self, seconds: DOUBLE):
        self.Seeked(seconds)

    @signal()
    def Seeked(self, seconds: DOUBLE) -> DOUBLE:
        return seconds

    @dbus_property()
    def Volume(self) -> DOUBLE:
        return self.level

    @Volume.setter
    def Volume(self, value: DOUBLE):
        self.level = value
        self.emit_properties_changed({"Volume": value})


def test_a_service_that_is_not_ours_is_called(with_buses, session_bus):
    async def test(service, client):
        bus = await MessageBus(bus_address=session_bus).connect()
        bus.export("/radio", FastRadio())
        found = await dbus.proxy(client, bus.unique_name, "/radio")
        for player in Player.proxy(client, bus.unique_name, "/radio"), found:
            assert await player.divide(7, 2) == (3, 1)
            with player.seeked.subscribe() as seeks, player.volume.watch() as volumes:
                await player.seek(2.5)
                assert await anext(seeks) == 2.5
                before = await anext(volumes)
                await player.volume.set(before / 2)
                assert await anext(volumes) == before / 2
        bus.disconnect()

    with_buses(test)


def test_a_service_that_describes_itself_wrongly_is_told(with_buses):
    class Liar(dbus.Object, name="org.freedesktop.DBus.Introspectable"):
        xml = "<node"

        @dbus.method
        async def introspect(self) -> str:
            return self.xml

    async def test(service, client):
        with dbus.export(service, "/radio", Liar()) as exported:
            with pytest.raises(ValueError, match="not introspection XML"):
                await dbus.proxy(client, service.get_unique_name(), "/radio")
            assert exported.path == "/radio"

    with_buses(test)


def test_variants_are_what_is_inside(with_buses):
    class Store(dbus.Object, name="org.example.Store"):
        @dbus.method
        async def get(self) -> dict[str, GLib.Variant]:
            return {"one": GLib.Variant("i", 1), "two": GLib.Variant("as", ["a"])}

    async def test(service, client):
        with dbus.export(service, "/radio", Store()):
            found = await dbus.proxy(client, service.get_unique_name(), "/radio")
            assert await found.get() == {"one": 1, "two": ["a"]}
            given = await proxy_of(service, client, Store).get()
            assert given["one"].get_type_string() == "i"

    with_buses(test)


def test_nothing_is_left_of_proxies(with_radio, count_objects):
    async def test(radio, service, client):
        for _ in range(100):
            player = proxy_of(service, client, cached=True)
            with player.seeked.subscribe() as seeks, player.title.watch() as titles:
                await player.seek(1)
                assert (await anext(seeks), await anext(titles)) == (1, "none")
                assert await player.title == "none"
        del player, seeks, titles
        # GDBus lets go of what was unsubscribed in a later iteration.
        await until(lambda: not count_objects(Subscription))
        return count_objects(Emissions), count_objects(Player)

    before = count_objects(Player)
    assert with_radio(test) == (0, before + 1)  # the Radio
