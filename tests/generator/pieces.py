"""What GIR files of the tests are made of, what gawait-gen made of them, and how a compiler looks at what is made of them."""

import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "generator"))
sys.dont_write_bytecode = True

HEAD = """<?xml version="1.0"?>
<repository version="1.2" xmlns="http://www.gtk.org/introspection/core/1.0"
            xmlns:c="http://www.gtk.org/introspection/c/1.0"
            xmlns:glib="http://www.gtk.org/introspection/glib/1.0">
  <include name="Gio" version="2.0"/>
  <package name="gio-2.0"/>
  <c:include name="gio/gio.h"/>
  <namespace name="Test" version="1.0" c:identifier-prefixes="Test" c:symbol-prefixes="test">
"""
TAIL = """
  </namespace>
</repository>
"""
OBJECT = (
    '<class name="Thing" c:symbol-prefix="thing" c:type="TestThing" parent="GObject.Object">'
)


# Those of gawait itself are as a system's.
FLAGS = "-std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"


def compile_headers(headers, tmp_path, compiler="c++"):
    """Compiles a file that includes all of these, with warnings as errors."""
    compile_source("".join(f'#include "{header}"\n' for header in headers), tmp_path, compiler)


def compile_source(text, tmp_path, compiler="c++", include=None):
    """Compiles this, with warnings as errors."""
    source = tmp_path / "all.cpp"
    source.write_text(text)
    found = subprocess.check_output(["pkg-config", "--cflags", "gio-unix-2.0"], text=True)
    command = [compiler, *FLAGS.split(), *shlex.split(found), "-isystem", ROOT / "include"]
    command += [f"-I{include}"] if include else []
    done = subprocess.run([*command, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]


def parameter(name, c_type, gir_type=None, inner="", **attributes):
    """The XML of a parameter; `inner` is what stands for its type instead."""
    given = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    kind = inner or f'<type name="{gir_type}" c:type="{c_type}"/>'
    return f'<parameter name="{name}"{given}>{kind}</parameter>'


def out(name, c_type, gir_type, **more):
    return parameter(name, c_type, gir_type, direction="out", **more)


def type_element(name, c_type, inner=""):
    return f'<type name="{name}" c:type="{c_type}">{inner}</type>'


def array(c_type, element, **attributes):
    given = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<array c:type="{c_type}"{given}>{element}</array>'


def instance():
    return (
        '<instance-parameter name="thing" transfer-ownership="none">'
        '<type name="Thing" c:type="TestThing*"/></instance-parameter>'
    )


CANCELLABLE = parameter("cancellable", "GCancellable*", "Gio.Cancellable", nullable="1")
READY = parameter("callback", "GAsyncReadyCallback", "Gio.AsyncReadyCallback", scope="async")
DATA = parameter("user_data", "gpointer", "gpointer")
RESULT = parameter("result", "GAsyncResult*", "Gio.AsyncResult")
NOTHING = '<type name="none" c:type="void"/>'


def function(kind, c_name, parameters, returned=NOTHING, **attributes):
    transfer = attributes.pop("transfer", "none")
    given = "".join(
        f' {key.replace("glib_", "glib:").replace("_", "-")}="{value}"'
        for key, value in attributes.items()
    )
    name = c_name.removeprefix("test_thing_").removeprefix("test_")
    return (
        f'<{kind} name="{name}" c:identifier="{c_name}"{given}>'
        f'<return-value transfer-ownership="{transfer}">{returned}</return-value>'
        f'<parameters>{"".join(parameters)}</parameters></{kind}>'
    )


def pair(
    arguments=(),
    results=(),
    returned=NOTHING,
    name="work",
    cancellable=True,
    finish=None,
    **more,
):
    """A method and what finishes it."""
    given = [instance(), *arguments]
    given += [CANCELLABLE] if cancellable else []
    return function(
        "method", f"test_thing_{name}_async", [*given, READY, DATA], **more.pop("start", {})
    ) + function(
        "method",
        finish or f"test_thing_{name}_finish",
        [instance(), RESULT, *results],
        returned,
        **{"throws": "1", **more},
    )


def only(found):
    """The one operation that there is of a model, of which nothing is left out."""
    written, left_out = found
    assert not left_out, [each.reason for each in left_out]
    (operation,) = written.values()
    return operation


def reason(found):
    """Why the one operation is left out."""
    written, (left,) = found
    assert not written
    return left.reason


def mutations(whole, count, chance, replace, kinds=range(5)):
    """A file with pieces dropped, doubled, swapped and changed, those by replace(pieces, at), or
    with some of these `kinds` alone.
    """
    words = re.findall(r'"[^"]*"|<[^>\s]+|[^\s<>"]+|\s+|.', whole)
    for _ in range(count):
        changed = list(words)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(changed))
            what = chance.choice(kinds)
            if what == 0:
                del changed[at]
            elif what == 1:
                changed.insert(at, changed[at])
            elif what == 2:
                changed[at] = chance.choice(words)
            elif what == 3:
                replace(changed, at)
            else:
                del changed[at : at + chance.randrange(30)]
        yield "".join(changed)
