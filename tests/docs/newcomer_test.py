"""README and the tutorials work when they are followed: each block is pasted, in order, into a folder
that was empty. What is installed is the tree that was built."""

import os
import pathlib
import re
import subprocess
import sys

import pages
import pytest

import gawait

BUILD = pathlib.Path(gawait.__file__).parents[2]


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """What a newcomer's terminal has in its environment when gawait is installed."""
    root = tmp_path_factory.mktemp("installed")
    subprocess.run(
        ["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root],
        check=True,
        capture_output=True,
    )
    (package,) = root.rglob("gawait.pc")
    (prefix,) = re.findall("^prefix=(.*)$", package.read_text(), re.MULTILINE)
    package.write_text(
        package.read_text().replace(f"prefix={prefix}", f"prefix={root}{prefix}")
    )
    programs = root / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    return {
        "PATH": f"{programs}:{root}{prefix}/bin:{os.environ['PATH']}",
        "PKG_CONFIG_PATH": str(package.parent),
        "LD_LIBRARY_PATH": str(package.parents[1]),
        "PYTHONPATH": str(BUILD / "python"),
        "G_DEBUG": "fatal-criticals",
    }


class Terminal:
    """A shell in a folder, into which one pastes."""

    def __init__(self, folder, environment):
        self.shell = subprocess.Popen(
            ["bash", "-e"],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # Files are saved where the shell is.
        self.folder = lambda: pathlib.Path(os.readlink(f"/proc/{self.shell.pid}/cwd"))

    def paste(self, commands):
        """Returns what they print; fails if one of them does."""
        self.shell.stdin.write(f"{commands}\necho '<pasted>'\n")
        self.shell.stdin.flush()
        printed = []
        for line in self.shell.stdout:
            if line == "<pasted>\n":
                return "".join(printed)
            printed.append(line)
        raise AssertionError(f"this failed:\n{commands}\n{''.join(printed)}")

    def close(self):
        self.shell.stdin.close()
        self.shell.stdout.close()
        self.shell.wait()


@pytest.fixture
def terminal(tmp_path, desktop, installed):
    opened = Terminal(tmp_path, installed)
    yield opened
    opened.close()


def matches(printed, expected):
    """Whether it is what is shown, where a line of three dots stands for any lines."""
    pattern = "".join(
        r"(.*\n)*" if line == "..." else re.escape(line) + r"\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, printed)


FOLLOWED = [page for page in pages.pages() if pages.is_followed(page)]


@pytest.mark.parametrize("page", FOLLOWED)
def test_following_it_works(terminal, page):
    printed = ""
    for block in pages.blocks_of(page):
        if block.mark == "fragment":
            continue
        if block.file:
            (terminal.folder() / block.file).write_text(block.text)
        elif block.language == "sh":
            printed = terminal.paste(block.text)
        elif block.language == "text":
            assert matches(printed, block.text), f"{block}:\n{printed}"


def test_it_needs_nothing_that_debian_does_not_have():
    for page in FOLLOWED:
        for block in pages.blocks_of(page, "sh"):
            for names in re.findall(r"apt install ((?:[^\n]|(?<=\\)\n)+)", block.text):
                packages = names.replace("\\\n", " ").split()
                assert packages
                subprocess.run(
                    ["apt-cache", "show", *packages], check=True, capture_output=True
                )
