"""examples/http_downloads.cpp, of a server of the tests' own."""

import http.server
import re
import signal
import threading

import pytest
from serving import serving


class Server(http.server.ThreadingHTTPServer):
    """Gives 10 000 bytes of each file, of "slow" ones 100 and no more, and none of "missing"."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.lock = threading.Lock()
        self.four_at_once = threading.Event()
        self.at_work = 0
        self.most_at_work = 0
        self.closing = threading.Event()

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        with server.lock:
            server.at_work += 1
            server.most_at_work = max(server.at_work, server.most_at_work)
            if server.at_work == 4:
                server.four_at_once.set()
        if self.path.startswith("/file"):
            server.four_at_once.wait()
        with server.lock:
            server.at_work -= 1
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", "10000")
        self.end_headers()
        if self.path.startswith("/slow"):
            self.wfile.write(b"x" * 100)
            self.wfile.flush()
            server.closing.wait()
        else:
            self.wfile.write(b"x" * 10_000)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = Server()
    with serving(server, let_go=server.closing.set):
        yield server


def test_a_hundred_are_downloaded_four_at_a_time(program, server, tmp_path):
    urls = [server.url(f"file-{number}") for number in range(100)]
    done = program.run(*urls)
    assert sorted(done.stdout.splitlines()) == sorted(
        f"{url}: done (10000 bytes)" for url in urls
    )
    assert done.returncode == 0
    assert server.most_at_work == 4
    files = list(tmp_path.iterdir())
    assert len(files) == 100 and {len(file.read_bytes()) for file in files} == {10_000}


def test_progress_is_shown(program, server):
    shown = program.run(server.url("slow-1"), server.url("missing")).stderr
    # Each "\r" is read as a "\n".
    so_far = [int(each) for each in re.findall("([0-9]+) bytes\n", shown)]
    assert so_far[0] == 0 and so_far[-1] == 100 and so_far == sorted(so_far)


def test_one_that_takes_too_long_or_fails_is_told_of(program, server):
    urls = [server.url(name) for name in ("slow-1", "missing", "one")] + ["nonsense"]
    done = program.run(*urls)
    assert sorted(done.stdout.splitlines()) == sorted(
        [
            f"{urls[0]}: gawait::with_timeout: the time is over (100 bytes)",
            f"{urls[1]}: Not Found (0 bytes)",
            f"{urls[2]}: done (10000 bytes)",
            "nonsense: soup_session_send_async: an argument is null and must not be, is a string "
            "with a NUL within, or is too long (0 bytes)",
        ]
    )
    assert done.returncode == 0


def test_ctrl_c_ends_those_that_are_left(program, server):
    running = program.in_terminal(*[server.url(f"slow-{number}") for number in range(10)])
    running.expect("400 bytes\r")
    running.sendintr()
    for _ in range(4):
        running.expect(r"slow-[0-3]: it was cancelled \(100 bytes\)")
    running.expect("gawait::run: interrupted")
    running.wait()
    assert running.signalstatus == signal.SIGINT
