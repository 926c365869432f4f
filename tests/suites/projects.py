"""The projects whose tests tools/suites runs, and which of their tests are for our loop."""

import dataclasses


@dataclasses.dataclass
class Project:
    """What is run of a project's tests, and what not, with the reason."""

    installed: str  # the module that they test
    tags: dict[str, str]  # of its sources in git, by release of Debian
    tests: str = "tests"
    files: tuple[str, ...] = ("**/test_*.py",)
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)  # by file
    beside: tuple[str, ...] = ()  # what else their tests read of the sources
    not_copied: tuple[str, ...] = ()
    only: str = ""  # the names that are run
    never: str = ""  # the names that are not
    why: str = ""
    command: tuple[str, ...] = ()  # what a test process runs under
    own_loop: tuple[str, ...] = ()  # the files that are for gi.events


projects = {
    "pygobject": Project(
        installed="gi",
        tags={"bookworm": "3.50.0", "trixie": "3.50.0"},
        files=("test_events.py", "test_async.py", "test_gdbus.py"),
        # It makes a session, and loads what is built for other tests.
        not_copied=("conftest.py", "gi", "__init__.py"),
        why="these are about loops and asynchronous functions",
        command=("dbus-run-session", "--", "xvfb-run", "--auto-servernum"),
        own_loop=("test_events", "test_async"),
    ),
    "uvloop": Project(
        installed="uvloop",
        tags={"bookworm": "v0.17.0", "trixie": "v0.21.0"},
        only=r"AIO",
        left_out={
            "test_sourcecode": "the style of uvloop's sources",
            "test_cython": "wants a module built with uvloop",
        },
        why="the other half is for uvloop's loop, and asks for it by name",
    ),
    "websockets": Project(
        installed="websockets",
        tags={"bookworm": "10.4", "trixie": "15.0.1"},
    ),
    "anyio": Project(
        installed="anyio",
        tags={"bookworm": "3.6.2", "trixie": "4.8.0"},
        beside=("pyproject.toml",),
        never=r"[\[-](trio|asyncio\+uvloop)[\]-]",
        why="trio and uvloop have loops of their own",
    ),
    "aiohttp": Project(
        installed="aiohttp",
        tags={"bookworm": "v3.8.4", "trixie": "v3.11.16"},
        beside=("setup.cfg",),
        left_out={
            "test_proxy_functional": "wants proxy.py, which Debian does not have",
        },
    ),
}
