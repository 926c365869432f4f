"""What goes wrong around a loop: misuse, exits, forks, signals, and a kernel that has no more."""

import asyncio
import ctypes
import functools
import gc
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
import weakref

import pytest

import gawait
from gi.repository import Gio, GLib

uses_up_descriptors = pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="UBSan needs descriptors of its own"
)


class NeverEnds:
    """An asynchronous function that calls back when it is told to."""

    def __call__(self, cancellable, callback):
        self.callback = callback

    def end(self, result="result"):
        self.callback(None, result)

    def start(self, finish=str):
        return gawait.call(self, finish=finish)


def run_in_application(main):
    """Runs a coroutine in Gio.Application.run(), which nothing of asyncio's surrounds."""
    application = Gio.Application()
    tasks = []

    def activate(application):
        application.hold()
        tasks.append(asyncio.ensure_future(main))
        tasks[0].add_done_callback(lambda task: application.quit())

    application.connect("activate", activate)
    application.run(None)
    return tasks[0].result()


@pytest.fixture(params=["gawait.run", "Gio.Application.run"])
def drive(request, run):
    """Runs a coroutine, by asyncio's means and by GLib's."""
    return run if request.param == "gawait.run" else run_in_application


@pytest.fixture
def drive_beside_glib(drive):
    """The same while GLib has something to dispatch all the time."""
    dispatched = []
    source = GLib.idle_add(lambda: dispatched.append(1) or True)
    yield drive
    GLib.source_remove(source)
    assert dispatched


def lines_of(error):
    """The source lines of an exception's traceback that are in this file."""
    return [
        each.line
        for each in traceback.extract_tb(error.__traceback__, None)
        if each.filename == __file__
    ]


def descriptors():
    return sorted(os.listdir("/proc/self/fd"))


# Awaiting -------------------------------------------------------------------------


def test_no_running_loop_is_an_error_at_the_line_of_the_call():
    with pytest.raises(RuntimeError, match="no running event loop") as raised:
        NeverEnds().start()
    assert lines_of(raised.value)[-1] == "return gawait.call(self, finish=finish)"


def test_an_operation_of_another_loop_cannot_be_awaited(run):
    never = NeverEnds()

    async def start():
        return never.start()

    async def await_(operation):
        await operation

    operation = gawait.run(start())
    with pytest.raises(RuntimeError, match="attached to a different loop") as raised:
        gawait.run(await_(operation), context=GLib.MainContext.new())
    assert lines_of(raised.value)[-1] == "await operation"


@pytest.mark.parametrize("error", [StopIteration, asyncio.CancelledError, KeyError])
def test_whatever_the_finish_function_raises_ends_the_wait(run, error):
    def finish(result):
        raise error

    async def main():
        never = NeverEnds()
        operation = never.start(finish)
        asyncio.get_running_loop().call_soon(never.end)
        # Neither a future nor a coroutine can raise StopIteration.
        expected = (RuntimeError, TypeError) if error is StopIteration else error
        with pytest.raises(expected) as raised:
            await operation
        if error is StopIteration:
            assert isinstance(raised.value.__cause__, StopIteration)

    run(main())


@pytest.mark.parametrize("fatal", [KeyboardInterrupt, SystemExit])
def test_a_finish_function_that_exits_ends_the_run(fatal):
    def finish(result):
        raise fatal("out")

    async def main():
        never = NeverEnds()
        asyncio.get_running_loop().call_later(0, never.end)
        await never.start(finish)

    with pytest.raises(fatal, match="out"):
        gawait.run(main())


@pytest.mark.parametrize("error", [None, KeyError("no")])
def test_an_end_is_ignored_that_comes_after_somebody_has_set_the_result(run, error):
    def finish(result):
        if error:
            raise error

    async def main():
        never = NeverEnds()
        operations = [never.start(finish) for _ in range(2)]
        operations[0].set_result("ours")
        operations[1].set_exception(ValueError("ours"))
        for operation in operations:
            operation._ready(None, "result")
        with pytest.raises(ValueError, match="ours"):
            await operations[1]
        return await operations[0]

    assert run(main()) == "ours"


def test_an_end_in_c_is_ignored_that_comes_after_somebody_has_set_the_result(run, monkeypatch):
    failures = []
    monkeypatch.setattr(sys, "excepthook", lambda *failure: failures.append(failure))

    async def main():
        ended = []
        for path in "/", __file__:  # one that fails, and one that succeeds
            operation = Gio.File.new_for_path(path).read_async()
            weakref.finalize(operation, ended.append, path)
            operation.set_result("ours")
            assert await operation == "ours"
            del operation
        while len(ended) < 2:  # GLib keeps them until then
            await asyncio.sleep(0.001)

    run(main())
    assert failures == []


