"""Names on the bus."""

import asyncio

import pytest

from gawait import dbus
from gi.repository import Gio
from players import connect, until

NAME = "org.example.Name"


async def owner_of(connection):
    owners = dbus.watch_name(connection, NAME)
    return await anext(owners)


def test_a_name_is_owned_in_the_body(with_buses):
    async def test(service, client):
        async with dbus.own_name(service, NAME):
            assert await owner_of(client) == service.get_unique_name()
        assert await owner_of(client) is None

    with_buses(test)


def test_what_is_no_name_or_no_connection_is_told(with_buses):
    async def test(service, client):
        for make in dbus.own_name, dbus.watch_name:
            with pytest.raises(TypeError, match="'connection': expected Gio.DBusConnection"):
                make(None, NAME)
            with pytest.raises(TypeError, match="'name': expected str, not NoneType"):
                make(client, None)
            with pytest.raises(ValueError, match="'none' is not "):
                make(client, "none")

    with_buses(test)


def test_a_name_that_is_never_entered_is_told(with_buses):
    async def test(service, client):
        name = dbus.own_name(service, NAME)
        with pytest.raises(RuntimeError, match="it is had in async with"):
            await name.lost()
        with pytest.warns(RuntimeWarning, match="own_name.*org.example.Name.* never entered"):
            del name

    with_buses(test)


def test_a_name_needs_a_loop_of_gawaits(session_bus):
    async def main():
        flags = Gio.DBusConnectionFlags
        bus = Gio.DBusConnection.new_for_address_sync(
            session_bus, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
        )
        with pytest.raises(RuntimeError, match="the running event loop is not gawait's"):
            async with dbus.own_name(bus, NAME):
                pass
        bus.close_sync()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())


def test_a_name_that_is_taken_is_refused(with_buses):
    async def test(service, client):
        async with dbus.own_name(service, NAME):
            for connection, says in (client, "has an owner"), (service, "this connection has"):
                with pytest.raises(dbus.NameTaken, match=says):
                    async with dbus.own_name(connection, NAME):
                        pass
            assert await owner_of(client) == service.get_unique_name()

    with_buses(test)


def test_a_name_may_be_queued_for(with_buses):
    async def test(service, client):
        async def second():
            async with dbus.own_name(client, NAME, queue=True):
                return await owner_of(client)

        async with dbus.own_name(service, NAME):
            waiting = asyncio.ensure_future(second())
            await owner_of(client)
            assert not waiting.done()
        assert await waiting == client.get_unique_name()

    with_buses(test)


def test_a_connection_asks_for_a_name_once(with_buses):
    async def test(service, client):
        async with dbus.own_name(service, NAME):
            waiting = asyncio.ensure_future(
                dbus.own_name(client, NAME, queue=True).__aenter__()
            )
            await owner_of(client)
            with pytest.raises(dbus.NameTaken, match="or waits for it"):
                async with dbus.own_name(client, NAME):
                    pass
        await waiting
        assert await owner_of(service) == client.get_unique_name()

    with_buses(test)


def test_who_no_longer_waits_does_not_get_the_name(with_buses):
    async def test(service, client):
        async with dbus.own_name(service, NAME):
            waiting = asyncio.ensure_future(
                dbus.own_name(client, NAME, queue=True).__aenter__()
            )
            for _ in range(3):
                await owner_of(client)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert await owner_of(service) is None

    with_buses(test)


def test_a_name_may_be_taken_from_who_allows_it_and_is_told(with_buses):
    async def test(service, client):
        async with dbus.own_name(service, NAME, allow_replacement=True) as first:
            async with dbus.own_name(client, NAME, replace=True) as second:
                await asyncio.wait_for(first.lost(), 60)
                assert await owner_of(service) == client.get_unique_name()
                lost = asyncio.ensure_future(second.lost())
                await client.close()
                await asyncio.wait_for(lost, 60)

    with_buses(test)


def test_a_name_that_others_may_not_replace_is_kept(with_buses):
    async def test(service, client):
        async with dbus.own_name(service, NAME):
            with pytest.raises(dbus.NameTaken):
                async with dbus.own_name(client, NAME, replace=True):
                    pass

    with_buses(test)


@pytest.mark.parametrize("name", ["none", ":1.5", "", "a..b"])
def test_what_is_no_name_is_refused(with_buses, name):
    async def test(service, client):
        with pytest.raises(ValueError, match="is not a name that one can own"):
            dbus.own_name(service, name)

    with_buses(test)


def test_what_the_bus_refuses_is_an_error(with_buses):
    async def test(service, client):
        with pytest.raises(dbus.InvalidArgs, match="reserved"):
            async with dbus.own_name(service, "org.freedesktop.DBus"):
                pass
        with pytest.raises(ValueError, match="'none' is not the name"):
            dbus.watch_name(service, "none")

    with_buses(test)


def test_owners_that_come_and_go_are_followed(with_buses, session_bus):
    async def test(service, client):
        seen = []

        async def watch():
            async for owner in dbus.watch_name(client, NAME):
                seen.append(owner)

        watching = asyncio.ensure_future(watch())
        await until(lambda: seen)
        one, other = service.get_unique_name(), client.get_unique_name()
        for _ in range(3):
            async with dbus.own_name(service, NAME, allow_replacement=True):
                async with dbus.own_name(client, NAME, replace=True):
                    pass
        third = await connect(session_bus)
        async with dbus.own_name(third, NAME):
            await third.close()
        await until(lambda: len(seen) == 1 + 3 * 3 + 2)
        assert seen == [None, *[one, other, None] * 3, third.get_unique_name(), None]
        watching.cancel()

    with_buses(test)


@pytest.mark.parametrize("steps", range(4))
def test_a_watch_of_a_name_goes_on_after_a_wait_that_was_cancelled(with_buses, steps):
    async def test(service, client):
        owners = dbus.watch_name(client, NAME)

        async def next_owner():
            waiting = asyncio.ensure_future(anext(owners))
            for _ in range(steps):
                await asyncio.sleep(0)
            if not waiting.cancel():  # the bus was quicker
                return await waiting
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return await anext(owners)

        assert await next_owner() is None
        async with dbus.own_name(service, NAME):
            assert await next_owner() == service.get_unique_name()
        assert await next_owner() is None

    with_buses(test)
