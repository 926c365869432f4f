"""Objects that serve interfaces, called by peers that are not ours."""

import asyncio
import gc
import os
import subprocess
import weakref

import pytest

from dbus_fast.aio import MessageBus
from gawait import dbus
from gawait.dbus.interface import exports_of
from gi.repository import Gio, GLib
from players import NAME, Player, Radio, connect, proxy_of, until

PROPERTIES = "org.freedesktop.DBus.Properties"


async def output_of(*command):
    """What a command shows, or the end of what it complains of."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    return (output or errors).decode().strip()


@pytest.fixture
def with_busctl(with_radio, session_bus):
    """Runs a coroutine function with a Radio and a function that calls it by busctl."""

    def run_test(test, radio=None, **options):
        async def main(radio, service, client):
            def busctl(verb, *arguments):
                return output_of(
                    "busctl",
                    f"--address={session_bus}",
                    verb,
                    service.get_unique_name(),
                    "/radio",
                    *arguments,
                )

            return await test(radio, busctl)

        return with_radio(main, radio, **options)

    return run_test


def test_busctl_calls_methods_that_are_async_and_others(with_busctl):
    async def test(radio, busctl):
        assert await busctl("call", NAME, "Divide", "ii", "7", "2") == "ii 3 1"
        assert await busctl("call", NAME, "Repeat", "ayu", "2", "1", "2", "2") == "ay 4 1 2 1 2"

    with_busctl(test)


def test_busctl_reads_and_writes_properties(with_busctl):
    async def test(radio, busctl):
        assert await busctl("get-property", NAME, "Volume", "Title") == 'd 0.5\ns "none"'
        assert await busctl("set-property", NAME, "Volume", "d", "0.25") == ""
        assert radio.volume == 0.25
        assert "too loud" in await busctl("set-property", NAME, "Volume", "d", "9")
        assert "not writable" in await busctl("set-property", NAME, "Serial", "s", "1")

    with_busctl(test)


def test_busctl_introspects(with_busctl):
    async def test(radio, busctl):
        shown = await busctl("introspect", NAME)
        found = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
        assert found[".Divide"][:3] == ["method", "ii", "ii"]
        assert found[".Repeat"][-1] == "deprecated"
        assert found[".Forget"][-1] == "no-reply"
        assert found[".Volume"] == ["property", "d", "0.5", "emits-change", "writable"]
        assert found[".Tags"][-1] == "emits-invalidation"
        assert found[".Serial"][-1] == "const"
        assert found[".Position"] == ["property", "d", "0", "-"]
        assert found[".Moved"][:2] == ["signal", "si"]

    with_busctl(test)


def test_the_interfaces_of_every_object_are_there(with_busctl):
    async def test(radio, busctl):
        assert await busctl("call", "org.freedesktop.DBus.Peer", "Ping") == ""
        shown = await busctl("call", "org.freedesktop.DBus.Introspectable", "Introspect")
        for name in NAME, PROPERTIES, "org.freedesktop.DBus.Peer":
            assert f'interface name=\\"{name}\\"' in shown
        values = await busctl("call", PROPERTIES, "GetAll", "s", NAME)
        assert values.startswith("a{sv} 5 ") and '"Volume" d 0.5' in values

    with_busctl(test)


def test_gdbus_sees_docstrings(with_radio, session_bus):
    async def test(radio, service, client):
        where = ["--dest", service.get_unique_name(), "--object-path", "/radio"]
        command = "gdbus", "introspect", "--address", session_bus, "--xml", *where
        assert '"Go there."' in await output_of(*command)

    with_radio(test)


def test_dbus_fast_is_served(with_radio, session_bus):
    async def test(radio, service, client):
        bus = await MessageBus(bus_address=session_bus).connect()
        introspection = await bus.introspect(service.get_unique_name(), "/radio")
        player = bus.get_proxy_object(
            service.get_unique_name(), "/radio", introspection
        ).get_interface(NAME)
        assert await player.call_divide(7, 2) == [3, 1]
        assert await player.get_tags() == ["a"]
        heard = []
        player.on_moved(lambda *values: heard.append(values))
        await bus.introspect(service.get_unique_name(), "/radio")  # it listens by then
        radio.moved("there", 3)
        await until(lambda: heard)
        assert heard == [("there", 3)]
        bus.disconnect()

    with_radio(test)


def told_by(client):
    """What PropertiesChanged tells."""
    told = []
    client.signal_subscribe(
        None, PROPERTIES, None, "/radio", None, 0, lambda *all: told.append(all[5].unpack())
    )
    return told


def test_a_change_is_told_as_the_property_declares(with_radio):
    async def test(radio, service, client):
        told = told_by(client)
        await proxy_of(service, client).seek(1)  # it listens by then
        radio.title = "a song"
        radio.tags = ["b"]
        radio.position = 3.0
        with pytest.raises(AttributeError, match="Player.serial is constant"):
            radio.serial = "5"
        radio.volume = 0.25
        radio.level = 0.125
        Player.volume.changed(radio)
        await until(lambda: len(told) == 4)
        assert told == [
            (NAME, {"Title": "a song"}, []),
            (NAME, {}, ["Tags"]),
            (NAME, {"Volume": 0.25}, []),
            (NAME, {"Volume": 0.125}, []),
        ]

    with_radio(test)


class Slow(dbus.Object, name="org.example.Slow"):
    """Its property takes time."""

    def __init__(self):
        self.kept = 1

    @dbus.property
    async def level(self) -> int:
        await asyncio.sleep(0)
        return self.kept

    @level.setter
    async def set_level(self, value: int) -> None:
        await asyncio.sleep(0)
        self.kept = value


def test_getters_and_setters_may_be_async(with_buses):
    async def test(service, client):
        slow = Slow()
        with dbus.export(service, "/radio", slow):
            proxy = proxy_of(service, client, Slow)
            told = told_by(client)
            await proxy.level.set(5)
            assert (await proxy.level, slow.kept) == (5, 5)
            await slow.set_level(6)
            assert await slow.level == 6
            await until(lambda: len(told) == 2)
            assert told == [("org.example.Slow", {"Level": value}, []) for value in (5, 6)]
            all_of_them = await client.call(
                service.get_unique_name(),
                "/radio",
                PROPERTIES,
                "GetAll",
                GLib.Variant("(s)", ("org.example.Slow",)),
                None,
                0,
                -1,
            )
            assert all_of_them.unpack() == ({"Level": 6},)

    with_buses(test)


class Named(dbus.Interface, name="org.example.Named"):
    title = dbus.property(str)

    @dbus.method
    async def rename(self, title: str) -> None:
        ...


class Renaming(Named, dbus.Object):
    async def rename(self, title: str) -> None:
        self.title = title


class Counting(dbus.Object, name="org.example.Counting"):
    count = dbus.property(int)

    @dbus.method
    async def step(self) -> int:
        self.count += 1
        return self.count


class Everything(Renaming, Counting):
    def __init__(self):
        self.count = 0


def test_an_object_has_all_interfaces_of_its_class(with_buses):
    async def test(service, client):
        served = Everything()
        with dbus.export(service, "/radio", served) as exported:
            await proxy_of(service, client, Named).rename("me")
            assert await proxy_of(service, client, Counting).step() == 1
            everything = proxy_of(service, client, Everything)
            with pytest.raises(TypeError, match="there are several interfaces"):
                exported.emit_properties_changed("Title")
            assert (await everything.title, await everything.step()) == ("me", 2)

    with_buses(test)


def test_interfaces_that_share_a_name_are_both_told(with_buses):
    class First(dbus.Interface, name="org.example.First"):
        level = dbus.property(int)
        gone = dbus.signal(int)

    class Second(dbus.Interface, name="org.example.Second"):
        level = dbus.property(int)
        gone = dbus.signal(int)

    class Both(First, Second, dbus.Object):
        def __init__(self):
            self.level = 1

    async def test(service, client):
        both = Both()
        with dbus.export(service, "/radio", both):
            for interface in First, Second:
                proxy = proxy_of(service, client, interface)
                with proxy.level.watch() as levels, proxy.gone.subscribe() as gone:
                    assert await anext(levels) == both.level
                    both.level += 1
                    assert await anext(levels) == both.level
                    both.gone(3)
                    assert await anext(gone) == 3

    with_buses(test)


def test_a_base_that_is_no_interface_may_implement_one(with_buses):
    class Renames:
        async def rename(self, title):
            self.title = title

    class Mixed(Renames, Named, dbus.Object):
        pass

    async def test(service, client):
        mixed = Mixed()
        with dbus.export(service, "/radio", mixed):
            await proxy_of(service, client, Named).rename("me")
        assert mixed.title == "me"

    with_buses(test)


def test_an_object_may_be_in_several_places(with_buses):
    async def test(service, client):
        counting = Counting()
        counting.count = 0
        name = service.get_unique_name()
        with dbus.export(service, "/one", counting), dbus.export(service, "/other", counting):
            one, other = (Counting.proxy(client, name, path) for path in ("/one", "/other"))
            with one.count.watch() as ones, other.count.watch() as others:
                assert (await anext(ones), await anext(others)) == (0, 0)
                await one.step()
                assert (await anext(ones), await anext(others)) == (1, 1)
        counting.count = 5  # of which nobody is told

    with_buses(test)


def test_where_one_interface_is_there_already_none_is_exported(with_buses):
    async def test(service, client):
        with dbus.export(service, "/radio", Counting()):
            with pytest.raises(GLib.Error, match="already exported"):
                dbus.export(service, "/radio", Everything())
        with dbus.export(service, "/radio", Everything()):
            pass

    with_buses(test)


def test_what_is_only_declared_is_not_served(with_buses):
    class Half(Player, dbus.Object):
        pass

    async def test(service, client):
        with pytest.raises(TypeError, match=r"Half does not implement Player.seek\(\)"):
            dbus.export(service, "/radio", Half())
        with pytest.raises(TypeError, match="Object has no interface"):
            dbus.export(service, "/radio", dbus.Object())
        with pytest.raises(TypeError, match="'obj': expected Object, not Player"):
            dbus.export(service, "/radio", proxy_of(service, client))

    with_buses(test)


class Doorman(dbus.Object, name="org.example.Doorman"):
    """Knows who knocks."""

    @dbus.method
    async def knock(self) -> tuple[list[str], int, int, str, str]:
        call = dbus.current_call()
        return (
            [call.sender] if call.sender else [],
            await call.user_id(),
            await call.process_id(),
            f"{call.path} {call.interface} {call.member}",
            str(call.expects_reply and call.message.get_serial() > 0),
        )

    @dbus.method
    def enter(self) -> None:
        if dbus.current_call().sender != self.friend:
            raise dbus.AccessDenied("you are not known here")

    @dbus.property
    def door(self) -> str:
        return dbus.current_call().sender


def test_a_method_knows_its_caller(with_buses):
    async def test(service, client):
        doorman = Doorman()
        with dbus.export(service, "/radio", doorman):
            proxy = proxy_of(service, client, Doorman)
            me = client.get_unique_name()
            where = "/radio org.example.Doorman Knock"
            assert await proxy.knock() == ([me], os.getuid(), os.getpid(), where, "True")
            assert await proxy.door == me
            doorman.friend = me
            await proxy.enter()
            doorman.friend = None
            with pytest.raises(dbus.AccessDenied, match="^you are not known here$"):
                await proxy.enter()

    with_buses(test)


def test_there_is_no_current_call_elsewhere():
    with pytest.raises(LookupError, match=r"current_call\(\): this task serves no call"):
        dbus.current_call()


class Pipes(dbus.Object, name="org.example.Pipes"):
    """Takes and gives descriptors."""

    @dbus.method
    async def write(self, pipe: dbus.FileDescriptor, text: str) -> dbus.FileDescriptor:
        with pipe:
            os.write(pipe.fileno(), text.encode())
        reader, writer = os.pipe()
        os.write(writer, b"answer")
        os.close(writer)
        return dbus.FileDescriptor(reader)

    @dbus.property
    def log(self) -> dbus.FileDescriptor:
        reader, writer = os.pipe()
        os.write(writer, b"log")
        os.close(writer)
        return dbus.FileDescriptor(reader)


def test_descriptors_are_passed_both_ways_and_none_stays_open(with_buses):
    async def exchange(proxy):
        reader, writer = os.pipe()
        with dbus.FileDescriptor(writer) as pipe:
            with await proxy.write(pipe, "hello") as answer:
                assert os.read(answer.fileno(), 100) == b"answer"
        assert os.read(reader, 100) == b"hello"
        os.close(reader)
        with await proxy.log as log:
            assert os.read(log.fileno(), 100) == b"log"

    async def test(service, client):
        before = len(os.listdir("/proc/self/fd"))
        with dbus.export(service, "/radio", Pipes()):
            for _ in range(50):
                await exchange(proxy_of(service, client, Pipes))
        gc.collect()
        # Those of other tests may close meanwhile, and the engine may open one.
        assert len(os.listdir("/proc/self/fd")) < before + 50

    with_buses(test)


def test_a_property_of_a_descriptor_is_assigned_told_and_watched(with_buses):
    class Kept(dbus.Object, name="org.example.Kept"):
        log = dbus.property(dbus.FileDescriptor, writable=True)

    async def read(watch):
        with await anext(watch) as descriptor:
            return os.pread(descriptor.fileno(), 100, 0)

    def file_of(data):
        descriptor = os.memfd_create("log")
        os.write(descriptor, data)
        return dbus.FileDescriptor(descriptor)

    async def test(service, client):
        before = len(os.listdir("/proc/self/fd"))
        kept = Kept()
        kept.log = file_of(b"one")
        with dbus.export(service, "/radio", kept):
            proxy = proxy_of(service, client, Kept, cached=True)
            with proxy.log.watch() as logs:
                assert await read(logs) == b"one"
                kept.log = file_of(b"other")
                assert await read(logs) == b"other"
                with file_of(b"third") as third:
                    await proxy.log.set(third)
                assert await read(logs) == b"third"
            with await proxy.log as log:
                assert os.pread(log.fileno(), 100, 0) == b"third"
        del kept
        gc.collect()
        await until(lambda: len(os.listdir("/proc/self/fd")) <= before)

    with_buses(test)


LARGEST = bytes(64 * 1024 * 1024)  # of an array; a message has at most twice as many


class Large(dbus.Object, name="org.example.Large"):
    """Gives more than D-Bus can take."""

    one = dbus.property(bytes)
    other = dbus.property(bytes)

    def __init__(self):
        self.one = self.other = LARGEST

    @dbus.method
    async def get(self) -> tuple[bytes, bytes]:
        return LARGEST, LARGEST

    @dbus.method
    async def measure(self, one: bytes, other: bytes) -> int:
        return len(one) + len(other)


def test_a_message_that_is_too_large_is_told_to_who_waits_for_it(with_buses):
    async def test(service, client):
        with dbus.export(service, "/radio", Large()):
            proxy = proxy_of(service, client, Large)
            with pytest.raises(dbus.Failed, match=r"Large.get\(\).* at most 128 MiB"):
                await proxy.get()
            with pytest.raises(ValueError, match=r"at most 128 MiB"):
                await proxy.measure(LARGEST, LARGEST)
            all_properties = client.call(
                service.get_unique_name(),
                "/radio",
                PROPERTIES,
                "GetAll",
                GLib.Variant("(s)", ("org.example.Large",)),
                None,
                0,
                -1,
            )
            with pytest.raises(GLib.Error, match="LimitsExceeded"):
                await all_properties
            assert await proxy.measure(b"it", b"goes on") == 9

    with_buses(test, expected_reports=1)


def test_nothing_is_kept_as_an_attribute_of_a_connection(with_radio):
    """PyGObject would take the GIL whenever GDBus's thread counts a reference, under its locks."""

    def has_attributes(connection):
        # Since PyGObject 3.57 there is an empty dictionary in any case.
        return any(isinstance(each, dict) and each for each in gc.get_referents(connection))

    async def test(radio, service, client):
        async with dbus.own_name(service, "org.example.Kept"):
            player = proxy_of(service, client, cached=True)
            with player.seeked.subscribe() as seeks, player.title.watch() as titles:
                await player.seek(2.5)
                await anext(seeks)
                await anext(titles)
                await anext(dbus.watch_name(client, "org.example.Kept"))
                assert not has_attributes(service) and not has_attributes(client)
        client.kept = 3
        assert has_attributes(client), "or this test would see nothing"

    with_radio(test)


