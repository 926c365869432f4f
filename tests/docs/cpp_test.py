"""The C++ that the documentation shows compiles, without a warning."""

import fcntl
import pathlib
import re
import subprocess
import sys

import pages
import pytest

import gawait

BUILD = pathlib.Path(gawait.__file__).parents[2]
PRELUDE = """\
#include <gawait/gawait.hpp>

using namespace gawait;
using namespace std::chrono_literals;

"""
# What only the page tells of is unused.
WARNINGS = ["-Wall", "-Werror", "-Wno-unused"]
LIBRARIES = ["giomm-2.68", "gtk4"]  # where they are


def flags(*packages):
    return subprocess.check_output(["pkg-config", "--cflags", *packages], text=True).split()


def compiler():
    there = [
        each for each in LIBRARIES if subprocess.call(["pkg-config", "--exists", each]) == 0
    ]
    return [
        *("c++", "-std=c++20", *WARNINGS),
        *(f"-I{each}" for each in [BUILD / "generator", pages.ROOT / "include"]),
        *(each.replace("-I", "-isystem", 1) for each in flags("gio-unix-2.0", *there)),
    ]


@pytest.fixture(scope="session")
def compile():
    """Compiles C++ and returns what the compiler says; the library's headers only once, for all
    processes of the tests."""
    directory = BUILD / "docs/precompiled"
    directory.mkdir(parents=True, exist_ok=True)
    headers = (pages.ROOT / "include").rglob("*.hpp")
    newest = max(each.stat().st_mtime for each in headers)
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ["gawait/gawait.hpp", "gawait/dbus.hpp"]:
            compiled = directory / f"{name}.gch"
            if not compiled.exists() or compiled.stat().st_mtime < newest:
                compiled.parent.mkdir(exist_ok=True)
                source = directory / "source.hpp"
                source.write_text(f"#include <{name}>\n")
                subprocess.run([*compiler(), str(source), "-o", str(compiled)], check=True)

    def compile_source(source, *options):
        return subprocess.run(
            [
                *compiler()[:2],
                f"-I{directory}",
                *compiler()[2:],
                *options,
                *("-fsyntax-only", "-x", "c++", "-"),
            ],
            input=source,
            capture_output=True,
            text=True,
        ).stderr

    return compile_source


def source_of(block):
    """A block as a whole file: with what it is said to be in, and in a coroutine if it awaits
    outside of one."""
    if block.text.startswith(("#include", "// ")) and "#include" in block.text:
        return block.text
    if block.mark == "around":
        before, after = re.split(r"^ *\.\.\.$", block.said, flags=re.MULTILINE)
        return f"{PRELUDE}{before}{block.text}{after}\n"
    return PRELUDE + block.text


def sources():
    for block in pages.blocks("cpp"):
        pasted = block.file and pages.is_followed(block.page)
        if block.mark != "fragment" and not pasted:
            yield pytest.param(block, id=str(block))


@pytest.fixture
def generated(tmp_path):
    """Where gawait-gen writes the headers of the D-Bus interfaces that a page shows."""

    def generate(page):
        for block in pages.blocks_of(page, "xml"):
            (tmp_path / block.file).write_text(block.text)
            subprocess.run(
                [
                    *(sys.executable, str(pages.ROOT / "generator/gawait-gen")),
                    *(block.file, "--quiet", "--output", "."),
                ],
                cwd=tmp_path,
                check=True,
            )
        return f"-I{tmp_path}"

    return generate


@pytest.mark.parametrize("block", sources())
def test_a_block_compiles(compile, generated, block):
    assert compile(source_of(block), generated(block.page)) == ""
