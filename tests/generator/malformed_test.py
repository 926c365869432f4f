"""GIR that is broken: one clear line of error, with file and line, and exit status 1; or headers
that compile.
"""

import random
import re
import subprocess

import declared
import instantiate
import pytest
from pieces import HEAD, OBJECT, ROOT, TAIL, compile_source, mutations, pair, parameter
from gawait_gen.main import main
from gawait_gen.operations import operations
from gawait_gen.repository import Repository, default_directories

METHODS = pair(
    [parameter("file", "GFile*", "Gio.File"), parameter("name", "const char*", "utf8")]
) + pair(
    [parameter("io_priority", "int", "gint")],
    returned='<type name="utf8" c:type="char*"/>',
    transfer="full",
    name="other",
)
WHOLE = f"{HEAD}{OBJECT}{METHODS}</class>{TAIL}"
EVERYTHING = (ROOT / "tests/generator/Everything-1.0.gir").read_text()


def refused(done):
    """Its one line of error."""
    assert done.status == 1, done.told
    (line,) = done.error.splitlines()
    assert re.match(r"gawait-gen: \S+Test-1\.0\.gir:\d+: \S", line), line
    return line


@pytest.mark.parametrize(
    "old, new, why",
    [
        ("</class>", "", "no well-formed XML: mismatched tag"),
        (WHOLE, "", "no well-formed XML: no element found"),
        ("<repository", "<other", "mismatched tag"),
        ('name="Test"', 'title="Test"', "<namespace> has no name"),
        ('version="1.0"', "", "not well-formed"),
        ('name="Test"', 'name="Te st"', "name is no identifier: 'Te st'"),
        ('c:identifier="test_thing_work_async"', 'c:identifier="a(b)"', "no identifier"),
        ('c:identifier="test_thing_work_async"', 'c:identifier="class"', "no identifier"),
        ('c:type="GFile*"', 'c:type="GFile; int"', "c:type is no type"),
        ("</class>", "</class><record name='A' c:type='TestThing'/>", "two types have the C"),
        (
            'transfer-ownership="none"',
            'transfer-ownership="some"',
            "transfer-ownership is unkn",
        ),
        ('<type name="utf8" c:type="const char*"/>', "", "<parameter> has no type"),
        ('version="2.0"', 'version="9.0"', "there is no Gio-9.0.gir in "),
        ("gio/gio.h", "gio/gio.h&gt;&#10;#error", "no name of a header"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(generate, old, new, why):
    assert old in WHOLE
    assert why in refused(generate(whole=WHOLE.replace(old, new, 1).replace("  <?", "<?")))


def test_an_index_that_is_none_is_refused(generate):
    array = '<array length="7" c:type="char*"><type name="guint8"/></array>'
    done = generate(pair([parameter("data", "", inner=array)]))
    assert "there is no parameter 7 for a length" in refused(done)
    done = generate(pair([parameter("data", "", inner=array.replace("7", "-1"))]))
    assert "length is no number" in refused(done)


def test_a_file_that_is_no_gir_is_refused(generate):
    assert "no GIR file: its root is <html>" in refused(generate(whole="<html></html>"))


def test_a_file_that_is_not_there_is_refused(tmp_path, capsys):
    assert main(["Missing-1.0", "--output", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gawait-gen: Missing-1.0.gir: there is no Missing-1.0.gir in ")


def mutated(count, seed):
    """Half of them with other values of attributes alone, most of which are well-formed."""
    chance = random.Random(seed)
    values = ["", "-1", "none", "1", "0", "in", "out", "inout", "full", "container", "a b", "*"]
    values += ["int", "char**", "void*", "utf8", "filename", "gboolean", "gpointer", "class"]
    values += ["GLib.List", "GLib.Variant", "GLib.PtrArray", "Gio.File", "GFile*", "Thing"]
    values += ["Token", "Mode", "Size", "Copied", "Counted", "Point", "test_delete", "9" * 20]

    def replace(pieces, _at):
        strings = [i for i, piece in enumerate(pieces) if piece.startswith('"')]
        pieces[chance.choice(strings)] = f'"{chance.choice(values)}"'

    yield from mutations(EVERYTHING, count // 2, chance, replace)
    yield from mutations(EVERYTHING, count // 2, chance, replace, kinds=[3])


def expect_an_answer(text, tmp_path, capsys):
    """Either headers or one line of error: never a traceback."""
    gir = tmp_path / "Test-1.0.gir"
    gir.write_text(text)
    status = main([str(gir), "--output", str(tmp_path / "output"), "--quiet"])
    told = capsys.readouterr().err.splitlines()
    assert (status, len(told)) in [(0, 0), (1, 1)], told
    assert status == 0 or re.match(r"gawait-gen: \S+\.gir:\d+: \S", told[0]), told
    return status


def using(gir):
    """C++ that uses all that is in the headers of a GIR file, with what C would declare."""
    repository = Repository(default_directories())
    namespace = repository.load(str(gir))
    written, _ = operations(repository, namespace)
    return declared.text(namespace, written) + instantiate.text(namespace, written)


def renamed(text, number):
    """With names of its own, so that it can be compiled beside others."""
    return text.replace("Test", f"Test{number}").replace("test", f"test{number}")


def test_mutated_files_give_headers_that_compile_or_one_line_of_error(tmp_path, capsys):
    well_formed, refusals = [], 0
    for text in mutated(600, 11):
        status = expect_an_answer(text, tmp_path, capsys)
        refusals += status
        well_formed += [text] if status == 0 else []
    assert len(well_formed) > 100 and refusals > 100
    # The compiler takes a second for each.
    source, output = "", tmp_path / "compiled"
    for number, text in enumerate(well_formed[:: len(well_formed) // 10]):
        gir = tmp_path / "Test-1.0.gir"
        gir.write_text(renamed(text, number))
        assert main([str(gir), "--output", str(output), "--quiet"]) == 0
        source += using(gir)
    compile_source(source, tmp_path, include=output)


def test_truncated_files_give_one_line_of_error(tmp_path, capsys):
    step = max(1, len(EVERYTHING) // 150)
    for end in range(0, len(EVERYTHING.rstrip()), step):
        assert expect_an_answer(EVERYTHING[:end], tmp_path, capsys) == 1


def test_the_file_that_was_mutated_compiles(tmp_path, capsys):
    assert expect_an_answer(EVERYTHING, tmp_path, capsys) == 0
    compile_source(using(tmp_path / "Test-1.0.gir"), tmp_path, include=tmp_path / "output")


def test_the_program_ends_with_status_1_and_one_line(tmp_path):
    gir = tmp_path / "Test-1.0.gir"
    gir.write_text(WHOLE[:200])
    done = subprocess.run(
        [ROOT / "generator/gawait-gen", gir, "--output", tmp_path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert re.fullmatch(rf"gawait-gen: {gir}:\d+: no well-formed XML: .*\n", done.stderr)
