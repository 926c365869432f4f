"""What is emitted while nobody asks for it, kept until somebody does."""

import asyncio


class Emissions:
    """An asynchronous iterator over what a subclass keeps, with _keep(), until it is ended.

    A wait that is cancelled or timed out ends nothing and loses nothing: the next goes on.

    With a limit, one emission more than that may wait ends it, and is lost: after those that
    wait, the iteration raises OverflowError.

    A subclass has _disconnect(), after which nothing more comes.
    """

    def __init__(self, limit=None):
        self._emissions = asyncio.Queue()
        self._limit = limit
        self._ended = False

    def close(self):
        """Disconnect. The iteration ends after the emissions that there were."""
        self._fail(None)

    def _keep(self, emission):
        if self._limit is not None and self._emissions.qsize() >= self._limit:
            error = OverflowError(f"more than {self._limit} emissions waited to be asked for")
            self._end(_End(error))
        elif not self._ended:
            self._emissions.put_nowait(emission)

    def _fail(self, error):
        """End it after the emissions that there were, with an exception unless that is None."""
        self._end(_End(error))

    def _end(self, end):
        self._disconnect()
        if not self._ended:
            self._ended = True
            self._emissions.put_nowait(end)

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            emission = await self._emissions.get()
        except asyncio.CancelledError:
            self = None  # whoever keeps the traceback is not to keep the iterator
            raise
        if isinstance(emission, _End):
            self._emissions.put_nowait(emission)  # for whoever else iterates
            if emission.error is None:
                raise StopAsyncIteration
            raise emission.error
        return self._item_of(emission)

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


class _End:
    def __init__(self, error):
        self.error = error
