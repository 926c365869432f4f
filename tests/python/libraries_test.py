"""Libraries written for asyncio do real work on the loop, over real sockets."""

import asyncio
import contextlib
import hashlib
import sys

import aiohttp
import aiohttp.web
import anyio
import anyio.abc
import anyio.streams.buffered
import anyio.streams.tls
import httpx
import pytest
import websockets
from gi.repository import GLib

BODY = bytes(range(256)) * 4096  # more than the kernel takes at once


@contextlib.asynccontextmanager
async def aiohttp_server(**options):
    """An aiohttp server that answers in several ways; gives its address."""
    routes = aiohttp.web.RouteTableDef()

    @routes.post("/digest")
    async def digest(request):
        algorithm = hashlib.sha256()
        async for chunk in request.content.iter_any():
            algorithm.update(chunk)
        return aiohttp.web.json_response({"digest": algorithm.hexdigest()})

    @routes.get("/chunks")
    async def chunks(request):
        response = aiohttp.web.StreamResponse()
        await response.prepare(request)
        for index in range(0, len(BODY), 65536):
            await response.write(BODY[index : index + 65536])
        return response

    @routes.get("/late")
    async def late(request):
        await asyncio.sleep(0.5)
        return aiohttp.web.Response()

    @routes.get("/echo")
    async def echo(request):
        socket = aiohttp.web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
        return socket

    application = aiohttp.web.Application(client_max_size=2 * len(BODY))
    application.add_routes(routes)
    runner = aiohttp.web.AppRunner(application)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0, **options)
    await site.start()
    try:
        yield "127.0.0.1:%d" % runner.addresses[0][1]
    finally:
        await runner.cleanup()


# aiohttp ----------------------------------------------------------------------------


def test_aiohttp_serves_many_requests_at_a_time(run):
    async def main():
        async with aiohttp_server() as address, aiohttp.ClientSession() as session:

            async def ask(number):
                body = BODY[number:]
                async with session.post(f"http://{address}/digest", data=body) as response:
                    answer = await response.json()
                return answer["digest"] == hashlib.sha256(body).hexdigest()

            assert all(await asyncio.gather(*map(ask, range(40))))

    run(main())


def test_aiohttp_streams_over_tls(run, server_tls, client_tls):
    async def main():
        async with aiohttp_server(ssl_context=server_tls) as address:
            async with aiohttp.ClientSession() as session:
                async with session.get(f"https://{address}/chunks", ssl=client_tls) as response:
                    assert await response.read() == BODY

    run(main())


def test_aiohttp_talks_over_a_websocket(run):
    async def main():
        async with aiohttp_server() as address, aiohttp.ClientSession() as session:
            async with session.ws_connect(f"ws://{address}/echo") as socket:
                for word in ("one", "two", "three"):
                    await socket.send_str(word)
                    assert await socket.receive_str(timeout=10) == word.upper()

    run(main())


def test_an_aiohttp_request_times_out(run):
    async def main():
        timeout = aiohttp.ClientTimeout(total=0.05)
        async with aiohttp_server() as address:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                with pytest.raises(asyncio.TimeoutError):
                    await session.get(f"http://{address}/late")

    run(main())


def test_an_aiohttp_request_and_glib_timeouts_take_turns(run):
    async def main():
        ticks = 0

        def tick():
            nonlocal ticks
            ticks += 1
            return GLib.SOURCE_CONTINUE

        source = GLib.timeout_add(1, tick)
        async with aiohttp_server() as address, aiohttp.ClientSession() as session:
            while ticks < 10:
                async with session.get(f"http://{address}/chunks") as response:
                    assert await response.read() == BODY
        GLib.source_remove(source)

    run(main())


# httpx ------------------------------------------------------------------------------


def test_httpx_makes_many_requests_at_a_time(run):
    async def main():
        async with aiohttp_server() as address:
            async with httpx.AsyncClient(base_url=f"http://{address}") as client:

                async def ask(number):
                    body = BODY[number:]
                    answer = (await client.post("/digest", content=body)).json()
                    return answer["digest"] == hashlib.sha256(body).hexdigest()

                assert all(await asyncio.gather(*map(ask, range(20))))

    run(main())


