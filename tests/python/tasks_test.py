"""What print_tasks() shows."""

import asyncio
import contextlib
import io
import os
import re
import socket

import pytest

import gawait
from gi.repository import Gio, GLib, GObject
from running import while_they_run

HERE = __file__.removeprefix(os.getcwd() + os.sep)


def shown(loop=None):
    """What is printed, with "..." for times and lines."""
    to = io.StringIO()
    gawait.print_tasks(to, loop)
    text = re.sub(r"\b[0-9.]+ m?s\b", "...", to.getvalue().replace(HERE, "here"))
    return re.sub(r"here:\d+", "here:...", text)


async def show(*works, rounds=2):
    """What is shown of tasks that run these, which are cancelled then."""
    text = await while_they_run(works, shown, rounds)
    return text[text.index("work-1") :]


async def outer(awaitable):
    await inner(awaitable)


async def inner(awaitable):
    await awaitable


async def enter(lock):
    async with lock:
        pass


async def numbers():
    yield 1
    await asyncio.sleep(100)


async def add_up():
    async for _ in numbers():
        pass


async def sleep_long():
    await asyncio.sleep(100)


@pytest.fixture
def sleeper():
    """A process that takes long."""
    process = Gio.Subprocess.new(["sleep", "100"], Gio.SubprocessFlags.NONE)
    yield process
    process.force_exit()


@pytest.fixture
def sockets():
    ends = socket.socketpair()
    with contextlib.ExitStack() as closing:
        for end in ends:
            end.setblocking(False)
            closing.enter_context(end)
        yield ends


def test_nothing_is_shown_where_there_is_nothing():
    assert shown() == "no tasks\n"


def test_the_task_that_asks_runs(run):
    async def main():
        asyncio.current_task().set_name("main")
        return shown()

    assert re.fullmatch("main: .*, .*\n  running\n", run(main()))


def test_who_awaits_whom_is_shown_down_to_the_operation(run, sleeper):
    async def main():
        return await show(outer(sleeper.wait_async()))

    assert run(main()) == (
        "work-1: outer, here:...\n"
        "  inner, here:...\n"
        "    awaits g_subprocess_wait_async, in flight for ...\n"
    )


def test_a_task_of_an_operation_is_shown_with_it(run, sleeper):
    async def main():
        task = gawait.create_task(sleeper.wait_async(), name="wait")
        await asyncio.sleep(0)
        text = shown()
        task.cancel()
        await asyncio.wait([task])
        return text

    assert "\nwait\n  awaits g_subprocess_wait_async, in flight for ...\n" in run(main())


def test_a_generator_is_shown_between(run):
    assert run(show(add_up())) == (
        "work-1: add_up, here:...\n  numbers, here:...\n    awaits asyncio.sleep, due in ...\n"
    )


def test_what_of_asyncio_is_waited_for_is_named(run, sockets):
    async def main():
        lock = asyncio.Lock()
        await lock.acquire()
        loop = asyncio.get_running_loop()
        return await show(
            outer(lock.acquire()),
            outer(asyncio.Event().wait()),
            outer(asyncio.Queue().get()),
            outer(loop.create_future()),
            outer(loop.sock_recv(sockets[0], 1)),
            enter(lock),
            enter(asyncio.Semaphore(0)),
            outer(next(asyncio.as_completed([sleep_long()]))),
        )

    awaited = re.findall("awaits (.*)", run(main()))
    assert awaited == [
        "asyncio.Lock.acquire",
        "asyncio.Event.wait",
        "asyncio.Queue.get",
        "a Future",
        f"EventLoop.sock_recv, file descriptor {sockets[0].fileno()}",
        "asyncio.Lock.acquire",
        "asyncio.Semaphore.acquire",
        "asyncio.as_completed",
    ]


def test_a_task_is_below_the_one_that_awaits_it(run):
    async def wait_for_another():
        await asyncio.create_task(sleep_long(), name="other")

    text = run(show(wait_for_another(), rounds=3))
    assert text.endswith(
        "  awaits other\n    other: sleep_long, here:...\n      awaits asyncio.sleep, due in ...\n"
    )


def test_tasks_that_run_side_by_side_are_below_who_waits_for_them(run):
    async def in_group():
        async with asyncio.TaskGroup() as group:
            group.create_task(sleep_long(), name="one")
            group.create_task(add_up(), name="two")

    async def all_of():
        await asyncio.gather(sleep_long(), sleep_long())

    async def waits():
        await asyncio.wait([asyncio.create_task(sleep_long(), name="three")])

    text = run(show(in_group(), all_of(), waits(), rounds=3))
    assert re.sub(r"Task-\d+", "Task", re.sub(r"test_\w+.<locals>.", "", text)) == (
        "work-1: in_group, here:...\n"
        "  awaits asyncio.TaskGroup.__aexit__\n"
        "    one: sleep_long, here:...\n"
        "      awaits asyncio.sleep, due in ...\n"
        "    two: add_up, here:...\n"
        "      numbers, here:...\n"
        "        awaits asyncio.sleep, due in ...\n"
        "work-2: all_of, here:...\n"
        "  awaits asyncio.gather\n"
        "    Task: sleep_long, here:...\n"
        "      awaits asyncio.sleep, due in ...\n"
        "    Task: sleep_long, here:...\n"
        "      awaits asyncio.sleep, due in ...\n"
        "work-3: waits, here:...\n"
        "  awaits asyncio.wait\n"
        "    three: sleep_long, here:...\n"
        "      awaits asyncio.sleep, due in ...\n"
    )


