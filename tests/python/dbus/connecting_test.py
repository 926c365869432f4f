"""Connections whose sockets are their loop's."""

import asyncio
import gc
import os
import socket

import pytest

import gawait.testing
from gawait import dbus
from gi.repository import Gio, GLib
from players import NAME, Radio, connect_by_gdbus, proxy_of, until

CONNECTS_ITSELF = True  # it need not be run with both kinds

BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"


class Bus(dbus.Interface, name=BUS):
    @dbus.method
    async def name_has_owner(self, name: str) -> bool:
        ...


def has_owner(connection, name=BUS):
    return Bus.proxy(connection, BUS, BUS_PATH).name_has_owner(name)


def test_it_is_a_connection_of_its_own(run, session_bus, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session_bus)

    async def main():
        connections = [await dbus.connect(each) for each in (session_bus, Gio.BusType.SESSION)]
        assert all(isinstance(each, Gio.DBusConnection) for each in connections)
        names = {each.get_unique_name() for each in connections}
        assert len(names) == 2
        assert all([await has_owner(connections[0], each) for each in names])
        for each in connections:
            await each.close()

    run(main())


def test_what_cannot_be_connected_to_is_told(run):
    async def main():
        for address, error, text in [
            (None, TypeError, "'address': expected Gio.BusType or str, not NoneType"),
            (2, TypeError, "'address': expected Gio.BusType or str, not int"),
            ("nothing", GLib.Error, "nothing"),
            ("unix:path=/nonexistent", GLib.Error, "Could not connect"),
        ]:
            with pytest.raises(error, match=text):
                await dbus.connect(address)

    run(main())


def test_it_needs_a_loop_of_gawait(session_bus):
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        with pytest.raises(RuntimeError, match="not gawait's"):
            runner.run(dbus.connect(session_bus))


def test_it_ends_with_its_loop(run, session_bus):
    connection = gawait.run(dbus.connect(session_bus))

    async def main():
        other = await dbus.connect(session_bus)
        while await has_owner(other, connection.get_unique_name()):
            pass
        with pytest.raises(dbus.Disconnected):
            await has_owner(connection)
        await until(connection.is_closed)
        await other.close()

    run(main())


def test_it_ends_when_nobody_has_it(run, session_bus):
    async def main():
        other, connection = await dbus.connect(session_bus), await dbus.connect(session_bus)
        name = connection.get_unique_name()
        assert await has_owner(connection)
        del connection
        gc.collect()
        while await has_owner(other, name):
            pass
        await other.close()

    run(main())


def test_closing_it_ends_calls_that_wait(run, session_bus):
    async def main():
        radio = Radio()
        service, client = await dbus.connect(session_bus), await dbus.connect(session_bus)
        with dbus.export(service, "/radio", radio):
            waiting = asyncio.ensure_future(proxy_of(service, client).wait())
            await until(lambda: radio.waiting)
            await client.close()
            assert client.is_closed()
            with pytest.raises(dbus.Disconnected, match="connection is closed"):
                await waiting
            await until(lambda: radio.cancelled)
        await service.close()

    run(main())


def test_what_was_sent_before_it_is_closed_is_sent(run, session_bus):
    async def main():
        client, other = await dbus.connect(session_bus), await dbus.connect(session_bus)
        seen = []
        rule = client.get_unique_name(), "org.example.Interface", "Happened"
        other.signal_subscribe(*rule, None, None, 0, lambda *_: seen.append(True))
        await has_owner(other)
        for _ in range(1000):
            client.emit_signal(None, "/", *rule[1:], None)
        await client.flush()
        await client.close()
        await until(lambda: len(seen) == 1000)
        await other.close()

    run(main())


def test_a_bus_that_goes_closes_it(run):
    async def main():
        with gawait.testing.PrivateBus() as bus:
            connection = await dbus.connect(bus.address)
            closed = gawait.signal(connection, "closed")
            service = await dbus.connect(bus.address)
            radio = Radio()
            exported = dbus.export(service, "/radio", radio)
            waiting = asyncio.ensure_future(proxy_of(service, connection).wait())
            await until(lambda: radio.waiting)
        with pytest.raises(dbus.Disconnected):
            await waiting
        vanished, _ = await closed
        assert vanished and connection.is_closed()
        await until(service.is_closed)
        exported.unexport()

    run(main())


def test_what_was_sent_by_GDBus_comes_before_what_is_sent_after_it(run, session_bus):
    async def main():
        radio = Radio()
        service, client = await connect_by_gdbus(session_bus), await dbus.connect(session_bus)
        with dbus.export(service, "/radio", radio):
            player = proxy_of(service, client)
            for number in range(50):
                await player.forget(str(number))  # which nobody replies to, by GDBus
                await player.divide(7, 2)
                assert len(radio.forgotten) == number + 1
        for each in (client, service):
            await each.close()

    run(main())