def test_a_thousand_callers_that_vanish_leave_nothing(with_radio, session_bus, count_objects):
    async def test(radio, service, client):
        for _ in range(20):
            callers = await asyncio.gather(*(connect(session_bus) for _ in range(50)))
            calls = [asyncio.ensure_future(proxy_of(service, each).wait()) for each in callers]
            await until(lambda: radio.waiting == 50)
            await asyncio.gather(*(each.close() for each in callers))
            await until(lambda: not radio.waiting)
            await asyncio.gather(*calls, return_exceptions=True)
        assert radio.cancelled == 1000
        await proxy_of(service, client).seek(1)

    before = count_objects(Gio.DBusMethodInvocation)
    with_radio(test)
    assert count_objects(Gio.DBusMethodInvocation) == before


def test_one_caller_of_many_objects_is_watched_once(with_buses):
    async def test(service, client):
        radios = [Radio() for _ in range(3)]
        exported = [dbus.export(service, f"/radio{i}", each) for i, each in enumerate(radios)]
        calls = [
            asyncio.ensure_future(
                Player.proxy(client, service.get_unique_name(), f"/radio{i}").wait()
            )
            for i in range(3)
        ]
        await until(lambda: sum(each.waiting for each in radios) == 3)
        exported[0].unexport()
        await client.close()
        await until(lambda: sum(each.cancelled for each in radios) == 3)
        await asyncio.gather(*calls, return_exceptions=True)
        for each in exported:
            each.unexport()

    with_buses(test)


