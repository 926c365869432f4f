"""Whole namespaces of Debian's: they are written, with few functions left out, and compile with
warnings as errors.
"""

import shlex
import subprocess

import instantiate
import pytest
from pieces import ROOT
from gawait_gen.main import main
from gawait_gen.operations import operations
from gawait_gen.repository import Repository, default_directories

# The package of each, and how many functions, and signals and properties, the releases of Debian
# have at least, and how many may be skipped.
NAMESPACES = {
    "Gio-2.0": ("gio-unix-2.0", (125, 5), (220, 10)),
    "Gtk-4.0": ("gtk4", (1, 2), (1300, 40)),
    "Gdk-4.0": ("gtk4", (5, 5), (70, 6)),
    "GdkPixbuf-2.0": ("gdk-pixbuf-2.0", (4, 2), (4, 2)),
    "Adw-1": ("libadwaita-1", (0, 1), (260, 10)),
    "Soup-3.0": ("libsoup-3.0", (5, 1), (80, 10)),
    "Secret-1": ("libsecret-1", (40, 8), (8, 4)),
    "Json-1.0": ("json-glib-1.0", (1, 1), (12, 3)),
    "GstBase-1.0": ("gstreamer-base-1.0", (0, 0), (30, 2)),
}
FLAGS = "-std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
# How GLib's own macros cast, and what Secret calls unstable.
FLAGS += " -Wno-cast-function-type -DSECRET_API_SUBJECT_TO_CHANGE -DSECRET_WITH_UNSTABLE"


@pytest.mark.parametrize("name", NAMESPACES)
def test_a_namespace_is_written_and_compiles(name, tmp_path, capsys):
    package, *expected = NAMESPACES[name]
    assert main([name, "Gio-2.0", "--output", str(tmp_path)]) == 0
    for told, (at_least, may_be_skipped) in zip(capsys.readouterr().out.splitlines(), expected):
        written, skipped = [int(word) for word in told.split() if word.isdigit()]
        assert written >= at_least and skipped <= may_be_skipped, told

    repository = Repository(default_directories())
    namespace = repository.load(name)
    source = tmp_path / "all.cpp"
    source.write_text(instantiate.text(namespace, operations(repository, namespace)[0]))
    found = subprocess.check_output(
        ["pkg-config", "--cflags", package, "gio-unix-2.0"], text=True
    )
    # What GStreamer's own headers do is not looked at.
    found = [each.replace("-I", "-isystem", 1) for each in shlex.split(found)]
    headers = [f"-I{ROOT / 'include'}", f"-I{tmp_path}"]
    done = subprocess.run(
        ["c++", *FLAGS.split(), *headers, *found, source],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[:4000]


def test_what_c_does_not_take_over_is_lent_whatever_the_file_says():
    repository = Repository(default_directories())
    written, _ = operations(repository, repository.load("Secret-1"))
    (lookup,) = [each for each in written if each.start.c_name == "secret_password_lookupv"]
    assert lookup.arguments[1] == "attributes_.get()"