def test_a_reply_comes_after_the_signals_before_it(run, session_bus):
    async def main():
        service, client = await connect_by_gdbus(session_bus), await dbus.connect(session_bus)
        seen = []
        rule = service.get_unique_name(), NAME, "Seeked"
        client.signal_subscribe(
            *rule, None, None, 0, lambda *arguments: seen.append(arguments[5].unpack()[0])
        )
        with dbus.export(service, "/radio", Radio()):
            player = proxy_of(service, client)
            for number in range(50):
                await asyncio.gather(*(player.seek(number + each / 4) for each in range(4)))
                assert len(seen) == 4 * (number + 1)
        for each in (client, service):
            await each.close()

    run(main())


def test_calls_are_served_in_the_order_in_which_they_came(run, session_bus):
    seen = []

    class Watching(Radio):
        def divide(self, one, by):
            seen.append(self.title)
            return one, by

    async def main():
        service, client = await dbus.connect(session_bus), await dbus.connect(session_bus)
        with dbus.export(service, "/radio", Watching()):
            player = proxy_of(service, client)
            for number in range(50):  # of which GDBus has the first
                await asyncio.gather(player.title.set(str(number)), player.divide(7, 2))
            assert seen == [str(each) for each in range(50)]
        for each in (client, service):
            await each.close()

    run(main())


def test_what_is_unexported_is_served_no_longer(run, session_bus):
    async def main():
        service, client = await dbus.connect(session_bus), await dbus.connect(session_bus)
        player = proxy_of(service, client)
        for _ in range(3):
            with dbus.export(service, "/radio", Radio()):
                assert await player.divide(7, 2) == (3, 1)
            with pytest.raises(dbus.UnknownMethod):
                await player.divide(7, 2)
        for each in (client, service):
            await each.close()

    run(main())


def test_other_threads_may_use_it(run, session_bus):
    async def main():
        connection = await dbus.connect(session_bus)
        found = []

        async def call():
            found.append(await has_owner(connection))

        def work():
            gawait.run(call(), context=GLib.MainContext())

        await asyncio.to_thread(work)
        assert found == [True]
        await connection.close()

    run(main())


def test_a_call_that_blocks_its_loop_is_refused(run, session_bus):
    async def main():
        connection = await dbus.connect(session_bus)
        target = BUS, BUS_PATH, BUS, "GetId", None, None, 0, -1, None
        with pytest.raises(RuntimeError, match="call_sync.* would block the event loop"):
            connection.call_sync(*target)
        message = Gio.DBusMessage.new_method_call(*target[:4])
        with pytest.raises(RuntimeError, match="send_message_with_reply_sync.* would block"):
            connection.send_message_with_reply_sync(message, 0, -1, None)
        assert await asyncio.to_thread(connection.call_sync, *target)
        await connection.close()

    run(main())


def test_a_child_process_leaves_it_alone(run, session_bus):
    async def main():
        connection = await dbus.connect(session_bus)
        child = os.fork()
        if child == 0:
            try:
                gawait.run(asyncio.sleep(0.01))
                asyncio._set_running_loop(None)
            finally:
                os._exit(0)
        assert await has_owner(connection)
        os.waitpid(child, 0)
        assert await has_owner(connection)
        await connection.close()

    run(main())


# Buses that are none ------------------------------------------------------------------


class Daemon:
    """Lets a client in, and then sends what it is told to."""

    def __init__(self, path):
        self.address = f"unix:path={path}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._listener.setblocking(False)

    async def accept(self):
        """Gives a socket, on which the first message was replied to."""
        loop = asyncio.get_running_loop()
        peer, _ = await loop.sock_accept(self._listener)
        await self._until(peer, b"AUTH\r\n")
        await loop.sock_sendall(peer, b"REJECTED EXTERNAL\r\n")
        await self._until(peer, b"\r\n")
        await loop.sock_sendall(peer, b"OK 0123456789abcdef0123456789abcdef\r\n")
        await self._until(peer, b"NEGOTIATE_UNIX_FD\r\n")
        await loop.sock_sendall(peer, b"AGREE_UNIX_FD\r\n")
        await self._until(peer, b"BEGIN\r\n")
        self.hello = await self.message(peer)
        await loop.sock_sendall(peer, self.reply(self.hello, GLib.Variant("(s)", (":1.1",))))
        return peer

    async def _until(self, peer, end):
        seen = b""
        while end not in seen:
            seen += await asyncio.get_running_loop().sock_recv(peer, 1)

    async def message(self, peer):
        seen = b""
        while len(seen) < 16 or len(seen) < Gio.DBusMessage.bytes_needed(seen):
            seen += await asyncio.get_running_loop().sock_recv(peer, 1)
        return Gio.DBusMessage.new_from_blob(seen, Gio.DBusCapabilityFlags.UNIX_FD_PASSING)

    @staticmethod
    def reply(call, body):
        made = Gio.DBusMessage.new_method_reply(call)
        made.set_body(body)
        return Daemon.blob(made)

    @staticmethod
    def blob(made):
        made.set_serial(7)
        blob = made.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING)
        return bytes(blob[0] if isinstance(blob, tuple) else blob)


