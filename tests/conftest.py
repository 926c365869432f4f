"""What the tests of several languages share."""

import os
import subprocess

import pytest


@pytest.fixture(scope="session")
def x_server():
    """An Xvfb on a display that is free; gives its name."""
    reader, writer = os.pipe()
    with open(reader) as answer:
        server = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writer),
                "-screen",
                "0",
                "800x600x24",
                "-nolisten",
                "tcp",
            ],
            pass_fds=[writer],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        number = answer.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture
def display(x_server, monkeypatch):
    """A display for programs with windows, in their environment."""
    monkeypatch.setenv("DISPLAY", x_server)
    monkeypatch.setenv("GDK_BACKEND", "x11")
    # Without a GPU drawing is steady this way.
    monkeypatch.setenv("GDK_DISABLE", "gl,vulkan")
    monkeypatch.setenv("GSK_RENDERER", "cairo")
    monkeypatch.setenv("GTK_A11Y", "none")
    monkeypatch.setenv("NO_AT_BRIDGE", "1")
