"""async for over what Gio iterates."""

import asyncio

import pytest

from gi.repository import Gio, GLib


@pytest.fixture
def directory(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}").touch()
    return Gio.File.new_for_path(str(tmp_path))


def lines_of(data):
    return Gio.DataInputStream.new(Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(data)))


# Files --------------------------------------------------------------------------------


def test_a_file_enumerator_yields_each_file_once(run, directory):
    async def main():
        names = []
        async for info in await directory.enumerate_children_async("standard::name", 0):
            assert isinstance(info, Gio.FileInfo)
            names.append(info.get_name())
        return names

    assert sorted(run(main()), key=int) == [f"{number}" for number in range(200)]


def test_an_empty_directory_yields_nothing(run, tmp_path):
    async def main():
        enumerator = await Gio.File.new_for_path(str(tmp_path)).enumerate_children_async("*", 0)
        return [each async for each in enumerator]

    assert run(main()) == []


def test_file_infos_are_fetched_in_batches(run, directory):
    async def main():
        enumerator = await directory.enumerate_children_async("standard::name", 0)
        async for _ in enumerator:
            break
        # What is left to others is not what the loop has not seen, but what was not fetched.
        return len(await enumerator.next_files_async(1000))

    assert 0 < run(main()) < 199


def test_what_a_loop_has_not_seen_when_it_was_left_is_for_the_next_one(run, directory):
    async def main():
        enumerator = await directory.enumerate_children_async("standard::name", 0)
        seen = []
        for stop in (3, 70, 1000):
            async for info in enumerator:
                seen.append(info.get_name())
                if len(seen) == stop:
                    break
        return seen

    assert sorted(run(main()), key=int) == [f"{number}" for number in range(200)]


def test_a_closed_enumerator_raises(run, directory):
    async def main():
        enumerator = await directory.enumerate_children_async("standard::name", 0)
        await enumerator.close_async()
        with pytest.raises(GLib.Error) as caught:
            async for _ in enumerator:
                pass
        return caught.value

    assert run(main()).matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED)


# Lines --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, lines",
    [
        (b"", []),
        (b"one", ["one"]),
        (b"one\n", ["one"]),
        (b"one\n\ntwo", ["one", "", "two"]),
        ("äöü\n€\n".encode(), ["äöü", "€"]),
        (b"x" * 100_000 + b"\ny\n", ["x" * 100_000, "y"]),
    ],
)
def test_a_data_stream_yields_its_lines(run, data, lines):
    async def main():
        return [line async for line in lines_of(data)]

    assert run(main()) == lines


def test_lines_that_are_not_utf8_raise(run):
    async def main():
        lines = []
        with pytest.raises(GLib.Error):
            async for line in lines_of(b"one\n\xff\n"):
                lines.append(line)
        return lines

    assert run(main()) == ["one"]


def test_a_line_with_a_nul_raises_and_the_next_goes_on(run):
    async def main():
        lines = lines_of("é\nb\0é\nlast".encode())
        seen = []
        with pytest.raises(GLib.Error, match="NUL") as caught:
            async for line in lines:
                seen.append(line)
        domain = GLib.quark_from_string("g_convert_error")
        assert caught.value.matches(domain, GLib.ConvertError.EMBEDDED_NUL)
        async for line in lines:
            seen.append(line)
        return seen

    assert run(main()) == ["é", "last"]


def test_lines_come_as_they_are_written(run):
    async def main():
        process = Gio.Subprocess.new(
            ["cat"], Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE
        )
        into, seen = process.get_stdin_pipe(), []
        await into.write_all_async(b"1\n", GLib.PRIORITY_DEFAULT)
        async for line in Gio.DataInputStream.new(process.get_stdout_pipe()):
            seen.append(line)
            if len(seen) < 5:
                await into.write_all_async(f"{len(seen) + 1}\n".encode(), GLib.PRIORITY_DEFAULT)
            else:
                await into.close_async()
        return seen

    assert run(main()) == ["1", "2", "3", "4", "5"]


# Connections --------------------------------------------------------------------------


def test_a_socket_listener_yields_its_connections(run):
    async def main():
        listener = Gio.SocketListener()
        port = listener.add_any_inet_port(None)

        async def serve():
            async for connection in listener:
                assert isinstance(connection, Gio.SocketConnection)
                await connection.get_output_stream().write_all_async(b"hello", 0)
                await connection.close_async()

        async def ask():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            answer = await reader.read()
            writer.close()
            return answer

        server = asyncio.create_task(serve())
        answers = await asyncio.gather(*(ask() for _ in range(20)))
        server.cancel()
        with pytest.raises(asyncio.CancelledError):
            await server
        listener.close()
        return answers

    assert run(main()) == [b"hello"] * 20


def test_closing_the_listener_ends_the_iteration_with_its_error(run):
    async def main():
        listener = Gio.SocketListener()
        listener.add_any_inet_port(None)
        GLib.idle_add(listener.close)
        with pytest.raises(GLib.Error) as caught:
            async for _ in listener:
                pass
        return caught.value

    assert run(main()).domain == "g-io-error-quark"


def test_iterating_over_something_that_is_not_iterated_is_an_error(run):
    async def main():
        with pytest.raises(TypeError, match="async for"):
            async for _ in Gio.MemoryInputStream():
                pass

    run(main())


# Leaks --------------------------------------------------------------------------------


def test_nothing_leaks(run, count_objects, directory):
    kinds = (Gio.FileEnumerator, Gio.FileInfo, Gio.DataInputStream, Gio.SocketListener)

    async def repeat(times):
        for _ in range(times):
            async for _ in await directory.enumerate_children_async("standard::name", 0):
                break
            async for _ in lines_of(b"one\ntwo\n"):
                break
            listener = Gio.SocketListener()
            listener.add_any_inet_port(None)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    async for _ in listener:
                        pass

    run(repeat(5))
    before = [count_objects(kind) for kind in kinds]
    run(repeat(50))
    assert [count_objects(kind) for kind in kinds] == before
