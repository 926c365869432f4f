"""What it costs to compile a small program with gawait's typed functions, against the same with
giomm and with callbacks in C: processor time of the compiler, and the size of what it makes, stripped.
And what the header of a class adds to gawait.hpp.

Usage: compiling.py BUILD [COMPILER...], of a build directory that ./bench made (build/bench).
"""

import pathlib
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile

SOURCES = pathlib.Path(__file__).parent / "compiling"
INCLUDE = pathlib.Path(__file__).parents[1] / "include"
REPETITIONS = 5
LEVELS = ("-O0", "-O2")


def flags(build, name):
    """Those that a program needs, by pkg-config, to compile and to link."""

    def asked(what, package):
        return shlex.split(subprocess.check_output(["pkg-config", what, package], text=True))

    if name == "giomm":
        return asked("--cflags", "giomm-2.68"), asked("--libs", "giomm-2.68")
    compiling = asked("--cflags", "gio-unix-2.0")
    linking = asked("--libs", "gio-unix-2.0")
    if name == "gawait":
        compiling += [f"-I{INCLUDE}", f"-I{build / 'generator'}"]
        linking += [f"-L{build / 'src'}", f"-Wl,-rpath,{build / 'src'}", "-lgawait"]
    return compiling, linking


def processor_time(command):
    """Seconds that a command and its children take."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def size(program):
    subprocess.run(["strip", program], check=True)
    return pathlib.Path(program).stat().st_size


def added_by_a_class(build, compiler):
    """Seconds that the largest header of a class of GIO adds to gawait.hpp."""
    command = [*compiler, "-std=c++20", "-fsyntax-only", *flags(build, "gawait")[0]]
    own = ["-include", "gawait/gawait.hpp"]
    of_class = ["-include", "gawait/gio/file.hpp"]
    empty = ["-x", "c++", "/dev/null"]
    without, with_it = [], []
    for _ in range(REPETITIONS):
        without.append(processor_time([*command, *own, *empty]))
        with_it.append(processor_time([*command, *own, *of_class, *empty]))
    return statistics.median(with_it) - statistics.median(without)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    compiler = sys.argv[2:] or ["c++"]
    names = sorted(source.stem for source in SOURCES.glob("*.cpp"))
    with tempfile.TemporaryDirectory() as directory:
        times, sizes = {}, {}
        # In turn, so that a slow spell of the machine hits everybody.
        for _ in range(REPETITIONS):
            for level in LEVELS:
                for name in names:
                    compiling, linking = flags(build, name)
                    made = f"{directory}/{name}{level}"
                    command = [*compiler, "-std=c++20", level, *compiling, "-c"]
                    took = processor_time(
                        [*command, SOURCES / f"{name}.cpp", "-o", f"{made}.o"]
                    )
                    times.setdefault((name, level), []).append(took)
                    subprocess.run([*compiler, f"{made}.o", "-o", made, *linking], check=True)
                    sizes[name, level] = size(made)
                    told = subprocess.check_output([made, "/dev/null"], text=True)
                    assert told == "0 bytes\n", told
    print(f"| | {' | '.join(names)} |\n| --- |{' ---: |' * len(names)}")
    for level in LEVELS:
        seconds = [f"{statistics.median(times[name, level]):.2f} s" for name in names]
        print(f"| compiled with {level} | {' | '.join(seconds)} |")
    for level in LEVELS:
        bytes_ = [f"{sizes[name, level] / 1000:.1f} kB" for name in names]
        print(f"| its size, {level}, stripped | {' | '.join(bytes_)} |")
    added = added_by_a_class(build, compiler)
    print(f"\n`gawait/gio/file.hpp` beside `gawait/gawait.hpp`: {added:.2f} s more.")


main()