def test_what_gather_and_shield_are_given_is_shown_also_one_in_the_other(run, sleeper):
    async def all_of():
        within = asyncio.gather(sleeper.wait_async(), asyncio.shield(sleep_long()))
        await asyncio.gather(within, sleep_long())

    async def shielded():
        await asyncio.shield(sleeper.wait_async())

    text = run(show(all_of(), shielded(), rounds=3))
    assert re.sub(r"Task-\d+", "Task", re.sub(r"test_\w+.<locals>.", "", text)) == (
        "work-1: all_of, here:...\n"
        "  awaits asyncio.gather\n"
        "    awaits g_subprocess_wait_async, in flight for ...\n"
        "    Task: sleep_long, here:...\n"
        "      awaits asyncio.sleep, due in ...\n"
        "    Task: sleep_long, here:...\n"
        "      awaits asyncio.sleep, due in ...\n"
        "work-2: shielded, here:...\n"
        "  awaits asyncio.shield\n"
        "    awaits g_subprocess_wait_async, in flight for ...\n"
    )


def test_an_operation_with_a_time_limit_is_shown(run, sleeper):
    async def main():
        return await show(asyncio.wait_for(sleeper.wait_async(), 100))

    assert "awaits g_subprocess_wait_async, in flight for ...\n" in run(main())


def test_tasks_that_await_each_other_are_all_shown(run):
    async def wait_for(tasks, index):
        await asyncio.wait([tasks[index]])

    async def main():
        tasks = []
        tasks += [
            asyncio.create_task(wait_for(tasks, 1), name="first"),
            asyncio.create_task(wait_for(tasks, 0), name="second"),
        ]
        await asyncio.sleep(0)
        text = shown()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return text

    text = run(main())
    assert text.count("first: ") == text.count("second: ") == 1


def test_a_signal_is_told_by_its_name(run):
    async def main():
        return await show(outer(gawait.signal(Gio.Application(), "startup")))

    assert "    awaits the signal 'startup'\n" in run(main())


def test_an_iteration_over_a_signal_is_told_by_its_name(run):
    async def iterate():
        async for _ in gawait.signals(Gio.Application(), "startup"):
            pass

    assert run(show(iterate())).endswith("\n  awaits the signal 'startup'\n")


def test_a_function_that_is_not_introspected_is_known_by_what_finishes_it(run):
    def start(cancellable, callback):
        pass

    def take(result):
        return result

    async def main():
        operation = gawait.call(start, finish=take)
        task = asyncio.create_task(inner(operation))
        await asyncio.sleep(0)
        text = shown()
        operation.set_result(None)
        await task
        return text

    assert re.search("awaits an operation that .*take ends, in flight for", run(main()))


def test_a_coroutine_that_answers_is_below_what_it_answers(run):
    class Dictionary(GObject.Object):
        @gawait.async_method
        async def look_up(self, word):
            await asyncio.sleep(100)

    async def main():
        return await show(outer(Dictionary().look_up_async("await")), rounds=3)

    assert re.search(
        "    awaits an operation, in flight for ...\n"
        r"      Task-\d+: .*Dictionary.look_up, here:...\n"
        r"        awaits asyncio.sleep, due in ...\n",
        run(main()),
    )


def test_a_task_that_has_not_begun_says_so(run):
    async def main():
        task = asyncio.create_task(sleep_long(), name="later")
        text = shown()
        task.cancel()
        await asyncio.wait([task])
        return text

    assert "later: sleep_long, here:...\n  not begun\n" in run(main())


def test_it_can_be_asked_for_in_a_callback_of_glibs(run):
    async def main():
        seen = asyncio.get_running_loop().create_future()
        GLib.idle_add(lambda: seen.set_result(shown()) and GLib.SOURCE_REMOVE)
        return await seen

    assert "awaits a Future\n" in run(main())


def test_a_loop_that_does_not_run_has_tasks_as_well(loop):
    task = loop.create_task(sleep_long(), name="later")
    assert "later: " in shown(loop)
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))


def test_many_are_shown(run):
    async def main():
        return await show(*(sleep_long() for _ in range(1000)))

    assert run(main()).count("awaits asyncio.sleep") == 1000


def test_what_is_no_loop_has_no_tasks():
    with pytest.raises(TypeError, match="argument 'loop': expected an event loop, not type"):
        gawait.print_tasks(loop=asyncio.Task)


def test_another_thread_may_not_ask_while_the_loop_runs(run):
    async def main():
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, lambda: shown(loop))

    with pytest.raises(RuntimeError, match="does not own its main context"):
        run(main())