def test_a_second_call_back_is_an_error_and_changes_nothing(run):
    async def main():
        never = NeverEnds()
        operation = never.start()
        never.end("first")
        with pytest.raises(RuntimeError, match="called back twice"):
            never.end("second")
        assert await operation == "first"

    run(main())


# Callbacks that raise -------------------------------------------------------------


def fail():
    raise LookupError("failed")


def test_each_kind_of_callback_that_raises_is_reported_with_its_own_line(loop, reports):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        never = NeverEnds()

        def on_readable():
            loop.remove_reader(ours)
            fail()

        async def main():
            operation = never.start()
            operation.add_done_callback(lambda operation: fail())
            loop.call_soon(fail)
            loop.call_later(0, fail)
            loop.call_soon_threadsafe(fail)
            loop.add_reader(ours, on_readable)
            theirs.send(b"x")
            never.end()
            assert await operation == "result"
            while len(reports) < 5:
                await asyncio.sleep(0)

        loop.run_until_complete(main())
    assert len(reports) == 5
    for report in reports:
        assert lines_of(report["exception"])[-1] == 'raise LookupError("failed")'


def test_an_exception_handler_that_raises_is_logged_and_the_loop_goes_on(loop, caplog):
    loop.set_exception_handler(lambda loop, context: 1 / 0)
    loop.call_soon(fail)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert "Unhandled error in exception handler" in caplog.text


def test_a_callback_of_glibs_that_raises_does_not_stop_the_loop(run, monkeypatch):
    raised = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: raised.append(kind))

    async def main():
        GLib.idle_add(fail)
        while not raised:
            await asyncio.sleep(0.001)

    run(main())
    assert raised[0] is LookupError


def test_a_callback_that_replaces_a_reader_while_it_is_let_go_of(loop):
    ours, theirs = socket.socketpair()
    with ours, theirs:

        class Callback:
            def __call__(self):
                pass

            def __del__(self):
                loop.remove_reader(ours)

        loop.add_reader(ours, Callback())
        loop.add_reader(ours, lambda: ours.recv(1) and loop.stop())
        theirs.send(b"x")
        loop.call_later(0.01, loop.stop)
        loop.run_forever()
        loop.remove_reader(ours)


# The end --------------------------------------------------------------------------


def test_a_loop_may_be_closed_with_everything_open_in_it(run_script):
    ended = run_script(
        """
import asyncio, gawait, socket
from gi.repository import Gio, GLib

async def main():
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(lambda reader, writer: reader.read(), "127.0.0.1", 0)
    kept = await asyncio.open_connection(*server.sockets[0].getsockname())
    datagrams = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    listener = Gio.SocketListener()
    listener.add_any_inet_port(None)
    accepting = asyncio.ensure_future(listener.accept_async())
    signal = gawait.signal(Gio.SimpleAction.new("name", None), "activate")
    work = loop.run_in_executor(None, int)
    timer = loop.call_later(1000, print)
    task = asyncio.create_task(asyncio.sleep(1000))
    await asyncio.sleep(0.01)
    return locals()

loop = gawait.new_event_loop()
kept = loop.run_until_complete(main())
loop.close()
for _ in range(20):
    GLib.MainContext.default().iteration(False)
kept["timer"].cancel()
kept["accepting"].cancel()
kept["server"].close()
process = kept["process"]
del kept
process._transport._proc.kill()
print("closed")
"""
    )
    assert (ended.returncode, ended.stdout) == (0, "closed\n"), ended.stderr
    assert "CRITICAL" not in ended.stderr and "Fatal" not in ended.stderr


def test_a_loop_may_be_closed_at_odd_moments(run_script):
    ended = run_script(
        """
import asyncio, gawait
from gi.repository import GLib

async def main():
    loop = asyncio.get_running_loop()
    for each in (loop.close, lambda: asyncio.run(asyncio.sleep(0))):
        try:
            each()
        except RuntimeError as error:
            print(error)
    loop.call_soon(loop.stop)
    await asyncio.sleep(0)

import warnings
warnings.simplefilter("ignore")
loop = gawait.new_event_loop()
loop.run_until_complete(main())

# In a callback of GLib's, and in one that the loop lets go of.
GLib.idle_add(loop.close)
while not loop.is_closed():
    GLib.MainContext.default().iteration(True)

other = gawait.new_event_loop()
class Callback:
    def __call__(self):
        pass
    def __del__(self):
        other.close()
        try:
            other.call_soon(print)
        except RuntimeError as error:
            print(error)
other.call_soon(Callback())
other.call_later(100, Callback())
other.close()
"""
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        "Cannot close a running event loop",
        "asyncio.run() cannot be called from a running event loop",
        "Event loop is closed",
        "Event loop is closed",
    ]


