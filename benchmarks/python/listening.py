"""Listening sockets of the servers that are measured."""

import socket

BACKLOG = 4096


def listen_tcp():
    # asyncio switches TCP_NODELAY on where a socket says that its protocol is TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(BACKLOG)
    return listening


def listen_unix(path):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(BACKLOG)
    return listening
