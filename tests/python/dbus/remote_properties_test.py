"""Properties of remote objects."""

import asyncio
import gc
import weakref

import pytest

from gawait import dbus
from gi.repository import GLib
from players import NAME, Busy, Player, Radio, proxy_of

PROPERTIES = "org.freedesktop.DBus.Properties"


def test_properties_are_read_and_written(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        assert (await player.volume, await player.title.get()) == (0.5, "none")
        await player.volume.set(0.25)
        assert radio.volume == 0.25
        with pytest.raises(Busy, match="^too loud$"):
            await player.volume.set(5.0)
        with pytest.raises(TypeError, match="Player.volume"):
            await player.volume.set("loud")
        with pytest.raises(AttributeError, match=r"await volume.set\(\)"):
            player.volume = 0.5
        with pytest.raises(AttributeError, match=r"await volume.set\(\)"):
            player.set_volume(0.5)

    with_radio(test)


def test_a_property_of_a_proxy_says_that_it_is_awaited(with_radio):
    async def test(radio, service, client):
        player, of = proxy_of(service, client), f"of {service.get_unique_name()} /radio"
        assert repr(player.title) == (
            f"<RemoteProperty Player.title {of}: await it for its value>"
        )
        assert repr(player.seeked) == f"<RemoteSignal Player.seeked {of}>"

    with_radio(test)


def test_what_the_service_does_not_have_is_told_by_name(with_radio):
    class Other(dbus.Interface, name=NAME):
        missing = dbus.property(str)
        volume = dbus.property(str)
        serial = dbus.property(str, writable=True)

    async def test(radio, service, client):
        other = proxy_of(service, client, Other)
        with pytest.raises(dbus.InvalidArgs, match="No such property"):
            await other.missing
        with pytest.raises(dbus.InvalidSignature, match="Other.volume is of the type s, and d"):
            await other.volume
        with pytest.raises(dbus.InvalidArgs, match="not writable"):
            await other.serial.set("5")

    with_radio(test)


def counting(connection):
    """The properties that were asked for, of a connection."""
    asked = []

    def look(_connection, message, incoming):
        if incoming and message.get_interface() == PROPERTIES:
            asked.append(message.get_member())
        return message

    connection.add_filter(look)
    return asked


def test_a_cached_proxy_asks_once_and_is_kept_up_to_date(with_radio):
    async def test(radio, service, client):
        asked = counting(service)
        player = proxy_of(service, client, cached=True)
        assert asked == []
        first = await asyncio.gather(*(player.title.get() for _ in range(10)))
        assert (first, await player.volume) == (["none"] * 10, 0.5)
        radio.title = "a song"
        radio.volume = 0.25
        await player.seek(1)  # after which it has heard of it
        assert (await player.title, await player.volume, await player.serial) == (
            "a song",
            0.25,
            "1234",
        )
        assert asked == ["GetAll"]

    with_radio(test)


def test_a_cached_property_that_is_invalidated_or_not_told_is_asked_for(with_radio):
    async def test(radio, service, client):
        asked = counting(service)
        player = proxy_of(service, client, cached=True)
        assert (await player.tags, await player.position) == (["a"], 0.0)
        radio.tags = ["b"]
        radio.position = 3.0
        await player.seek(1)
        assert (await player.tags, await player.position) == (["b"], 3.0)
        assert await player.tags == ["b"]
        assert asked == ["GetAll", "Get", "Get", "Get"]

    with_radio(test)


def test_a_cache_is_of_who_has_the_name(with_buses):
    async def test(service, client):
        player = Player.proxy(client, "org.example.Cached", "/radio", cached=True)
        owners = dbus.watch_name(client, "org.example.Cached")
        assert await anext(owners) is None
        with pytest.raises(dbus.ServiceUnknown):
            await player.title
        for title in "one", "two":
            radio = Radio()
            radio.title = title
            with dbus.export(service, "/radio", radio):
                async with dbus.own_name(service, "org.example.Cached"):
                    assert await anext(owners) == service.get_unique_name()
                    assert await player.title == title
            assert await anext(owners) is None

    with_buses(test)


def test_who_asks_while_the_name_goes_to_another_gets_that_ones_value(with_buses):
    class Slow(dbus.Object, name=NAME):
        def __init__(self):
            self.asked = asyncio.Event()

        @dbus.property
        async def title(self) -> str:
            self.asked.set()
            await asyncio.Event().wait()

    async def test(service, client):
        player = Player.proxy(client, "org.example.Cached", "/radio", cached=True)
        slow, radio = Slow(), Radio()
        radio.title = "newer"
        with dbus.export(service, "/radio", slow), dbus.export(client, "/radio", radio):
            async with dbus.own_name(service, "org.example.Cached", allow_replacement=True):
                asking = [asyncio.ensure_future(player.title.get()) for _ in range(2)]
                await slow.asked.wait()
                async with dbus.own_name(client, "org.example.Cached", replace=True):
                    assert await asyncio.gather(*asking) == ["newer"] * 2

    with_buses(test)


def test_a_property_is_watched_from_its_value_of_now(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        seen = []
        async for title in player.title:
            seen.append(title)
            if len(seen) == 4:
                break
            radio.title = f"song {len(seen)}"
        assert seen == ["none", "song 1", "song 2", "song 3"]
        with player.tags.watch() as tags:
            assert await anext(tags) == ["a"]
            radio.tags = ["b"]
            assert await anext(tags) == ["b"]

    with_radio(test)


def test_a_slow_watcher_gets_the_newest_value(with_radio):
    async def test(radio, service, client):
        player = proxy_of(service, client)
        titles = aiter(player.title)
        await anext(titles)
        for number in range(10_000):
            radio.title = f"song {number}"
        await player.seek(1)
        assert await anext(titles) == "song 9999"

    with_radio(test)


def test_what_does_not_change_a_value_is_not_news(with_radio):
    async def test(radio, service, client):
        titles = aiter(proxy_of(service, client).title)
        assert await anext(titles) == "none"
        radio.title = "none"
        news = asyncio.ensure_future(anext(titles))
        await proxy_of(service, client).seek(1)
        assert not news.done()
        radio.title = "a song"
        assert await news == "a song"

    with_radio(test)


def test_a_watch_goes_on_with_whoever_has_the_name_next(with_buses):
    async def test(service, client):
        player = Player.proxy(client, "org.example.Watched", "/radio")
        titles, seen = None, []
        for title in "one", "two", "three":
            radio = Radio()
            radio.title = title
            with dbus.export(service, "/radio", radio):
                async with dbus.own_name(service, "org.example.Watched"):
                    titles = titles or aiter(player.title)
                    seen.append(await anext(titles))
        assert seen == ["one", "two", "three"]
        titles.close()
        assert [each async for each in titles] == []

    with_buses(test)


@pytest.mark.parametrize("cached", [False, True])
def test_a_variant_property_may_be_sent_as_a_plain_value(with_buses, cached):
    class Loose(dbus.Interface, name="org.example.Loose"):
        anything = dbus.property(object)
        kept = dbus.property(GLib.Variant)

    class Plain(dbus.Object, name="org.example.Loose"):
        anything = dbus.property(bool)
        kept = dbus.property(str)

    async def test(service, client):
        plain = Plain()
        plain.anything, plain.kept = True, "a"
        with dbus.export(service, "/radio", plain):
            loose = proxy_of(service, client, Loose, cached=cached)
            assert await loose.anything is True
            assert await loose.kept == GLib.Variant("s", "a")
            with loose.anything.watch() as values:
                assert await anext(values) is True
                plain.anything = False
                assert await anext(values) is False

    with_buses(test)


def test_properties_changed_of_other_types_is_told(with_radio):
    async def test(radio, service, client):
        titles = aiter(proxy_of(service, client).title)
        await anext(titles)
        for signature, values in (
            ("(i)", (1,)),
            ("(sa{sv}as)", (NAME, {"Title": GLib.Variant("i", 3)}, [])),
        ):
            service.emit_signal(
                None,
                "/radio",
                PROPERTIES,
                "PropertiesChanged",
                GLib.Variant(signature, values),
            )
        with pytest.raises(dbus.InvalidSignature, match="Player.title is of the type s, and i"):
            await anext(titles)

    with_radio(test)


@pytest.mark.parametrize("steps", range(4))
def test_a_watch_goes_on_after_a_wait_that_was_cancelled(with_radio, steps):
    async def test(radio, service, client):
        titles = aiter(proxy_of(service, client).title)
        for value in "none", "next":
            waiting = asyncio.ensure_future(anext(titles))
            for _ in range(steps):
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            radio.title = value
            assert await anext(titles) == value
        titles.close()
        assert [each async for each in titles] == []

    with_radio(test)


def test_a_watch_ends_with_its_last_reference(with_radio):
    async def test(radio, service, client):
        gc.disable()
        try:
            titles = proxy_of(service, client).title.watch()
            await anext(titles)
            waiting = asyncio.ensure_future(anext(titles))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            watch = weakref.ref(titles)
            del titles
            assert watch() is None
        finally:
            gc.enable()

    with_radio(test)