PENDING = """
import asyncio, gawait, sys, threading
from gi.repository import Gio, GLib

def stream():
    return Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))

async def forever():
    while True:
        await asyncio.sleep(0)

async def numbers():
    try:
        while True:
            yield await stream().read_bytes_async(1)
    finally:
        await asyncio.sleep(0)

async def pending():
    loop = asyncio.get_running_loop()
    listener = Gio.SocketListener()
    listener.add_any_inet_port(None)
    global kept
    kept = [
        asyncio.ensure_future(forever()),
        asyncio.create_task(anext(numbers())),
        listener.accept_async(),
        Gio.File.new_for_path("/etc/passwd").load_contents_async(),
        gawait.signals(Gio.SimpleAction.new("name", None), "activate"),
        loop.run_in_executor(None, threading.Event().wait, 0.01),
        loop.call_later(1000, print),
    ]
    await asyncio.sleep(0.005)
"""


@pytest.mark.parametrize(
    "end",
    {
        "returned": "loop.run_until_complete(pending())",
        "exited": "loop.create_task(pending()); loop.call_later(0.01, sys.exit);"
        "loop.run_forever()",
        "application": "application = Gio.Application(); application.connect('activate', "
        "lambda _: (application.hold(), asyncio.ensure_future(pending()),"
        "loop.call_later(0.01, application.quit))); application.run(None)",
    }.values(),
    ids=["returned", "exited", "application"],
)
def test_the_interpreter_may_exit_with_tasks_and_operations_pending(run_script, end):
    ended = run_script(f"{PENDING}\nloop = gawait.new_event_loop()\n{end}")
    assert ended.returncode == 0, ended.stderr
    for word in ("CRITICAL", "WARNING", "Fatal", "Exception ignored"):
        assert word not in ended.stderr, ended.stderr


