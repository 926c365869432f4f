"""Introspection XML that is broken: one clear line of error, with file and line, and exit status 1;
or headers that compile.
"""

import random
import re
import subprocess

import pytest
from pieces import ROOT, compile_headers, mutations
from gawait_gen.main import main

WHOLE = (ROOT / "tests/cpp/dbus/org.example.Player.xml").read_text()


@pytest.fixture
def generate(tmp_path, capsys):
    """Runs gawait-gen on a file with this content: its status, its lines of error, and where its
    headers are."""

    def run(text, *options):
        xml = tmp_path / "player.xml"
        xml.write_bytes(text if isinstance(text, bytes) else text.encode())
        output = tmp_path / "output"
        status = main([str(xml), "--output", str(output), *options])
        return status, capsys.readouterr().err.splitlines(), output

    return run


def refused(outcome):
    """Its one line of error."""
    status, (line,), output = outcome
    assert status == 1 and not output.exists()
    assert re.match(r"gawait-gen: \S+player\.xml:\d+: \S", line), line
    return line


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "1: no well-formed XML: no element found"),
        ("<html/>", "1: no introspection XML: its root is <html>"),
        ("<node/>", "1: there is no <interface>"),
        ("<node>\n<interface name='player'/></node>", "2: no name of an interface: 'player'"),
        ("<node>\n<interface name='a.b c'/></node>", "2: no name of an interface: 'a.b c'"),
        ("<node>\n\n<interfaces/></node>", "3: <interfaces> is unknown in <node>"),
        (
            "<node><interface name='a.b'/>\n<interface name='a.b'/></node>",
            "2: a.b is described",
        ),
        (
            "<node><interface name='a.b'/>\n<interface name='a.B'/></node>",
            "2: a.B would be a::b",
        ),
        (
            '<?xml version="1.0" encoding="klingon"?><node/>',
            "1: no well-formed XML: unknown enc",
        ),
        ('<?xml version="1.0" encoding="cp037"?><node/>', "1: no well-formed XML"),
        (b"<node>\xff</node>", "1: no well-formed XML: not well-formed"),
        ("<node>\0</node>", "1: no well-formed XML: not well-formed"),
        ('<!DOCTYPE node [\n<!ENTITY a "aaaa">]><node/>', "2: entities are not taken: 'a'"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(generate, text, why):
    assert f"player.xml:{why}" in refused(generate(text))


def test_elements_may_be_nested_without_end(generate):
    deep = "<node>" * 100_000
    assert "no element found" in refused(generate(deep))
    assert "there is no <interface>" in refused(generate(deep + "</node>" * 100_000))


def test_an_interface_of_two_files_is_refused(tmp_path, capsys):
    for name in ("one.xml", "two.xml"):
        (tmp_path / name).write_text(WHOLE)
    files = [str(tmp_path / name) for name in ("one.xml", "two.xml")]
    assert main([*files, "--output", str(tmp_path / "output")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(
        r"gawait-gen: \S+two\.xml:\d+: org\.example\.Player would be \S+, as ", line
    )


@pytest.mark.parametrize("name", ["a b", "a::", "::a", "1a", "class", "std", "a__b", ""])
def test_a_namespace_that_is_none_is_refused(generate, capsys, name):
    with pytest.raises(SystemExit) as ended:
        generate(WHOLE, "--namespace", name)
    assert ended.value.code == 2
    assert f"--namespace is no name of one: {name!r}" in capsys.readouterr().err


def test_a_namespace_for_a_library_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["Gio-2.0", "--output", str(tmp_path), "--namespace", "a"])
    assert "--namespace is for D-Bus interfaces" in capsys.readouterr().err


def mutated(count, seed):
    chance = random.Random(seed)
    values = ["", "-1", "none", "in", "a b", "*", "a{sv}", "(ii)", "a{hs}", "ab", "this", "??/"]
    values += ["x(y)", "Proxy", "true", "assert", "*/", "\u202e", "readwrite"]

    def replace(pieces, _at):
        strings = [i for i, piece in enumerate(pieces) if piece.startswith('"')]
        pieces[chance.choice(strings)] = f'"{chance.choice(values)}"'

    return mutations(WHOLE, count, chance, replace)


def test_mutated_files_give_headers_that_compile_or_one_line_of_error(tmp_path, capsys):
    headers, refusals = [], 0
    for number, text in enumerate(mutated(600, 5)):
        xml = tmp_path / "player.xml"
        xml.write_text(text)
        output = tmp_path / f"output{number}"
        options = ["--output", str(output), "--namespace", f"number{number}", "--quiet"]
        status = main([str(xml), *options])
        told = capsys.readouterr().err.splitlines()
        assert (status, len(told)) in [(0, 0), (1, 1)], told
        refusals += status
        headers += output.glob("*.hpp") if status == 0 else []
    assert len(headers) > 100 and refusals > 100
    # The compiler takes half a second for each.
    compile_headers(headers[:: len(headers) // 20], tmp_path)


def test_truncated_files_give_one_line_of_error(generate):
    step = max(1, len(WHOLE) // 150)
    for end in range(0, len(WHOLE.rstrip()), step):
        refused(generate(WHOLE[:end]))


def test_the_program_ends_with_status_1_and_one_line(tmp_path):
    xml = tmp_path / "player.xml"
    xml.write_text(WHOLE[:500])
    done = subprocess.run(
        [ROOT / "generator/gawait-gen", xml, "--output", tmp_path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert re.fullmatch(rf"gawait-gen: {xml}:\d+: no well-formed XML: .*\n", done.stderr)
