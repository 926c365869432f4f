"""Builds a small program outside the tree that uses the library in every way there is:
as a Meson subproject; installed, by Meson; installed, by pkg-config alone; with the header for
GoogleTest; with typed headers, the installed ones and those that the installed gawait-gen writes;
and by what docs/how-to/typed.md shows for Meson and CMake.

Usage: installed.py SOURCE_ROOT COMPILER...
"""

import contextlib
import http.server
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

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


class TwelveBytes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"twelve bytes")

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def twelve_bytes_over_http():
    """The URL of a server."""
    with http.server.HTTPServer(("127.0.0.1", 0), TwelveBytes) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def documented(language, page="typed"):
    """The first block of a language that a page of the documentation shows."""
    page = (SOURCE_ROOT / f"docs/how-to/{page}.md").read_text()
    return re.search(rf"^```{language}\n(.*?)^```", page, re.M | re.S)[1]


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

        # The header for GoogleTest, as docs/how-to/testing.md says.
        (work / "some_test.cpp").write_text(documented("cpp", "testing"))
        with_gtest = run("pkg-config", "--cflags", "--libs", "gawait", "gtest_main", **here)
        tests = [work / "some_test.cpp", "-o", program, *shlex.split(with_gtest)]
        run(*COMPILER, "-std=c++20", *tests)
        run(program, LD_LIBRARY_PATH=str(prefix / "lib"))

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

        # As docs/how-to/typed.md says.
        here["PATH"] = f"{prefix}/bin:{os.environ['PATH']}"
        here["CMAKE_PREFIX_PATH"] = str(prefix)
        for name, build_file, set_up, build in [
            ("meson", "meson.build", ["meson", "setup"], ["meson", "compile", "-C"]),
            ("cmake", "CMakeLists.txt", ["cmake", "-G", "Ninja", "-B"], ["cmake", "--build"]),
        ]:
            shown = work / name
            shown.mkdir()
            shutil.copy(CONSUMER / "soup.cpp", shown / "main.cpp")
            (shown / build_file).write_text(documented(name))
            sources = [shown] if name == "meson" else ["-S", shown]
            run(*set_up, shown / "build", *sources, **here)
            run(*build, shown / "build", **here)
            with twelve_bytes_over_http() as url:
                assert run(shown / "build/program", url) == "12 bytes\n"
            again = run(*build, shown / "build", **here)
            assert "no work to do" in again, again


try:
    main()
except subprocess.CalledProcessError as failure:
    sys.exit(f"{failure.output}\nfailed: {failure}")
