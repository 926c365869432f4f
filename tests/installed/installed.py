"""Builds a small program outside the tree that uses the library in every way there is:
as a Meson subproject; installed, by Meson; installed, by pkg-config alone; and
with typed headers, the installed ones and those that the installed gawait-gen writes.

Usage: installed.py SOURCE_ROOT COMPILER...
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE_ROOT = pathlib.Path(sys.argv[1])
COMPILER = sys.argv[2:]
CONSUMER = pathlib.Path(__file__).parent / "consumer"


def run(*command, **environment):
    print("$", shlex.join(map(str, command)), flush=True)
    return subprocess.check_output(
        command,
        env={**os.environ, "CXX": shlex.join(COMPILER), **environment},
        stderr=subprocess.STDOUT,
        text=True,
    )


def expect_to_work(program, **environment):
    """The program must print the length of a file, and tell of a missing one."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"twelve bytes")
        file.flush()
        told = run(program, file.name, **environment)
    assert told == "12 bytes\n", told
    told = run(program, "/nonexistent", **environment)
    assert told.startswith("error: ") and "/nonexistent" in told, told


def main():
    with tempfile.TemporaryDirectory(prefix="gawait-installed-") as name:
        work = pathlib.Path(name)
        prefix = work / "prefix"

        # As a subproject.
        bundling = work / "bundling"
        shutil.copytree(CONSUMER, bundling)
        (bundling / "subprojects").mkdir()
        (bundling / "subprojects/gawait").symlink_to(SOURCE_ROOT)
        run(
            "meson",
            "setup",
            f"--prefix={prefix}",
            "--libdir=lib",
            "--optimization=0",
            "--wrap-mode=forcefallback",
            bundling / "build",
            bundling,
        )
        run("meson", "compile", "-C", bundling / "build")
        expect_to_work(bundling / "build/consumer")

        # Installed.
        run("meson", "install", "-C", bundling / "build", "--no-rebuild")
        shutil.rmtree(bundling)
        here = {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}

        using = work / "using"
        shutil.copytree(CONSUMER, using)
        run("meson", "setup", using / "build", using, **here)
        run("meson", "compile", "-C", using / "build")
        expect_to_work(using / "build/consumer")

        # By pkg-config alone.
        flags = shlex.split(run("pkg-config", "--cflags", "--libs", "gawait", **here))
        program = work / "program"
        run(*COMPILER, "-std=c++20", CONSUMER / "main.cpp", "-o", program, *flags)
        expect_to_work(program, LD_LIBRARY_PATH=str(prefix / "lib"))

        # The typed headers that are installed, and those that the installed generator writes.
        generated = work / "generated"
        told = run(prefix / "bin/gawait-gen", "Gio-2.0", "--output", generated)
        assert told.startswith("Gio-2.0: "), told
        for headers in [prefix / "include", generated]:
            run(
                *COMPILER,
                "-std=c++20",
                f"-I{headers}",
                CONSUMER / "typed.cpp",
                "-o",
                program,
                *flags,
            )
            expect_to_work(program, LD_LIBRARY_PATH=str(prefix / "lib"))


try:
    main()
except subprocess.CalledProcessError as failure:
    sys.exit(f"{failure.output}\nfailed: {failure}")