@pytest.mark.parametrize(
    "work",
    {
        "callbacks": "await asyncio.sleep(0)",
        "timers": "await asyncio.sleep(0.0001)",
        "operations": "await Gio.MemoryInputStream().read_bytes_async(1)",
        "blocking": "await asyncio.sleep(time.sleep(0.001) or 0)",
    }.values(),
    ids=["callbacks", "timers", "operations", "blocking"],
)
def test_the_interpreter_may_exit_while_loops_run_in_daemon_threads(run_script, work):
    ended = run_script(
        f"""
import asyncio, gawait, threading, time
from gi.repository import Gio

async def main():
    while True:
        {work}

for _ in range(3):
    threading.Thread(target=gawait.run, args=(main(),), daemon=True).start()
time.sleep(0.05)
"""
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


# Forks ----------------------------------------------------------------------------

FORKING = """
import asyncio, gawait, os, warnings
from gi.repository import Gio, GLib

# Newer Pythons warn of a fork() beside other threads, of which GLib has one.
warnings.simplefilter("ignore", DeprecationWarning)

async def exit_code_of(child):
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    return os.waitstatus_to_exitcode(status)

"""


def test_a_child_may_run_a_loop_of_its_own_within_a_callback_of_its_parents(run_script):
    ended = run_script(
        FORKING
        + """
async def in_child():
    process = await asyncio.create_subprocess_exec("sh", "-c", "exit 7")
    idle = asyncio.Event()
    source = GLib.Idle()
    source.set_callback(lambda *_: idle.set())
    source.attach(GLib.MainContext.get_thread_default())
    await idle.wait()
    return await process.wait()

async def main():
    timer = asyncio.create_task(asyncio.sleep(0.05, "timer"))
    child = os.fork()
    if child == 0:
        os._exit(gawait.run(in_child()))
    return await exit_code_of(child), await timer

print(gawait.run(main()))
"""
    )
    assert (ended.stdout, ended.stderr) == ("(7, 'timer')\n", "")


def test_in_a_child_no_loop_runs_until_one_is_run_there(run_script):
    ended = run_script(
        FORKING
        + """
def read():
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))
    return stream.read_bytes_async(4)

async def main():
    assert (await read()).get_data() == b"data"
    child = os.fork()
    if child == 0:
        try:
            read()
        except RuntimeError as refusal:
            os._exit(3 if str(refusal) == "no running event loop" else 4)
        os._exit(5)
    return await exit_code_of(child)

print(gawait.run(main()))
"""
    )
    assert (ended.stdout, ended.stderr) == ("3\n", "")


def test_a_child_has_a_context_of_its_own_whose_wake_ups_nobody_takes(run_script):
    ended = run_script(
        FORKING
        + """
async def in_child():
    assert asyncio.get_running_loop()._context != GLib.MainContext.default()
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data" * 100))
    for _ in range(100):
        assert (await stream.read_bytes_async(4)).get_data() == b"data"
    return 7

async def main():
    child = os.fork()
    if child == 0:
        os._exit(gawait.run(in_child()))
    exit_code = asyncio.create_task(exit_code_of(child))
    while not exit_code.done():
        await asyncio.sleep(0.0001)
    return exit_code.result()

print(gawait.run(main()))
"""
    )
    assert (ended.stdout, ended.stderr) == ("7\n", "")


def test_a_pool_of_forked_processes_runs_loops(run_script):
    ended = run_script(
        FORKING
        + """
import concurrent.futures, multiprocessing

async def read(index):
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))
    return (await stream.read_bytes_async(4)).get_data() == b"data" and index

def work(index):
    return gawait.run(read(index))

async def main():
    loop = asyncio.get_running_loop()
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as pool:
        numbers = [loop.run_in_executor(pool, work, index) for index in range(5)]
        print(await asyncio.gather(*numbers))

gawait.run(main())
"""
    )
    assert (ended.stdout, ended.stderr) == ("[0, 1, 2, 3, 4]\n", "")


def test_an_operation_that_is_in_flight_at_a_fork_ends_in_the_parent(run_script):
    ended = run_script(
        FORKING
        + """
def read():
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))
    return stream.read_bytes_async(4)

async def in_child():
    return (await read()).get_data()

async def main():
    reading = read()
    child = os.fork()
    if child == 0:
        os._exit(gawait.run(in_child()) != b"data")
    assert (await reading).get_data() == b"data"
    return await exit_code_of(child)

print(gawait.run(main()))
"""
    )
    assert (ended.stdout, ended.stderr) == ("0\n", "")


def test_a_task_that_goes_on_in_a_child_is_told_that_no_loop_runs_there(run_script):
    ended = run_script(
        FORKING
        + """
# One that needs no thread of GLib's, which does not have them in a child.
stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))

async def main():
    child = os.fork()
    if child == 0:
        try:
            await stream.read_bytes_async(4)
        except (RuntimeError, TypeError):
            os._exit(7)
    return await exit_code_of(child)

print(gawait.run(main()))
"""
    )
    assert (ended.stdout, ended.stderr) == ("7\n", "")


def test_what_a_child_does_with_its_copy_of_a_loop_is_not_its_parents(run_script):
    ended = run_script(
        """
import asyncio, gawait, os, socket

ours, theirs = socket.socketpair()
loop = gawait.new_event_loop()
received = asyncio.Queue()
loop.add_reader(ours, lambda: received.put_nowait(ours.recv(10)))
timer = loop.call_later(0.01, received.put_nowait, b"timer")
child = os.fork()
if child == 0:
    timer.cancel()
    loop.remove_reader(ours)
    loop.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
theirs.send(b"data")
for _ in range(2):
    print(loop.run_until_complete(asyncio.wait_for(received.get(), 10)))
loop.remove_reader(ours)
loop.close()
"""
    )
    assert ended.returncode == 0, ended.stderr
    assert sorted(ended.stdout.splitlines()) == ["b'data'", "b'timer'"]


# Signals --------------------------------------------------------------------------

# Called without any Python code after it, in which a handler could run.
raise_in_c = getattr(ctypes.CDLL(None), "raise")


@pytest.fixture
def on_signal():
    """Sets the handler of SIGUSR1, and puts back everything that has to do with signals."""
    previous = signal.getsignal(signal.SIGUSR1)
    wakeup = signal.set_wakeup_fd(-1)
    yield lambda handle: signal.signal(signal.SIGUSR1, lambda number, frame: handle())
    signal.signal(signal.SIGUSR1, previous)
    signal.set_wakeup_fd(wakeup)


def send_signal_later():
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()


def send_signal_before_blocking():
    # Alone in its round.
    asyncio.get_running_loop().call_later(0.02, raise_in_c, int(signal.SIGUSR1))


async def before_anything_else(handled):
    """Waits for an event that comes without the loop being woken for another reason."""
    loop = asyncio.get_running_loop()
    other = loop.call_later(10, lambda: None)
    await handled.wait()
    assert loop.time() < other.when()
    other.cancel()


SENDERS = pytest.mark.parametrize("send", [send_signal_later, send_signal_before_blocking])


@SENDERS
def test_a_handler_runs_though_the_loop_has_nothing_else_to_do(drive, on_signal, send):
    async def main():
        handled = asyncio.Event()
        on_signal(handled.set)
        send()
        await before_anything_else(handled)

    drive(main())


@SENDERS
def test_a_handler_of_the_loops_runs(drive, on_signal, send):
    async def main():
        loop = asyncio.get_running_loop()
        handled = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, handled.set)
        send()
        await before_anything_else(handled)
        assert loop.remove_signal_handler(signal.SIGUSR1)
        # And one of Python's after it.
        handled = asyncio.Event()
        on_signal(handled.set)
        send()
        await before_anything_else(handled)

    drive(main())