def test_httpx_streams_over_tls(run, server_tls, client_tls):
    async def main():
        async with aiohttp_server(ssl_context=server_tls) as address:
            async with httpx.AsyncClient(verify=client_tls) as client:
                async with client.stream("GET", f"https://{address}/chunks") as response:
                    chunks = [chunk async for chunk in response.aiter_raw()]
        assert b"".join(chunks) == BODY

    run(main())


def test_an_httpx_request_times_out(run):
    async def main():
        async with aiohttp_server() as address, httpx.AsyncClient(timeout=0.05) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"http://{address}/late")

    run(main())


# websockets -------------------------------------------------------------------------


def test_websockets_echoes_to_many_clients(run):
    async def main():
        async def echo(socket, path=None):
            async for message in socket:
                await socket.send(message[::-1])

        async with websockets.serve(echo, "127.0.0.1", 0) as server:
            port = list(server.sockets)[0].getsockname()[1]

            async def talk(number):
                async with websockets.connect(f"ws://127.0.0.1:{port}") as socket:
                    for length in (0, 1, 1000, 100_000):
                        message = BODY[number : number + length]
                        await socket.send(message)
                        if await socket.recv() != message[::-1]:
                            return False
                return True

            assert all(await asyncio.gather(*map(talk, range(20))))

    run(main())


def test_websockets_notices_that_the_peer_has_closed(run):
    async def main():
        async def close(socket, path=None):
            await socket.close(4000, "enough")

        async with websockets.serve(close, "127.0.0.1", 0) as server:
            port = list(server.sockets)[0].getsockname()[1]
            async with websockets.connect(f"ws://127.0.0.1:{port}") as socket:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await socket.recv()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "enough")

    run(main())


# anyio ------------------------------------------------------------------------------


def test_anyio_serves_and_connects_over_tls(run, server_tls, client_tls):
    async def main():
        async def reverse(stream):
            async with stream:
                received = anyio.streams.buffered.BufferedByteReceiveStream(stream)
                size = int(await received.receive_until(b"\n", 100))
                await stream.send((await received.receive_exactly(size))[::-1])

        plain = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = plain.extra(anyio.abc.SocketAttribute.local_port)
        listener = anyio.streams.tls.TLSListener(plain, server_tls)
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, reverse)
            stream = await anyio.connect_tcp("127.0.0.1", port, ssl_context=client_tls)
            async with stream:
                await stream.send(b"%d\n" % len(BODY) + BODY)
                received = anyio.streams.buffered.BufferedByteReceiveStream(stream)
                assert await received.receive_exactly(len(BODY)) == BODY[::-1]
            group.cancel_scope.cancel()

    run(main())


def test_anyio_cancels_a_group_by_a_deadline(run):
    async def main():
        ended = []

        async def wait(name):
            try:
                await anyio.sleep_forever()
            finally:
                ended.append(name)

        with anyio.move_on_after(0.05) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(wait, "one")
                group.start_soon(wait, "two")
        assert sorted(ended) == ["one", "two"]
        assert scope.cancel_called

    run(main())


def test_anyio_works_in_threads_and_calls_back_from_them(run):
    async def main():
        numbers = []

        async def append(number):
            numbers.append(number)

        def count():
            for number in range(10):
                anyio.from_thread.run(append, number)

        await anyio.to_thread.run_sync(count)
        assert numbers == list(range(10))

    run(main())


def test_anyio_runs_a_process_to_its_end(run):
    async def main():
        program = "import sys; print(sys.stdin.read()[::-1], end='')"
        finished = await anyio.run_process([sys.executable, "-c", program], input=b"drawer")
        assert finished.stdout == b"reward"

    run(main())


def test_anyio_reads_and_writes_files(run, tmp_path):
    async def main():
        path = anyio.Path(tmp_path / "file")
        await path.write_bytes(BODY)
        async with await anyio.open_file(path, "rb") as file:
            assert await file.read() == BODY

    run(main())
