"""What an event loop counts."""

import typing


class Counters(typing.NamedTuple):
    """What EventLoop.counters() returns: what was done since the loop was made, and what is in
    flight. To know what a stretch of time took, ask twice and subtract."""

    callbacks: int
    """The callbacks that the loop has called: handles, timers, readers and writers, and whatever of
    its sockets and transports was ready. Steps of tasks are among them."""

    turns: int
    """How often GLib's main loop has let run what runs on its context: callbacks of the loop, and
    coroutines in C++. In each turn there may be many rounds of callbacks."""

    polls: int
    """How often the kernel was asked in turns which descriptors are ready. GLib's main loop asks
    besides, between turns."""

    operations: int
    """The asynchronous operations on the loop's context that have not ended yet, those that are
    awaited in C++ among them."""

    longest_turn: float
    """How many seconds the longest turn took, or the longest since reset_longest_turn(). A turn ends
    after half a millisecond: what is much above that is one callback that went on and on, while
    nothing else on the context could run."""
