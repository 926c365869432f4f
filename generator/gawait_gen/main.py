"""The command line."""

import argparse
import os
import pathlib
import sys

from .operations import operations
from .repository import Repository, default_directories
from .signals import signals
from .writer import Writer
from .xml import Malformed


def arguments(given):
    parser = argparse.ArgumentParser(
        prog="gawait-gen",
        description="Writes C++ headers in which each async function of a GObject library, and each "
        "signal and property of its classes, is one function to co_await.",
    )
    parser.add_argument(
        "namespaces",
        nargs="+",
        metavar="NAMESPACE",
        help="the name and version of a namespace, as Gio-2.0, or the path of a GIR file",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIRECTORY",
        help="where to write; the headers are for #include <gawait/gio/file.hpp> from there",
    )
    parser.add_argument(
        "--gir-directory",
        action="append",
        default=[],
        metavar="DIRECTORY",
        help="where to look for GIR files before the system's places",
    )
    parser.add_argument(
        "--depfile", metavar="FILE", help="where to write what was read, for make and ninja"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="do not print what is written and left out"
    )
    return parser.parse_args(given)


def report(namespace, functions, left_out, observed, not_observed):
    name = f"{namespace.name}-{namespace.version}"
    skipped = [each for each in left_out if each.is_operation]
    print(f"{name}: {len(functions)} functions, {len(skipped)} skipped")
    print(f"{name}: {len(observed)} signals and properties, {len(not_observed)} skipped")
    for each in left_out:
        word = "skipped" if each.is_operation else "no operation"
        print(f"{word}: {each.start.c_name}: {each.reason}")
    for each in not_observed:
        print(f"skipped: {each.c_name}: {each.reason}")


def write_depfile(path, target, girs):
    """What the output depends on: the GIR files and the generator."""
    own = sorted(pathlib.Path(__file__).parent.rglob("*.[pm][ya]*"))
    files = [str(each).replace(" ", "\\ ") for each in [*girs, *own]]
    pathlib.Path(path).write_text(f"{target}: {' '.join(files)}\n")


def main(given=None):
    chosen = arguments(given)
    repository = Repository(chosen.gir_directory + default_directories())
    try:
        writer = Writer(repository, chosen.output)
        for name in chosen.namespaces:
            namespace = repository.load(name)
            functions, left_out = operations(repository, namespace)
            observed, not_observed = signals(repository, namespace, functions)
            writer.namespace(namespace, functions, observed, [*left_out, *not_observed])
            if not chosen.quiet:
                report(namespace, functions, left_out, observed, not_observed)
    except Malformed as error:
        print(f"gawait-gen: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"gawait-gen: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    if chosen.depfile:
        write_depfile(chosen.depfile, os.path.join(chosen.output, "gawait"), repository.paths)
    # What a build system compares is the directory's time, not that of the files in it.
    os.utime(os.path.join(chosen.output, "gawait"))
    return 0