def test_a_result_of_the_wrong_type_is_a_reported_failure(with_buses):
    class Liar(dbus.Object, name="org.example.Liar"):
        @dbus.method
        async def count(self) -> int:
            ...

    async def test(service, client):
        with dbus.export(service, "/radio", Liar()):
            with pytest.raises(dbus.Failed, match=r"Liar.count\(\)"):
                await proxy_of(service, client, Liar).count()

    with_buses(test, expected_reports=1)


@pytest.fixture
def with_peers(run, tmp_path):
    """Runs a coroutine function with what connects a peer, to which objects are exported."""

    def run_test(test, **objects):
        def new_connection(_server, connection):
            for name, obj in objects.items():
                dbus.export(connection, f"/{name}", obj)
            return True

        async def main():
            server = Gio.DBusServer.new_sync(
                f"unix:path={tmp_path}/peer", 0, Gio.dbus_generate_guid(), None, None
            )
            server.connect("new-connection", new_connection)
            server.start()

            def connect_peer():
                return Gio.DBusConnection.new_for_address(
                    server.get_client_address(),
                    Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT,
                    None,
                )

            await test(connect_peer)
            server.stop()

        run(main())

    return run_test


def test_two_peers_need_no_bus(with_peers):
    radio = Radio()

    async def test(connect_peer):
        client = await connect_peer()
        player = Player.proxy(client, None, "/radio", cached=True)
        with player.seeked.subscribe() as seeks:
            await player.seek(2.5)
            assert await anext(seeks) == 2.5
        assert await player.title == "none"
        radio.title = "a song"
        await player.seek(1)
        assert await player.title == "a song"
        found = await dbus.proxy(client, None, "/door")
        assert (await found.knock())[:3] == ([], os.getuid(), os.getpid())
        call = asyncio.ensure_future(player.wait())
        await until(lambda: radio.waiting)
        await client.close()
        await until(lambda: radio.cancelled)
        with pytest.raises(dbus.Disconnected):
            await call

    with_peers(test, radio=radio, door=Doorman())


