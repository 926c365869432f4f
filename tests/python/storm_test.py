"""A hundred thousand awaited operations, cancelled at random."""

import asyncio
import random

import gawait
from gi.repository import Gio, GLib

OPERATIONS = 100_000
AT_ONCE = 1000
SEED = 20_260_727


class Tally:
    def __init__(self):
        self.started = self.succeeded = self.failed = self.cancelled = 0


def idle_function(cancellable, callback):
    """Ends in a later iteration, cancelled or not."""
    GLib.idle_add(
        lambda: callback(None, cancellable.is_cancelled()), priority=GLib.PRIORITY_DEFAULT
    )


def test_each_of_them_ends_exactly_once(run, count_objects, tmp_path):
    print("seed", SEED)
    chance = random.Random(SEED)
    data = GLib.Bytes.new(bytes(4096))
    text = Gio.File.new_for_path(str(tmp_path / "text"))
    text.replace_contents(b"contents", None, False, Gio.FileCreateFlags.NONE, None)
    missing = Gio.File.new_for_path(str(tmp_path / "missing"))
    shared = Gio.Cancellable()
    shared.cancel()

    def read():
        return Gio.MemoryInputStream.new_from_bytes(data).read_bytes_async(16)

    def read_cancelled():
        return Gio.MemoryInputStream.new_from_bytes(data).read_bytes_async(16, 0, shared)

    def idle():
        return gawait.call(idle_function, finish=bool)

    starts = [read] * 70 + [idle] * 20 + [read_cancelled] * 4
    starts += [text.load_contents_async] * 3 + [missing.load_contents_async] * 3

    async def one(tally):
        tally.started += 1
        try:
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
            await chance.choice(starts)()
        except GLib.Error:
            tally.failed += 1
        except asyncio.CancelledError:
            tally.cancelled += 1
            raise
        else:
            tally.succeeded += 1

    async def main():
        tally = Tally()
        for _ in range(OPERATIONS // AT_ONCE):
            tasks = [asyncio.create_task(one(tally)) for _ in range(AT_ONCE)]
            for _ in range(chance.randrange(10)):
                await asyncio.sleep(0)
                for task in chance.sample(tasks, AT_ONCE // 20):
                    task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(
                each is None or isinstance(each, asyncio.CancelledError) for each in ended
            )
        return tally

    before = count_objects(gawait.Operation)
    tally = run(main())
    assert tally.succeeded + tally.failed + tally.cancelled == tally.started
    assert tally.started > OPERATIONS * 0.95, "some are cancelled before they begin"
    assert tally.succeeded > OPERATIONS // 2
    assert tally.cancelled > OPERATIONS // 100
    assert tally.failed > OPERATIONS // 100
    assert count_objects(gawait.Operation) == before
