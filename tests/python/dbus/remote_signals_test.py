"""Signals of remote objects."""

import asyncio
import gc

import pytest

from gawait import dbus
from gi.repository import Gio, GLib
from players import NAME, Player, Radio, proxy_of


def test_signals_are_iterated_over(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)

        async def emit():
            await player.seek(0)  # it listens by then
            for name in "here", "there":
                radio.moved(name, 3)
                radio.seeked(2.5)
                radio.stopped()

        emitting = asyncio.ensure_future(emit())
        with player.seeked.subscribe() as seeks, player.stopped.subscribe() as stops:
            seen = []
            async for move in player.moved:
                seen.append(move)
                if len(seen) == 2:
                    break
            assert seen == [("here", 3), ("there", 3)]
            assert [await anext(seeks) for _ in range(3)] == [0, 2.5, 2.5]
            assert await anext(stops) is None
        await emitting

    with_radio(test)


def test_nothing_is_lost_between_subscribing_and_the_first_step(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        for number in range(100):
            with player.seeked.subscribe() as seeks:
                await player.seek(number)
                assert await anext(seeks) == number

    with_radio(test)


def test_only_signals_of_who_has_the_name_come(with_radio, session_bus):
    async def test(radio, service, client):
        async with dbus.own_name(service, "org.example.Signalling"):
            player = Player.proxy(client, "org.example.Signalling", "/radio")
            with player.seeked.subscribe() as seeks:
                await player.seek(1)
                # Anybody may send to us what looks the same.
                client.emit_signal(
                    client.get_unique_name(),
                    "/radio",
                    NAME,
                    "Seeked",
                    GLib.Variant("(d)", (9,)),
                )
                await player.seek(2)
                assert [await anext(seeks), await anext(seeks)] == [1, 2]

    with_radio(test)


def test_signals_go_on_with_whoever_has_the_name_next(with_buses):
    async def test(service, client):
        player = Player.proxy(client, "org.example.Signalling", "/radio")
        seen = []
        with player.seeked.subscribe() as seeks:
            for number in range(3):
                with dbus.export(service, "/radio", Radio()):
                    async with dbus.own_name(service, "org.example.Signalling"):
                        await player.seek(number)
                        seen.append(await anext(seeks))
        assert seen == [0, 1, 2]

    with_buses(test)


def test_a_storm_on_a_slow_reader_ends_where_its_limit_is(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        seeks = player.seeked.subscribe(limit=10)
        every = player.seeked.subscribe(limit=None)
        for number in range(20_000):
            radio.seeked(number)
        await player.seek(-1)
        seen = []
        with pytest.raises(OverflowError, match="more than 10 emissions"):
            async for number in seeks:
                seen.append(number)
        assert seen == list(range(10))
        with pytest.raises(OverflowError):  # for whoever asks again
            await anext(seeks)
        seen = []
        async for number in every:
            seen.append(number)
            if number == -1:
                break
        assert seen == [*range(20_000), -1]

    with_radio(test)


def test_a_limit_there_is_if_nobody_says_otherwise(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        seeks = player.seeked.subscribe()
        for number in range(10_001):
            radio.seeked(number)
        await player.seek(-1)
        with pytest.raises(OverflowError, match="more than 10000"):
            async for _ in seeks:
                pass

    with_radio(test)


def test_a_signal_of_other_types_is_told_and_the_next_is_heard(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        with player.seeked.subscribe() as seeks:
            service.emit_signal(None, "/radio", NAME, "Seeked", GLib.Variant("(s)", ("x",)))
            await player.seek(1)
            with pytest.raises(dbus.InvalidSignature, match=r"Player.seeked .* \(s\) came"):
                await anext(seeks)
            assert await anext(seeks) == 1

    with_radio(test)


async def matches_of(bus, connection):
    """How many match rules the daemon has of a connection."""
    debug = Gio.DBusConnection.call(
        bus,
        "org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus.Debug.Stats",
        "GetConnectionStats",
        GLib.Variant("(s)", (connection.get_unique_name(),)),
        None,
        0,
        -1,
    )
    return (await debug).unpack()[0]["MatchRules"]


def test_a_limit_is_of_one_or_more(with_radio):
    async def test(radio, service, client):
        for limit, error in (0, ValueError), (-1, ValueError), ("1", TypeError):
            with pytest.raises(error, match="argument 'limit'"):
                proxy_of(service, client).seeked.subscribe(limit=limit)

    with_radio(test)


def test_it_is_unsubscribed_when_it_is_left_closed_forgotten_or_cancelled(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        before = await matches_of(service, client)

        async def until_matches(count):
            async with asyncio.timeout(60):
                while await matches_of(service, client) - before != count:
                    await asyncio.sleep(0.001)

        with player.seeked.subscribe():
            await until_matches(1)
        await until_matches(0)
        seeks = player.seeked.subscribe()
        await until_matches(1)
        del seeks
        gc.collect()
        await until_matches(0)
        waiting = asyncio.ensure_future(anext(player.seeked.subscribe()))
        await until_matches(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await until_matches(0)

    with_radio(test)


def test_a_connection_that_is_closed_on_purpose_ends_the_iteration(with_radio):
    async def test(radio, service, client):
        seeks = proxy_of(service, client).seeked.subscribe()
        await client.close()
        assert [each async for each in seeks] == []

    with_radio(test)


def test_many_readers_hear_the_same(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        readers = [player.seeked.subscribe() for _ in range(50)]
        await player.seek(3)
        assert await asyncio.gather(*map(anext, readers)) == [3] * 50

    with_radio(test)


def test_a_reader_that_comes_later_hears_what_is_later(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        await player.seek(1)
        with player.seeked.subscribe() as seeks:
            await player.seek(2)
            assert await anext(seeks) == 2

    with_radio(test)
