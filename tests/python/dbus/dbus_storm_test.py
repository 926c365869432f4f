"""All at random: callers that come, do things at the same time, cancel them, and leave."""

import asyncio
import random

import pytest

from gawait import dbus
from gawait.dbus.remote_signals import Subscription
from gi.repository import Gio
from players import Player, Radio, connect, proxy_of, until


class Caller:
    def __init__(self, service, client, chance):
        self.chance = chance
        self.client = client
        self.player = proxy_of(service, client, cached=chance.random() < 0.5)
        self.name = service.get_unique_name()

    def moment(self):
        return asyncio.timeout(self.chance.random() / 50)

    async def call(self):
        await self.player.seek(self.chance.random())

    async def wait(self):
        async with self.moment():
            await self.player.wait()

    async def refused(self):
        await self.player.refuse("org.example.Error.Busy")

    async def read(self):
        await self.player.volume

    async def write(self):
        await self.player.volume.set(self.chance.random())

    async def listen(self):
        async with self.moment():
            with self.player.seeked.subscribe(limit=5) as seeks:
                async for _ in seeks:
                    pass

    async def watch(self):
        async with self.moment():
            async for _ in self.player.title:
                pass

    async def introspect(self):
        await dbus.proxy(self.client, self.name, "/radio")

    async def own(self):
        options = {
            each: self.chance.random() < 0.5
            for each in ("queue", "replace", "allow_replacement")
        }
        name = f"org.example.Storm{self.chance.randrange(3)}"
        async with self.moment(), dbus.own_name(self.client, name, **options):
            await asyncio.sleep(self.chance.random() / 100)

    async def do_something(self):
        choices = (
            *(self.call, self.wait, self.refused, self.read, self.write),
            *(self.listen, self.watch, self.introspect, self.own),
        )
        try:
            await self.chance.choice(choices)()
        except (dbus.Error, dbus.NameTaken, TimeoutError, OverflowError):
            pass  # what one may expect where others do something as well

    async def live(self):
        tasks = []
        for _ in range(40):
            tasks.append(asyncio.ensure_future(self.do_something()))
            if self.chance.random() < 0.2:
                self.chance.choice(tasks).cancel()
            if self.chance.random() < 0.5:
                await asyncio.sleep(self.chance.random() / 100)
        if self.chance.random() < 0.5:
            await self.client.close()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome
        if not self.client.is_closed():
            await self.client.close()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_callers_do_nothing_is_left(with_buses, session_bus, count_objects, seed):
    chance = random.Random(seed)

    async def lives(service, count):
        for _ in range(count):
            client = await connect(session_bus)
            await Caller(service, client, chance).live()

    async def test(service, client):
        radio = Radio()
        with dbus.export(service, "/radio", radio):
            storm = asyncio.gather(*(lives(service, 3) for _ in range(8)))
            while not storm.done():
                radio.title = str(chance.random())
                radio.seeked(chance.random())
                await asyncio.sleep(0.001)
            await storm
            await until(lambda: not radio.waiting)
            radio.calls.clear()
            await until(lambda: not count_objects(Subscription))
            await proxy_of(service, client).seek(1)
        return count_objects(Player)

    before = count_objects(Player), count_objects(Gio.DBusMethodInvocation)
    assert with_buses(test) == before[0] + 1  # the Radio
    assert count_objects(Gio.DBusMethodInvocation) == before[1]
