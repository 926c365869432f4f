"""GIR that is broken: one clear line of error, with file and line, and exit status 1."""

import random
import re
import subprocess

import pytest
from pieces import HEAD, OBJECT, ROOT, TAIL, mutations, pair, parameter
from gawait_gen.main import main

METHODS = pair(
    [parameter("file", "GFile*", "Gio.File"), parameter("name", "const char*", "utf8")]
) + pair(
    [parameter("io_priority", "int", "gint")],
    returned='<type name="utf8" c:type="char*"/>',
    transfer="full",
    name="other",
)
WHOLE = f"{HEAD}{OBJECT}{METHODS}</class>{TAIL}"


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
        ('c:type="GFile*"', 'c:type="GFile; int"', "c:type is no type"),
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
    chance = random.Random(seed)

    def replace(pieces, at):
        pieces[at] = '"' + chance.choice(["", "-1", "none", "1", "in", "a b", "*"]) + '"'

    return mutations(WHOLE, count, chance, replace)


def expect_an_answer(text, tmp_path, capsys):
    """Either headers or one line of error: never a traceback."""
    gir = tmp_path / "Test-1.0.gir"
    gir.write_text(text)
    status = main([str(gir), "--output", str(tmp_path / "output"), "--quiet"])
    told = capsys.readouterr().err.splitlines()
    assert (status, len(told)) in [(0, 0), (1, 1)], told
    return status


def test_mutated_files_give_headers_or_one_line_of_error(tmp_path, capsys):
    outcomes = [expect_an_answer(text, tmp_path, capsys) for text in mutated(600, 11)]
    assert 0 < sum(outcomes) < len(outcomes)


def test_truncated_files_give_one_line_of_error(tmp_path, capsys):
    step = max(1, len(WHOLE) // 150)
    for end in range(0, len(WHOLE.rstrip()), step):
        assert expect_an_answer(WHOLE[:end], tmp_path, capsys) == 1


def test_the_file_that_was_mutated_is_fine(tmp_path, capsys):
    assert expect_an_answer(WHOLE, tmp_path, capsys) == 0


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