@SENDERS
def test_a_wakeup_descriptor_of_the_programs_is_left_to_it(on_signal, run, send):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno())

        async def main():
            handled = asyncio.Event()
            on_signal(handled.set)
            send()
            await before_anything_else(handled)

        run(main())
        assert ours.recv(10) == bytes([signal.SIGUSR1])
        assert signal.set_wakeup_fd(-1) == theirs.fileno()


def test_a_wakeup_descriptor_that_the_program_sets_meanwhile_is_left_to_it(on_signal, run):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)

        async def main():
            signal.set_wakeup_fd(theirs.fileno())

        run(main())
        assert signal.set_wakeup_fd(-1) == theirs.fileno()


def test_no_wakeup_descriptor_is_left_behind(on_signal, drive):
    async def main():
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)

    drive(main())
    assert signal.set_wakeup_fd(-1) == -1


@SENDERS
def test_what_a_handler_raises_ends_the_run(on_signal, loop, send):
    def handle():
        raise KeyboardInterrupt("out")

    on_signal(handle)
    loop.call_soon(send)
    other = loop.call_later(10, loop.stop)
    with pytest.raises(KeyboardInterrupt, match="out"):
        loop.run_forever()
    assert loop.time() < other.when()


def test_signals_at_any_moment_are_all_handled(on_signal, run):
    async def main():
        loop = asyncio.get_running_loop()
        previous = signal.getsignal(signal.SIGALRM)
        try:
            for index in range(300):
                handled = asyncio.Event()
                # A handler runs between any two instructions, as another thread would.
                wake = functools.partial(loop.call_soon_threadsafe, handled.set)
                signal.signal(signal.SIGALRM, lambda number, frame: wake())
                signal.setitimer(signal.ITIMER_REAL, 1e-6 + 1e-6 * index)
                await before_anything_else(handled)
        finally:
            signal.signal(signal.SIGALRM, previous)

    run(main())


RUN_APPLICATION = """
import asyncio, gawait, os, signal, sys, threading
from gi.repository import Gio

async def work():
    try:
        await asyncio.sleep(1000)
    finally:
        print("cleaned up")

application = Gio.Application()

def activate(_):
    application.hold()
    application.work = asyncio.create_task(work())
    begin()

application.connect("activate", activate)

def run():
    try:
        application.run(None)
    finally:
        print("left")

async def main():
    run()
    await asyncio.sleep(1000)

"""


@pytest.mark.parametrize("run_it", ["run()", "gawait.run(main())"], ids=["alone", "in a task"])
@pytest.mark.parametrize(
    "begin",
    {
        "handler": "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(3));"
        "threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()",
        "task": "application.exit = asyncio.create_task(leave());"
        # Else Python 3.14 tells that nobody looked at what it raised.
        "application.exit.add_done_callback(asyncio.Task.exception)",
        "callback": "asyncio.get_running_loop().call_later(0.01, sys.exit, 3)",
    }.values(),
    ids=["handler", "task", "callback"],
)
def test_an_exit_in_an_application_leaves_it_and_cleans_up(run_script, run_it, begin):
    ended = run_script(
        RUN_APPLICATION
        + f"async def leave(): sys.exit(3)\n\ndef begin():\n    {begin}\n\n{run_it}"
    )
    assert (ended.returncode, ended.stderr) == (3, "")
    assert sorted(ended.stdout.split("\n")) == ["", "cleaned up", "left"]


def test_ctrl_c_twice_ends_an_application_that_a_task_runs(run_script):
    ended = run_script(
        RUN_APPLICATION
        + """
def begin():
    for seconds in 0.1, 0.3:
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()

try:
    gawait.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""
    )
    assert (ended.stdout, ended.stderr) == ("left\ncleaned up\ninterrupted\n", "")


def test_ctrl_c_ends_an_application(run_script):
    ended = run_script(
        """
import asyncio, gawait, os, signal, threading
from gi.repository import Gio

async def work():
    try:
        await asyncio.sleep(1000)
    finally:
        print("cancelled")

application = Gio.Application()

def activate(_):
    application.hold()
    application.work = asyncio.ensure_future(work())
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

application.connect("activate", activate)
try:
    application.run(None)
except KeyboardInterrupt:
    print("interrupted")
"""
    )
    assert ended.stdout == "cancelled\ninterrupted\n", ended.stderr
    assert "CRITICAL" not in ended.stderr


# A kernel that has no more ----------------------------------------------------------


def test_accept_without_descriptors_reports_and_tries_again(run_script):
    ended = run_script(
        """
import asyncio, errno, gawait, os, resource, socket

reports = []

async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()

async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: reports.append(context))
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    client = socket.socket()
    client.setblocking(False)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    fillers = []
    try:
        while True:
            fillers.append(os.dup(0))
    except OSError as error:
        assert error.errno == errno.EMFILE
    await loop.sock_connect(client, server.sockets[0].getsockname())
    await loop.sock_sendall(client, b"hello\\n")
    while not reports:
        await asyncio.sleep(0.01)
    global count
    count = len(reports)
    await asyncio.sleep(0.2)
    assert len(reports) == count, "the loop does not try again at once"
    for each in fillers:
        os.close(each)
    print(await loop.sock_recv(client, 100))
    client.close()
    server.close()

