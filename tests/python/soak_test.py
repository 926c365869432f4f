"""All kinds of work at a time, for a minute, or for GAWAIT_SOAK seconds."""

import asyncio
import collections
import contextlib
import gc
import os
import random

import pytest

from gawait import dbus
from gi.repository import Gio, GLib

SECONDS = float(os.environ.get("GAWAIT_SOAK", 60))
SEED = 20_261_127
NAME, PATH = "org.example.Soak", "/org/example/Soak"


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Service:
    async def answer(self, text: str) -> str:
        await asyncio.sleep(0)
        return text


async def echo_over(address, chance, **options):
    reader, writer = await asyncio.open_connection(*address, **options)
    try:
        for _ in range(chance.randrange(1, 20)):
            sent = chance.randbytes(chance.choice((1, 1000, 100_000)))
            writer.write(sent)
            assert await reader.readexactly(len(sent)) == sent
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def run_process(chance):
    sent = chance.randbytes(1000)
    process = await asyncio.create_subprocess_exec(
        "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        received, _ = await process.communicate(sent)
        assert received == sent
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def read_file(file):
    _, contents, _ = await file.load_contents_async()
    info = await file.query_info_async("standard::size", Gio.FileQueryInfoFlags.NONE)
    assert info.get_size() == len(contents)


async def talk_over_gio(port, chance):
    connection = await Gio.SocketClient().connect_to_host_async("127.0.0.1", port)
    sent = chance.randbytes(1000)
    try:
        await connection.get_output_stream().write_all_async(sent)
        received = b""
        while len(received) < len(sent):
            received += await connection.get_input_stream().read_async(4096)
        assert received == sent
    finally:
        connection.close(None)


async def connect(address):
    flags = Gio.DBusConnectionFlags
    return await Gio.DBusConnection.new_for_address(
        address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None
    )


async def call(bus, name):
    answer = await bus.call(
        name, PATH, NAME, "Answer", GLib.Variant("(s)", ("text",)), None, 0, -1
    )
    assert answer.unpack() == ("text",)


def resident():
    """In bytes."""
    with open("/proc/self/statm") as counts:
        return int(counts.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""),
    reason="the address sanitizer keeps what is freed",
)
def test_nothing_grows_under_mixed_work(run, session_bus, server_tls, client_tls, tmp_path):
    print("seed", SEED)
    chance = random.Random(SEED)
    done = collections.Counter()
    file = Gio.File.new_for_path(str(tmp_path / "file"))
    file.replace_contents(bytes(10_000), None, False, Gio.FileCreateFlags.NONE, None)

    async def main():
        loop = asyncio.get_running_loop()
        bus, caller = [await connect(session_bus) for _ in range(2)]
        plain = await loop.create_server(Echo, "127.0.0.1", 0)
        secure = await loop.create_server(Echo, "127.0.0.1", 0, ssl=server_tls)
        addresses = [each.sockets[0].getsockname() for each in (plain, secure)]
        works = {
            "echo": lambda: echo_over(addresses[0], chance),
            "tls": lambda: echo_over(addresses[1], chance, ssl=client_tls),
            "process": lambda: run_process(chance),
            "file": lambda: read_file(file),
            "gio": lambda: talk_over_gio(addresses[0][1], chance),
            "bus": lambda: call(caller, bus.get_unique_name()),
        }

        async def work():
            name = chance.choice(list(works))
            limit = chance.choice((0, 0.001, 0.01, 60))
            try:
                async with asyncio.timeout(limit):
                    await works[name]()
            except TimeoutError:
                name = f"{name}, cancelled"
            done[name] += 1

        async def work_until(end):
            async def go_on():
                while loop.time() < end:
                    await work()

            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(go_on())
            await asyncio.sleep(0.5)  # what closes in the background
            gc.collect()

        with dbus.export(bus, PATH, Service(), NAME):
            await work_until(loop.time() + SECONDS / 4)
            before = resident(), len(os.listdir("/proc/self/fd"))
            await work_until(loop.time() + SECONDS * 3 / 4)
            after = resident(), len(os.listdir("/proc/self/fd"))
        for each in (plain, secure):
            each.close()
        for each in (bus, caller):
            await each.close()
        print(done, before, after)
        assert after[1] <= before[1]
        assert after[0] - before[0] < 8 << 20

    run(main())
    assert all(done[name] for name in ("echo", "tls", "process", "file", "gio", "bus"))
