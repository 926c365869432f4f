"""What print_tasks() shows of D-Bus."""

import asyncio
import io
import re

import gawait
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