gawait.run(main())
# The standard library tells it as often as the backlog is long, and tries again as often,
# which the server may not live to see.
print({(each["message"], each["exception"].errno == errno.EMFILE) for each in reports[:count]})
"""
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        "b'hello\\n'",
        "{('socket.accept() out of system resource', True)}",
    ]


@uses_up_descriptors
def test_accept_async_without_descriptors_is_an_error_and_loses_no_connection(run_script):
    ended = run_script(
        """
import asyncio, gawait, os, resource, socket
from gi.repository import Gio, GLib

async def main():
    loop = asyncio.get_running_loop()
    listener = Gio.SocketListener()
    port = listener.add_any_inet_port(None)
    client = socket.socket()
    client.setblocking(False)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    fillers = []
    try:
        while True:
            fillers.append(os.dup(0))
    except OSError:
        pass
    await loop.sock_connect(client, ("127.0.0.1", port))
    try:
        await listener.accept_async()
    except GLib.Error as error:
        print(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TOO_MANY_OPEN_FILES))
    for each in fillers:
        os.close(each)
    async for connection in listener:
        print(type(connection).__name__)
        break

gawait.run(main())
"""
    )
    assert (ended.stdout, ended.stderr) == ("True\nTcpConnection\n", "")


@uses_up_descriptors
def test_a_loop_without_descriptors_is_an_os_error_and_leaves_nothing(run_script):
    ended = run_script(
        """
import errno, gawait, os, resource
from gi.repository import GLib

context = GLib.MainContext.new()
GLib.MainContext.default()  # without descriptors, GLib ends the process
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
fillers = []
try:
    while True:
        fillers.append(os.dup(0))
except OSError:
    pass
while fillers:
    try:
        gawait.EventLoop(context).close()
        break
    except OSError as error:
        assert error.errno == errno.EMFILE
    os.close(fillers.pop())
print(len(fillers) < 60)
"""
    )
    assert (ended.returncode, ended.stdout) == (0, "True\n"), ended.stderr
    assert "CRITICAL" not in ended.stderr


# Subinterpreters --------------------------------------------------------------------

INTERPRETERS = """
import asyncio, gawait, socket, sys, threading

if sys.version_info >= (3, 13):
    import _interpreters as interpreters
    new_interpreter = lambda: interpreters.create("legacy")
else:
    import _xxsubinterpreters as interpreters
    new_interpreter = lambda: interpreters.create(isolated=False)
"""


@pytest.mark.parametrize("destroyed", [False, True])
def test_callbacks_hold_the_gil_where_there_is_or_was_a_subinterpreter(run_script, destroyed):
    ended = run_script(
        INTERPRETERS
        + f"""
subinterpreter = new_interpreter()
interpreters.run_string(subinterpreter, "import sys")
if {destroyed}:
    interpreters.destroy(subinterpreter)

ours, theirs = socket.socketpair()
over = []

def work():
    while not over:
        sum(range(1000))

async def main():
    for _ in range(100):
        await asyncio.sleep(0.0001)
    await asyncio.gather(*(asyncio.to_thread(sum, range(100)) for _ in range(20)))
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    for _ in range(100):
        await asyncio.to_thread(theirs.send, b"x")
        await reader.readexactly(1)
    writer.close()

threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
gawait.run(main())
over.append(True)
for thread in threads:
    thread.join()
print("left")
"""
    )
    assert (ended.returncode, ended.stdout) == (0, "left\n"), ended.stderr


def test_a_subinterpreter_is_refused(run_script):
    ended = run_script(
        INTERPRETERS
        + r"""
