"""What Python's own tools show of operations: `python -m asyncio ps` and `pstree`, and asyncio's
call graphs."""

import asyncio
import contextlib
import gc
import os
import re
import socket
import sys

import pytest

import gawait
from gi.repository import Gio, GObject
from running import while_they_run

if not hasattr(asyncio, "capture_call_graph"):
    pytest.skip("Python before 3.14 has no such tools", allow_module_level=True)

from asyncio import tools  # noqa: E402


def trees():
    """What `pstree` would print of this process, without files and lines, in ASCII."""
    found = tools.build_async_tree(tools.get_all_awaited_by(os.getpid()))
    lines = re.sub(r" \S+:\d+$", "", "\n".join(map("\n".join, found)), flags=re.MULTILINE)
    return re.sub(
        "^[ │]*[├└]── +", lambda begin: "  " * (len(begin[0]) // 4 - 1), lines, flags=re.M
    )


async def shown(*works, rounds=3):
    """What is shown of tasks that run these, which are cancelled then."""
    text = await while_they_run(works, trees, rounds)
    of_works = re.split("^(?=\\(T\\))", text, flags=re.M)
    return "".join(sorted(each.strip("\n") + "\n" for each in of_works if "(T) work-" in each))


async def outer(awaitable):
    return await inner(awaitable)


async def inner(awaitable):
    return await awaitable


@pytest.fixture
def sleeper():
    """A process that takes long."""
    process = Gio.Subprocess.new(["sleep", "100"], Gio.SubprocessFlags.NONE)
    yield process
    process.force_exit()


def test_the_operation_is_below_the_coroutines_that_await_it(run, sleeper):
    async def main():
        return await shown(outer(sleeper.wait_async()))

    assert run(main()) == (
        "(T) work-1\n" "  outer\n" "    inner\n" "      (T) g_subprocess_wait_async\n"
    )


def test_what_is_gathered_is_below_who_gathers(run, sleeper):
    async def main():
        return await shown(
            outer(asyncio.gather(sleeper.wait_async(), sleeper.wait_check_async()))
        )

    async def gather():
        await asyncio.gather(sleeper.wait_async(), sleeper.wait_check_async())

    async def shown_of_gather():
        return await shown(gather())

    shown_of = run(shown_of_gather())
    assert shown_of.count("    (T) g_subprocess_wait_async\n") == 1
    assert shown_of.count("    (T) g_subprocess_wait_check_async\n") == 1


@pytest.mark.parametrize(
    "wait",
    [asyncio.wait, asyncio.shield, lambda future: asyncio.wait_for(future, 100)],
    ids=["wait", "shield", "wait_for"],
)
def test_who_waits_by_asyncio_is_above(run, sleeper, wait):
    async def waits():
        operation = sleeper.wait_async()
        try:
            await wait([operation] if wait is asyncio.wait else operation)
        finally:
            operation.cancel()

    async def main():
        return await shown(waits())

    assert re.search(" \\(T\\) g_subprocess_wait_async\n$", run(main()))


def test_tasks_of_a_group_are_between(run, sleeper):
    async def group():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(inner(sleeper.wait_async()), name="child")

    async def main():
        return await shown(group())

    assert re.search(
        "^(T) work-1\n(.*\n)+ +(T) child\n +inner\n +(T) g_subprocess_wait_async\n$".replace(
            "(T)", r"\(T\)"
        ),
        run(main()),
    )


def test_a_task_of_an_operation_is_shown_with_it(run, sleeper):
    async def main():
        return await shown(sleeper.wait_async())

    assert re.search(r"^\(T\) work-1\n.*\n    \(T\) g_subprocess_wait_async\n$", run(main()))


def test_several_that_await_the_same_function_have_one_each(run, sleeper):
    async def main():
        return await shown(*(inner(sleeper.wait_async()) for _ in range(300)))

    assert run(main()).count("\n    (T) g_subprocess_wait_async\n") == 300


def test_a_coroutine_that_answers_is_below_what_it_answers(run, sleeper):
    class Dictionary(GObject.Object):
        @gawait.async_method
        async def look_up(self, word):
            await sleeper.wait_async()

    async def main():
        return await shown(outer(Dictionary().look_up_async("await")), rounds=5)

    assert re.search(
        r"^\(T\) work-1\n  outer\n    inner\n      \(T\) an operation\n"
        r"        \(T\) Task-\d+\n(?:          .*\n)* +\(T\) g_subprocess_wait_async\n$",
        run(main()),
    )


def test_a_name_that_the_tools_could_not_read_is_written_otherwise(run):
    def größe(source, result):
        return result

    async def main():
        operation = gawait.call(lambda *arguments: None, finish=größe)
        showing = asyncio.create_task(shown(inner(operation)))
        await asyncio.sleep(0.01)
        operation.set_result(None)
        return await showing

    assert re.search(r"an operation that .*gr\\xf6\\xdfe ends\n", run(main()))


def test_a_task_that_receives_from_a_socket_does_not_hinder_them(run, sleeper):
    async def main():
        ends = socket.socketpair()
        with contextlib.ExitStack() as closing:
            for end in ends:
                closing.enter_context(end).setblocking(False)
            receives = asyncio.get_running_loop().sock_recv(ends[0], 1)
            return await shown(receives, inner(sleeper.wait_async()))

    assert run(main()) == (
        "(T) work-1\n  _await\n(T) work-2\n  inner\n    (T) g_subprocess_wait_async\n"
    )


def test_nothing_is_left_of_what_has_ended(run, tmp_path):
    path = tmp_path / "file"
    path.write_text("content")

    async def main():
        await outer(Gio.File.new_for_path(str(path)).load_contents_async())
        return trees()

    assert "g_file" not in run(main())


def test_they_are_no_tasks_of_the_loop(run, sleeper):
    async def main():
        task = asyncio.create_task(inner(sleeper.wait_async()))
        await asyncio.sleep(0)
        assert "g_subprocess_wait_async" in trees()
        tasks = asyncio.all_tasks()
        task.cancel()
        await asyncio.wait([task])
        return tasks == {task, asyncio.current_task()}

    assert run(main())


def test_what_awaits_for_ever_is_collected_all_the_same(loop):
    async def main():
        asyncio.create_task(inner(gawait.call(lambda *arguments: None, finish=len)))
        await asyncio.sleep(0)

    loop.run_until_complete(main())
    gc.collect()
    assert "an operation" not in trees()


def test_what_is_called_back_knows_who_waits_for_it(run, sleeper):
    class Dictionary(GObject.Object):
        @gawait.async_method
        async def look_up(self, word):
            await asyncio.sleep(0)
            return asyncio.capture_call_graph()

    async def main():
        graph = await asyncio.create_task(
            inner(Dictionary().look_up_async("await")), name="asks"
        )
        (stand_in,) = graph.awaited_by
        (asks,) = stand_in.awaited_by
        return stand_in.future.get_name(), asks.future.get_name()

    assert run(main()) == ("an operation", "asks")


def test_the_call_graph_of_an_operation_is_who_awaits_it(run, sleeper):
    async def main():
        operation = sleeper.wait_async()
        task = asyncio.create_task(inner(operation), name="waits")
        await asyncio.sleep(0)
        text = asyncio.format_call_graph(operation)
        task.cancel()
        await asyncio.wait([task])
        return text

    assert re.search(
        r"\* Future\(id=.*\n  \+ Awaited by:\n    \* Task\(name='waits'", run(main())
    )


PROGRAM = """
import asyncio
import gawait
from gi.repository import Gio

async def fetch():
    await Gio.Subprocess.new(["cat"], Gio.SubprocessFlags.STDIN_INHERIT).wait_async()

async def main():
    asyncio.get_running_loop().call_later(0.05, print, "waits")
    await fetch()

gawait.run(main())
"""


@pytest.mark.parametrize(
    "tool, wanted",
    [
        ("pstree", r"main .*\n.* fetch .*\n.*── \(T\) g_subprocess_wait_async\n"),
        ("ps", r" g_subprocess_wait_async .* fetch -> main +Task-1 "),
    ],
)
def test_another_process_is_shown(run, tool, wanted):
    async def main():
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", "-c", PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert await program.stdout.readline() == b"waits\n"
        shows = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "asyncio", tool, str(program.pid)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        text, _ = await shows.communicate()
        await program.communicate()
        assert program.returncode == 0
        return text.decode()

    text = run(main())
    if "insufficient permissions" in text:
        pytest.skip(text.splitlines()[0])
    assert re.search(wanted, text), text
