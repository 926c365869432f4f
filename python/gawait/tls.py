"""TLS over a transport: the standard library's, with what is hot in C++."""

import types
from asyncio import base_events, sslproto

from gawait import _native


@_native.with_tls_transport_methods
class SSLTransport(sslproto._SSLProtocolTransport):
    """The transport of what is sent and received through TLS."""


@_native.with_tls_methods
class SSLProtocol(_native.TlsState, sslproto.SSLProtocol):
    """The protocol that speaks TLS on a transport, for a protocol above it."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        # Streams of ours need no buffer for each; for other transports get_buffer() makes one.
        self._ssl_buffer = bytearray()
        self._ssl_buffer_view = memoryview(self._ssl_buffer)

    def _get_app_transport(self):
        if self._app_transport is None and not self._app_transport_created:
            self._app_transport = SSLTransport(self._loop, self)
            self._app_transport_created = True
        return super()._get_app_transport()


_STANDARD = sslproto.SSLProtocol


def new_protocol(*arguments, **options):
    """An SSLProtocol; where a program has put a class of its own in the place of the standard
    library's, one of that."""
    kind = SSLProtocol if sslproto.SSLProtocol is _STANDARD else sslproto.SSLProtocol
    return kind(*arguments, **options)


def _with_globals(function, **changed):
    """A function that finds something else under some names."""
    made = types.FunctionType(
        function.__code__,
        vars(base_events) | changed,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


# The standard library's of this release, which makes a protocol by a name of its module.
start_tls = _with_globals(
    base_events.BaseEventLoop.start_tls,
    sslproto=types.SimpleNamespace(SSLProtocol=new_protocol),
)
