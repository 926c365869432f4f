"""Call plans: what awaits without PyGObject's marshalling, and that nobody can tell."""

import asyncio
import contextlib
import gc
import os
import subprocess
import sys

import pytest

import gawait
from gi.repository import Gio, GLib, GObject

TOOLS = os.path.join(os.path.dirname(__file__), "..", "..", "tools")


@pytest.fixture(scope="module")
def counted():
    """What tools/call-plans says: of each namespace, how many of how many functions."""
    ended = subprocess.run(
        [sys.executable, f"{TOOLS}/call-plans"], capture_output=True, text=True, check=True
    )
    print(ended.stdout)
    counts = {}
    for line in ended.stdout.splitlines():
        namespace, _, told = line.partition(": ")
        if " of " in told and told.replace(" of ", "").isdigit():
            counts[namespace] = [int(each) for each in told.split(" of ")]
    return counts


@pytest.mark.parametrize("namespace", ["Gio", "GioUnix", "Gtk"])
def test_nine_in_ten_asynchronous_functions_have_a_plan(counted, namespace):
    if namespace not in counted:
        assert namespace == "GioUnix"
        pytest.skip("up to GLib 2.78 GioUnix is part of Gio")
    planned, asynchronous = counted[namespace]
    assert planned >= 0.9 * asynchronous


def outcomes(tmp_path, plans):
    """What conversions.py prints, with call plans or without."""
    directory = tmp_path / f"plans-{plans}"
    directory.mkdir()
    ended = subprocess.run(
        [sys.executable, f"{os.path.dirname(__file__)}/conversions.py", directory],
        env={**os.environ, "GAWAIT_CALL_PLANS": plans},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.replace(str(directory), "DIRECTORY").splitlines()


def test_every_conversion_is_that_of_PyGObject(tmp_path, session_bus):
    with_plans, without = (outcomes(tmp_path, plans) for plans in "10")
    assert len(with_plans) > 1000
    differences = [pair for pair in zip(with_plans, without, strict=True) if pair[0] != pair[1]]
    # Only a plan helps out where GIO refuses its own buffer, for no bytes.
    assert not [pair for pair in differences if not pair[1].endswith("never ends")]
    assert len(differences) <= 2


async def read_bytes(source):
    await source.read_bytes_async(1, GLib.PRIORITY_DEFAULT)


async def read(source):
    await source.read_async(1)


async def skip(source):
    await source.skip_async(1)


async def find_nothing(source):
    try:
        await Gio.File.new_for_path("/nowhere").read_async()
    except GLib.Error:
        pass


async def query(source):
    await Gio.File.new_for_path("/").query_info_async("standard::*", 0)


async def load(source):
    await Gio.File.new_for_path("/etc/debian_version").load_contents_async()


async def look_up(source):
    await Gio.Resolver.get_default().lookup_by_name_async("::1")


async def write(source):
    await Gio.MemoryOutputStream.new_resizable().write_all_async(b"bytes")


async def read_line(source):
    own = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"line\n"))  # it closes that
    await Gio.DataInputStream.new(own).read_line_async()


async def splice(source):
    target = Gio.MemoryOutputStream.new_resizable()
    await target.splice_async(source, Gio.OutputStreamSpliceFlags.NONE)


# A million take minutes: GAWAIT_AWAITS=1000000.
AWAITS = int(os.environ.get("GAWAIT_AWAITS", 50_000))


def resident():
    """In bytes."""
    with open("/proc/self/statm") as counts:
        return int(counts.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""),
    reason="the address sanitizer keeps what is freed",
)
@pytest.mark.parametrize(
    "awaited",
    [read_bytes, read, skip, find_nothing, query, load, look_up, write, read_line, splice],
)
def test_many_awaits_leave_nothing_behind(run, awaited):
    # PyGObject's own call leaves about 120 bytes: with it, this many leave 6 MiB.
    async def repeat(times):
        source = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(bytes(4)))
        for _ in range(times):
            await awaited(source)

    run(repeat(10_000))
    before = resident()
    run(repeat(AWAITS))
    assert resident() - before < 1 << 20


def test_what_is_written_is_kept_until_then(run):
    async def main():
        reader, writer = os.pipe2(os.O_NONBLOCK)
        stream = Gio.UnixOutputStream.new(writer, True)
        filled = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += os.write(writer, b"-")
        operation = stream.write_all_async(bytes([65]) * 1000)
        gc.collect()
        noise = [bytes([66]) * 1000 for _ in range(100)]
        read = b""
        while len(read) < filled + 1000:
            with contextlib.suppress(BlockingIOError):
                read += os.read(reader, 100_000)
            await asyncio.sleep(0)
        os.close(reader)
        assert await operation == (True, 1000) and noise
        return read[filled:]

    assert run(main()) == b"A" * 1000


def test_a_cancellable_of_the_operations_own_is_the_same_each_time(run):
    async def main():
        listener = Gio.SocketListener()
        listener.add_any_inet_port(None)
        operation = listener.accept_async()
        seen = operation.cancellable
        assert operation.cancellable is seen
        seen.cancel()
        with pytest.raises(GLib.Error):
            await operation

    run(main())


def test_a_cycle_through_the_cancellable_is_collected(run, count_objects):
    async def main():
        for _ in range(20):
            source = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))
            operation = source.read_bytes_async(4)
            cancellable = operation.cancellable  # whose own connect() is another
            GObject.Object.connect(cancellable, "cancelled", lambda *_, kept=operation: kept)
            await operation

    before = count_objects(gawait.Operation)
    run(main())
    assert count_objects(gawait.Operation) <= before + 1


def test_a_finish_function_in_Python_gets_the_result_of_a_plan(run):
    async def main():
        source = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))
        seen = []

        def finish(stream, result):
            seen.append((stream, type(result), result.get_user_data()))
            return stream.read_bytes_finish(result).get_data()

        read = await gawait.call(source.read_bytes_async, 4, finish=finish)
        return read, seen == [(source, Gio.Task, None)]

    assert run(main()) == (b"data", True)
