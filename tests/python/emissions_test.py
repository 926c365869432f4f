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
    async
