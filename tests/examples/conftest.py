"""What the tests of the examples share."""

import os
import subprocess
from pathlib import Path

import pexpect
import pytest

import gawait

EXAMPLES = Path(gawait.__file__).parents[2] / "examples"


class Program:
    """An example, run in a directory of its own."""

    def __init__(self, path, directory):
        self.path = path
        self.how = {
            "cwd": directory,
            "env": {**os.environ, "G_DEBUG": "fatal-criticals"},
            "timeout": 60,
        }

    def run(self, *arguments):
        """Runs it to its end."""
        return subprocess.run(
            [self.path, *arguments], capture_output=True, text=True, **self.how
        )

    def in_terminal(self, *arguments):
        """Begins it in a terminal, where Ctrl-C can be pressed."""
        given = [str(each) for each in arguments]
        return pexpect.spawn(str(self.path), given, encoding="utf-8", **self.how)


@pytest.fixture
def program(request, tmp_path):
    """The example that the module is named after."""
    path = EXAMPLES / request.path.name.removesuffix("_test.py")
    if not path.exists():
        pytest.skip(f"{path.name} is not built, since what it uses is not installed")
    return Program(path, tmp_path)


@pytest.fixture
def tree(tmp_path):
    """A folder with files for the explorers."""
    tree = tmp_path / "tree"
    for name, text in {
        "apples.txt": "red\ngreen <b>& sour</b>\n",
        "inner/pears.txt": "green\n",
        "inner/deep/plums.txt": "Blue\n",
        ".hidden": "green\n",
        ".hidden folder/file": "green\n",
        "binary": "green\0",
        "broken.png": "green, but no picture",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    return tree
