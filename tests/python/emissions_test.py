"""Iterating over what was emitted while nobody asked for it."""

import asyncio

import pytest

from gawait.emissions import Emissions


class Numbers(Emissions):
    """Keeps what it is given by keep(), and counts how often it was disconnected."""

    disconnected = 0

    def keep(self, number):
        self._keep(number)

    def fail(self, error):
        self._fail(error)

    def _disconnect(self):
        self.disconnected += 1


def test_two_who_wait_for_one_iterator_get_an_emission_each():
    async def test():
        numbers = Numbers()
        waiting = [asyncio.ensure_future(anext(numbers)) for _ in range(2)]
        await asyncio.sleep(0)
        numbers.keep(1)
        numbers.keep(2)
        assert await asyncio.gather(*waiting) == [1, 2]

    asyncio.run(test())


def test_an_emission_goes_to_who_asks_before_one_who_was_woken_for_it_and_neither_is_lost():
    async def test():
        numbers = Numbers()
        waiting = asyncio.ensure_future(anext(numbers))
        await asyncio.sleep(0)
        numbers.keep(1)
        assert await anext(numbers) == 1
        await asyncio.sleep(0)
        numbers.keep(2)
        assert await waiting == 2

    asyncio.run(test())


def test_the_end_comes_to_all_who_wait_and_to_whoever_asks_later():
    async def test():
        numbers = Numbers()
        waiting = [asyncio.ensure_future(anext(numbers)) for _ in range(2)]
        await asyncio.sleep(0)
        numbers.fail(OSError("it is gone"))
        numbers.keep(1)  # too late
        for each in [*waiting, anext(numbers)]:
            with pytest.raises(OSError, match="it is gone"):
                await each

    asyncio.run(test())


def test_what_one_was_woken_for_goes_to_the_next_if_it_is_cancelled():
    async def test():
        numbers = Numbers()
        first, second = [asyncio.ensure_future(anext(numbers)) for _ in range(2)]
        await asyncio.sleep(0)
        numbers.keep(1)
        first.cancel()  # it was woken for that
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == 1
        assert not numbers.disconnected

    asyncio.run(test())


def test_waits_that_are_given_up_lose_nothing_and_leave_nothing():
    async def test():
        numbers = Numbers()
        for _ in range(3):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext(numbers), 0.001)
        assert not numbers._waiters
        numbers.keep(1)
        assert await anext(numbers) == 1

    asyncio.run(test())
