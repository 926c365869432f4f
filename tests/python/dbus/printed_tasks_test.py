"""What print_tasks() shows of D-Bus."""

import asyncio
import io
import re

import gawait
from gawait import dbus
from players import proxy_of, until


def test_a_call_is_told_by_its_destination_path_and_member(with_radio):
    async def test(radio, service, client):
        called = asyncio.create_task(proxy_of(service, client).wait())
        await until(lambda: radio.waiting)
        to = io.StringIO()
        gawait.print_tasks(to)
        radio.gate.set()
        await called
        return to.getvalue(), service.get_unique_name()

    text, destination = with_radio(test)
    call = f"{destination} /radio org.example.Player.Wait"
    assert re.search(
        f"  awaits a D-Bus call of {call}, in flight for [0-9.]+ m?s\n", text
    ), text
    assert re.search(r"\n  Radio.wait, .*\n    awaits asyncio.Event.wait\n", text), text


def test_iterations_are_told_by_what_they_are_over(with_radio):
    async def all_of(values):
        async for _ in values:
            pass

    async def test(radio, service, client):
        player = proxy_of(service, client)
        values = player.seeked, player.volume, dbus.watch_name(client, "org.example.Absent")
        tasks = [asyncio.create_task(all_of(each)) for each in values]
        await asyncio.sleep(0.1)
        to = io.StringIO()
        gawait.print_tasks(to)
        for each in tasks:
            each.cancel()
        return to.getvalue(), f"{service.get_unique_name()} /radio"

    text, path = with_radio(test)
    assert f"  awaits the signal Player.seeked of {path}\n" in text, text
    assert f"  awaits a change of Player.volume of {path}\n" in text, text
    assert "  awaits another owner of org.example.Absent\n" in text, text
