"""Transports of datagrams and pipes: the standard library's, with what is hot in C++."""

import logging
import socket
from asyncio import selector_events, unix_events

from gawait import _native

_logger = logging.getLogger("asyncio")


@_native.with_datagram_methods
class DatagramTransport(selector_events._SelectorDatagramTransport):
    """The transport of a datagram socket over IP, or of one in the file system."""

    FAMILIES = {socket.AF_INET, socket.AF_INET6, socket.AF_UNIX}

    def __init__(self, loop, sock, protocol, address=None, waiter=None, extra=None):
        self._sends_to_ipv4 = sock.family == socket.AF_INET
        super().__init__(loop, sock, protocol, address, waiter, extra)

    @classmethod
    def takes(cls, sock):
        """Whether it can do with a socket: not with one that has methods of its own."""
        return type(sock) is socket.socket and sock.family in cls.FAMILIES


@_native.with_read_pipe_methods
class ReadPipeTransport(unix_events._UnixReadPipeTransport):
    """The transport of what is read from a pipe, a socket or a character device."""

    def _ended(self):
        if self._loop.get_debug():
            _logger.info("%r was closed by peer", self)
        protocol = self._protocol
        self._closing = True
        self._loop._remove_reader(self._fileno)
        self._loop.call_soon(protocol.eof_received)
        self._loop.call_soon(self._call_connection_lost, None)


@_native.with_write_pipe_methods
class WritePipeTransport(unix_events._UnixWritePipeTransport):
    """The transport of what is written to a pipe, a socket or a character device."""