source = "try:\n import gawait\nexcept ImportError as error:\n print(error, flush=True)"
interpreters.run_string(new_interpreter(), source)
gawait.run(asyncio.sleep(0.001))
"""
    )
    assert ended.returncode == 0, ended.stderr
    assert "subinterpreter" in ended.stdout and "gawait" in ended.stdout


# Time that nobody needs -------------------------------------------------------------


def processor_time():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def test_a_subprocess_costs_nothing_while_it_is_waited_for(run):
    async def main():
        process = await asyncio.create_subprocess_exec("sleep", "1", stdin=-1, stdout=-1)
        begin = processor_time()
        await process.communicate(b"input")
        assert processor_time() - begin < 0.2

    run(main())


def test_a_loop_costs_nothing_while_it_is_idle(loop):
    main_loop = GLib.MainLoop()
    loop.call_later(1000, print)
    GLib.timeout_add(500, main_loop.quit)
    begin = resource.getrusage(resource.RUSAGE_SELF)
    main_loop.run()
    end = resource.getrusage(resource.RUSAGE_SELF)
    assert end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime < 0.1
    assert end.ru_nvcsw - begin.ru_nvcsw < 50


def test_closed_loops_leave_no_descriptors_and_no_sources():
    async def main():
        await asyncio.sleep(0)

    gawait.run(main())
    gawait.run(main(), context=GLib.MainContext.new())
    gc.collect()
    before = descriptors()
    for _ in range(50):
        gawait.run(main())
        gawait.run(main(), context=GLib.MainContext.new())
        thread = threading.Thread(target=gawait.run, args=(main(),))
        thread.start()
        thread.join()
    gc.collect()
    assert descriptors() == before


def test_many_loops_of_one_context_share_its_descriptors():
    loops = [gawait.new_event_loop()]
    one = len(descriptors())
    loops += [gawait.new_event_loop() for _ in range(10)]
    assert len(descriptors()) == one + 20, "each has a pair of sockets for its signals"
    for each in loops:
        each.run_until_complete(asyncio.sleep(0))
    for each in loops:
        each.close()


# asyncio's own, with GLib in the picture --------------------------------------------


def test_tls_client_and_server(drive_beside_glib, server_tls, client_tls):
    async def main():
        received = bytearray()

        async def answer(reader, writer):
            received.extend(await reader.readexactly(1 << 20))
            writer.write(bytes(received[::-1]))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_tls)
        reader, writer = await asyncio.open_connection(
            *server.sockets[0].getsockname(), ssl=client_tls
        )
        sent = os.urandom(1 << 20)
        writer.write(sent)
        assert await reader.read() == sent[::-1]
        writer.close()
        server.close()

    drive_beside_glib(main())


def test_sendfile_sends_all_of_it(drive_beside_glib, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(4 << 20))

    async def main():
        async def send(reader, writer):
            with path.open("rb") as file:
                await asyncio.get_running_loop().sendfile(
                    writer.transport, file, fallback=False
                )
            writer.close()

        server = await asyncio.start_unix_server(send, tmp_path / "socket")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
        assert await reader.read() == path.read_bytes()
        writer.close()
        server.close()

    drive_beside_glib(main())


def test_datagrams_come_and_go(drive_beside_glib):
    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, address):
            self.transport.sendto(data, address)

    class Client(asyncio.DatagramProtocol):
        def __init__(self):
            self.received = asyncio.Queue()

        def datagram_received(self, data, address):
            self.received.put_nowait(data)

    async def main():
        loop = asyncio.get_running_loop()
        server, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
        address = server.get_extra_info("sockname")
        client, protocol = await loop.create_datagram_endpoint(Client, remote_addr=address)
        for index in range(50):
            client.sendto(b"%d" % index)
            assert await protocol.received.get() == b"%d" % index
        client.close()
        server.close()

    drive_beside_glib(main())


def test_pipes_are_transports(drive_beside_glib):
    async def main():
        loop = asyncio.get_running_loop()
        reading, writing = os.pipe()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), open(reading, "rb", 0)
        )
        transport, _ = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, open(writing, "wb", 0)
        )
        data = os.urandom(1 << 20)  # more than a pipe holds
        transport.write(data)
        transport.close()
        assert await reader.read() == data

    drive_beside_glib(main())


def test_subprocesses_beside_glibs_own(drive_beside_glib):
    async def ours(index):
        process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
        out, _ = await process.communicate(b"%d" % index)
        return int(out), process.returncode

    async def glibs(index):
        process = Gio.Subprocess.new(["sh", "-c", f"exit {index}"], Gio.SubprocessFlags.NONE)
        assert await process.wait_async()
        return index, process.get_exit_status() - index

    async def main():
        ended = await asyncio.gather(*(run(i) for i in range(8) for run in (ours, glibs)))
        assert ended == [(i, 0) for i in range(8) for _ in range(2)]

    drive_beside_glib(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_tasks_begin_at_once_and_await_operations(drive):
    async def work(order):
        order.append("work")
        stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"data"))
        order.append((await stream.read_bytes_async(4)).get_data())

    async def main():
        order = []
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        task = asyncio.create_task(work(order))
        order.append("main")
        await task
        assert order == ["work", "main", b"data"]

    drive(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
@pytest.mark.parametrize(
    "create",
    [
        lambda coro: asyncio.get_running_loop().create_task(coro),
        gawait.create_task,
        gawait.create_background_task,
    ],
    ids=["loop", "create_task", "create_background_task"],
)
@pytest.mark.parametrize("debug", [False, True])
def test_an_eager_task_that_failed_is_in_no_cycle(create, debug, run):
    async def fail():
        raise LookupError("on purpose")

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: None)
        loop.set_task_factory(asyncio.eager_task_factory)
        task = weakref.ref(create(fail()))
        await asyncio.sleep(0)
        assert task() is None

    gc.disable()
    try:
        run(main(), debug=debug)
    finally:
        gc.enable()


def test_a_task_factory_makes_the_tasks(run):
    class Task(asyncio.Task):
        pass

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda loop, coro, **options: Task(coro, loop=loop, **options))
        task = loop.create_task(asyncio.sleep(0, "slept"), name="name")
        assert type(task) is Task and task.get_name() == "name"
        assert await task == "slept"
        low = gawait.create_task(asyncio.sleep(0), priority=GLib.PRIORITY_LOW)
        assert type(low) is Task
        await low
        loop.set_task_factory(None)
        assert type(asyncio.ensure_future(asyncio.sleep(0))) is asyncio.Task

    run(main())


def test_async_generators_are_closed_at_the_end(run):
    closed = []

    async def numbers():
        try:
            for index in range(9):
                yield index
        finally:
            await asyncio.sleep(0.001)
            closed.append("closed")

    kept = numbers()

    async def main():
        assert await anext(kept) == 0
        async for _ in numbers():
            break  # nobody has it any more, and the loop ends it
        while not closed:
            await asyncio.sleep(0)

    run(main())
    assert closed == ["closed", "closed"]


def test_debug_mode_may_change_while_the_loop_runs(run, caplog):
    async def main():
        loop = asyncio.get_running_loop()
        before = loop.call_later(0.001, time.sleep, 0.01)
        loop.slow_callback_duration = 0.005
        loop.set_debug(True)
        handle = loop.call_soon(int)
        assert handle._source_traceback[-1].filename == __file__
        with pytest.raises(TypeError, match="coroutines cannot be used with call_soon"):
            loop.call_soon(main)
        await asyncio.sleep(0.002)
        loop.set_debug(False)
        assert loop.call_soon(int)._source_traceback is None
        assert before.cancelled() is False

    run(main())
    assert "Executing" in caplog.text


def test_loops_of_threads_talk_to_each_other():
    async def serve(inbox, ready):
        ready.put_nowait(asyncio.get_running_loop())
        while (item := await inbox.get()) is not None:
            (future, loop), value = item
            loop.call_soon_threadsafe(future.set_result, value + 1)

    class Queue:
        """A queue of another thread's loop."""

        def __init__(self):
            self.queue, self.loop = asyncio.Queue(), None

        def put_nowait(self, value):
            self.loop = value

    async def main():
        inboxes = [asyncio.Queue() for _ in range(3)]
        holders = [Queue() for _ in inboxes]
        threads = [
            threading.Thread(target=gawait.run, args=(serve(inbox, holder),))
            for inbox, holder in zip(inboxes, holders)
        ]
        for thread in threads:
            thread.start()
        while not all(holder.loop for holder in holders):
            await asyncio.sleep(0.001)
        loop = asyncio.get_running_loop()
        for value in range(300):
            future = loop.create_future()
            index = value % 3
            holders[index].loop.call_soon_threadsafe(
                inboxes[index].put_nowait, ((future, loop), value)
            )
            assert await future == value + 1
        for holder, inbox in zip(holders, inboxes):
            holder.loop.call_soon_threadsafe(inbox.put_nowait, None)
        for thread in threads:
            await asyncio.to_thread(thread.join)

    gawait.run(main())


def test_a_loop_left_to_the_garbage_of_another_thread_does_no_harm(run_script):
    ended = run_script(
        """
import asyncio, gawait, gc, os, threading, warnings
from gi.repository import GLib

warnings.simplefilter("ignore")
main_loop = GLib.MainLoop()
run = super(GLib.MainLoop, GLib.MainLoop).run  # without a loop of asyncio's
reading, writing = os.pipe()

def work():
    for _ in range(100):
        loop = made.pop()
        del loop
        gc.collect()
    GLib.idle_add(main_loop.quit)

def new_loop():
    loop = gawait.new_event_loop()
    loop.call_later(0.001, print)
    loop.add_reader(reading, print)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.call_soon(print)
    return loop

made = [new_loop() for _ in range(100)]
GLib.timeout_add(1, lambda: True)
threading.Thread(target=work).start()
run(main_loop)
print("left")
"""
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("left\n")
    for word in ("CRITICAL", "Fatal", "Exception ignored"):
        assert word not in ended.stderr, ended.stderr
