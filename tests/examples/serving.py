"""A server that the tests of a file have beside them."""

import contextlib
import threading


@contextlib.contextmanager
def serving(server, let_go):
    """Has a server answer, in a thread of its own, until the body ends.

    let_go() then has those answers go on that it holds back.
    """
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        let_go()
        server.shutdown()
        thread.join()
