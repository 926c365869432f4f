"""Answers HTTP requests on one event loop, until its input ends.

usage: http_server.py LOOP aiohttp|uvicorn-h11|uvicorn-httptools

Prints its port as its first line.
"""

import asyncio
import sys

import loops
from listening import BACKLOG, listen_tcp

BODY = b"x" * 1024


async def serve_aiohttp(listening):
    from aiohttp import web

    async def answer(_request):
        return web.Response(body=BODY)

    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening, backlog=BACKLOG).start()


async def answer_asgi(_scope, _receive, send):
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def serve_uvicorn(listening, protocol):
    import uvicorn

    config = uvicorn.Config(
        answer_asgi,
        http=protocol,
        lifespan="off",
        access_log=False,
        log_level="error",
        backlog=BACKLOG,
    )
    await uvicorn.Server(config).serve(sockets=[listening])


def main():
    loop_name, server = sys.argv[1:]
    loop = loops.new_loop(loop_name)
    asyncio.set_event_loop(loop)
    listening = listen_tcp()
    framework, _, protocol = server.partition("-")
    if framework == "aiohttp":
        loop.run_until_complete(serve_aiohttp(listening))
    else:
        serving = loop.create_task(serve_uvicorn(listening, protocol))
        serving.add_done_callback(lambda _: loop.stop())
    loop.add_reader(sys.stdin, loop.stop)
    print(listening.getsockname()[1], flush=True)
    loop.run_forever()


if __name__ == "__main__":
    main()
