"""What is emitted while nobody asks for it, kept until somebody does."""

import asyncio
import collections
import contextlib


class Emissions:
    """An asynchronous iterator over what a subclass keeps, with _keep(), until it is ended.

    A wait that is cancelled or timed out ends nothing and loses nothing: the next goes on.

    With a limit, one emission more than that may wait ends it, and is lost: after those that
    wait, the iteration raises OverflowError.

    A subclass has _disconnect(), after which nothing more comes, and may have _item_of(emission),
    which makes what is kept what the iteration gives, and _given, what that is for print_tasks().
    """

    def __init__(self, limit=None):
        self._emissions = collections.deque()
        self._waiters = collections.deque()
        self._limit = limit
        self._ended = False
        self._error = None

    def close(self):
        """Disconnect. The iteration ends after the emissions that there were."""
        self._fail(None)

    def _keep(self, emission):
        if self._ended:
            return
        if self._limit is not None and len(self._emissions) >= self._limit:
            self._fail(
                OverflowError(f"more than {self._limit} emissions waited to be asked for")
            )
            return
        self._emissions.append(emission)
        self._wake_next()

    def _wake_next(self):
        while self._waiters and not _wake(self._waiters.popleft()):
            pass

    def _fail(self, error):
        """End it after the emissions that there were, with an exception unless that is None."""
        self._disconnect()
        if not self._ended:
            self._ended, self._error = True, error
            for each in self._waiters:
                _wake(each)
            self._waiters.clear()

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._emissions:
            if self._ended:
                raise StopAsyncIteration if self._error is None else self._error
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._give_up(waiter)
                self = None  # whoever keeps the traceback is not to keep the iterator
                raise
        return self._item_of(self._emissions.popleft())

    def _give_up(self, waiter):
        if waiter.cancelled():
            with contextlib.suppress(ValueError):
                self._waiters.remove(waiter)
        elif self._emissions:  # it was woken for one
            self._wake_next()

    def _item_of(self, emission):
        """Return what is given to the reader for an emission."""
        return emission

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    async def aclose(self):
        """Disconnect, as close() does."""
        self.close()


def _wake(waiter):
    """Return whether it waited still."""
    if waiter.done():
        return False
    waiter.set_result(None)
    return True
