"""The loops of harness_test.py: like the stock loop, but for what their names say."""

import asyncio
import atexit
import os
import unittest

StockLoop = asyncio.SelectorEventLoop


class Faithful(StockLoop):
    pass


class Failing(StockLoop):
    async def sock_recv(self, sock, size):
        return b""


class Skipping(StockLoop):
    async def sock_recv(self, sock, size):
        raise unittest.SkipTest("it would fail")


class Hanging(StockLoop):
    async def sock_recv(self, sock, size):
        await self.create_future()


class Crashing(StockLoop):
    async def sock_recv(self, sock, size):
        os.abort()


class Interrupting(StockLoop):
    async def sock_recv(self, sock, size):
        raise KeyboardInterrupt


class CrashingAtExit(StockLoop):
    def __init__(self):
        super().__init__()
        atexit.unregister(os.abort)
        atexit.register(os.abort)


class StockAfterAll:
    def __new__(cls):
        return StockLoop()