@pytest.fixture
def against_daemon(run, tmp_path):
    """Runs a coroutine function with a call that is made, its message, the socket to the client, and
    the client."""

    def run_test(test):
        async def main():
            daemon = Daemon(tmp_path / "bus")
            accepting = asyncio.ensure_future(daemon.accept())
            client = await dbus.connect(daemon.address)
            peer = await accepting
            call = asyncio.ensure_future(has_owner(client))
            message = await daemon.message(peer)
            await test(daemon, client, peer, call, message)
            peer.close()
            await until(client.is_closed)

        run(main())

    return run_test


YES = GLib.Variant("(b)", (True,))


def test_a_reply_may_come_in_pieces(against_daemon):
    async def test(daemon, client, peer, call, message):
        for each in daemon.reply(message, YES):
            peer.send(bytes([each]))
            await asyncio.sleep(0)
        assert await call

    against_daemon(test)


def test_a_bus_may_die_anywhere_in_a_message(run, tmp_path):
    async def at(length):
        daemon = Daemon(tmp_path / f"bus{length}")
        accepting = asyncio.ensure_future(daemon.accept())
        client = await dbus.connect(daemon.address)
        peer = await accepting
        call = asyncio.ensure_future(has_owner(client))
        reply = daemon.reply(await daemon.message(peer), YES)
        peer.send(reply[:length])
        peer.close()
        with pytest.raises(dbus.Disconnected):
            await call
        await until(client.is_closed)
        return length + 1 < len(reply)

    async def main():
        length = 0
        while await at(length):
            length += 1
        assert length > 16

    run(main())


def test_replies_that_nobody_waits_for_are_dropped(against_daemon):
    async def test(daemon, client, peer, call, message):
        for serial in (1, 0x7FFFFFFF, 0x80000000 + 1000, 0xFFFFFFFF):
            stray = Gio.DBusMessage.new_method_reply(message)
            stray.set_reply_serial(serial)
            stray.set_body(YES)
            peer.send(daemon.blob(stray))
        answer = daemon.reply(message, YES)
        peer.send(answer)
        peer.send(answer)
        assert await call
        assert not client.is_closed()

    against_daemon(test)


@pytest.mark.parametrize(
    "change",
    [
        lambda reply: b"x" + reply[1:],
        lambda reply: reply[:3] + b"\x09" + reply[4:],
        lambda reply: reply[:4] + b"\xff" * 4 + reply[8:],
        lambda reply: reply[:12] + b"\xff" * 4 + reply[16:],
        lambda reply: reply[:12] + b"\x05\0\0\0" + reply[16:],
        lambda reply: bytes(len(reply)),
        lambda reply: os.urandom(64),
    ],
)
def test_what_is_no_message_closes_it(against_daemon, change):
    async def test(daemon, client, peer, call, message):
        peer.send(change(daemon.reply(message, YES)))
        peer.send(bytes(64))
        with pytest.raises(dbus.Disconnected):
            await call
        await until(client.is_closed)

    against_daemon(test)


def test_descriptors_without_a_message_close_it(against_daemon):
    async def test(daemon, client, peer, call, message):
        before = len(os.listdir("/proc/self/fd"))
        with open("/dev/null") as file:
            socket.send_fds(peer, [daemon.reply(message, YES)], [file.fileno()] * 3)
        with pytest.raises(dbus.Disconnected):
            await call
        await until(client.is_closed)
        assert len(os.listdir("/proc/self/fd")) <= before

    against_daemon(test)


def test_a_message_without_its_descriptors_closes_it(against_daemon):
    async def test(daemon, client, peer, call, message):
        reply = Gio.DBusMessage.new_method_reply(message)
        descriptors = Gio.UnixFDList()
        descriptors.append(peer.fileno())
        reply.set_unix_fd_list(descriptors)
        peer.send(daemon.blob(reply))
        with pytest.raises(dbus.Disconnected):
            await call

    against_daemon(test)
