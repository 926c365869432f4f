"""The command line."""

import argparse
import os
import pathlib
import sys

from .dbus.interface import is_namespace, read_interfaces
from .dbus.writer import write_interface
from .operations import operations
from .repository import Repository, default_directories
from .signals import signals
from .writer import Writer
from .xml import Malformed


def arguments(given):
    parser = argparse.ArgumentParser(
        prog="gawait-gen",
        description="Writes C++ headers in which each async function of a GObject library, and each "
        "signal and property of its classes, is one function to co_await; and, of D-Bus "
        "introspection XML, a class for callers and one for services.",
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="the name and version of a namespace, as Gio-2.0, the path of a GIR file, or of "
        "introspection XML, which ends in .xml",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIRECTORY",
        help="where to write; the headers are for #include <gawait/gio/file.hpp> and "
        "<org.example.Player.hpp> from there",
    )
    parser.add_argument(
        "--namespace",
        metavar="NAME",
        help="the C++ namespace for D-Bus interfaces, in place of the first parts of their names",
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
    chosen = parser.parse_args(given)
    chosen.descriptions = [each for each in chosen.sources if each.endswith(".xml")]
    chosen.libraries = [each for each in chosen.sources if each not in chosen.descriptions]
    if chosen.namespace is not None and not chosen.descriptions:
        parser.error(
            "--namespace is for D-Bus interfaces, and there is no file that ends in .xml"
        )
    if chosen.namespace is not None and not is_namespace(chosen.namespace):
        parser.error(f"--namespace is no name of one: {chosen.namespace!r}")
    return chosen


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


def write_typed(repository, names, output, quiet):
    """The headers of GObject libraries."""
    writer = Writer(repository, output)
    for name in names:
        namespace = repository.load(name)
        functions, left_out = operations(repository, namespace)
        observed, not_observed = signals(repository, namespace, functions)
        writer.namespace(namespace, functions, observed, [*left_out, *not_observed])
        if not quiet:
            report(namespace, functions, left_out, observed, not_observed)
    directory = os.path.join(output, "gawait")
    # What a build system compares is the directory's time, not that of the files in it.
    os.utime(directory)
    return directory


def write_depfile(path, targets, read):
    """What the output depends on: what was read, and the generator."""

    def escaped(files):
        return " ".join(str(each).replace(" ", "\\ ") for each in files)

    own = sorted(pathlib.Path(__file__).parent.rglob("*.[pm][ya]*"))
    pathlib.Path(path).write_text(f"{escaped(targets)}: {escaped([*read, *own])}\n")


def main(given=None):
    chosen = arguments(given)
    repository = Repository(chosen.gir_directory + default_directories())
    written = []
    try:
        interfaces = read_interfaces(chosen.descriptions, chosen.namespace)
        if chosen.libraries:
            libraries = write_typed(repository, chosen.libraries, chosen.output, chosen.quiet)
            written.append(libraries)
        for interface in interfaces:
            written.append(write_interface(interface, chosen.output))
            if not chosen.quiet:
                print(interface.summary)
    except Malformed as error:
        print(f"gawait-gen: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"gawait-gen: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    if chosen.depfile:
        write_depfile(chosen.depfile, written, [*repository.paths, *chosen.descriptions])
    return 0