def test_what_is_exported_on_a_connection_ends_with_it(with_peers):
    radio = Radio()

    async def test(connect_peer):
        before = None
        for _ in range(20):
            client = await connect_peer()
            await Player.proxy(client, None, "/radio").title
            (exported,) = exports_of(radio)
            await client.close()
            await until(lambda: not exports_of(radio))
            connection, exported = weakref.ref(exported._connection), None
            await until(lambda: connection() is None)
            del client
            gc.collect()
            before = before or len(os.listdir("/proc/self/fd"))
        assert len(os.listdir("/proc/self/fd")) <= before + 2

    with_peers(test, radio=radio)


def test_nothing_is_exported_on_a_closed_connection(with_buses):
    async def test(service, client):
        await service.close()
        with pytest.raises(dbus.Disconnected):
            dbus.export(service, "/radio", Radio())

    with_buses(test)


def test_names_need_a_bus(with_peers, capfd):
    async def test(connect_peer):
        peer = await connect_peer()
        await Player.proxy(peer, None, "/radio").title
        with pytest.raises(ValueError, match=r"watch_name\(\) needs a bus"):
            dbus.watch_name(peer, "org.example.Player")
        with pytest.raises(ValueError, match=r"own_name\(\) needs a bus"):
            dbus.own_name(peer, "org.example.Player")
        named = Player.proxy(peer, "org.example.Player", "/radio", cached=True)
        for use in named.seeked.subscribe, named.title.watch:
            with pytest.raises(ValueError, match="a signal of org.example.Player needs a bus"):
                use()
        with pytest.raises(ValueError, match="needs a bus"):
            await named.title
        await peer.close()

    with_peers(test, radio=Radio())
    assert capfd.readouterr().err == ""
