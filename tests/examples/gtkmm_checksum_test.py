"""examples/gtkmm_checksum.cpp"""

import hashlib


def test_the_checksum_of_a_file_is_printed_when_it_has_been_shown(desktop, program, tmp_path):
    content = bytes(range(256)) * 10000
    (tmp_path / "file").write_bytes(content)
    done = program.run(tmp_path / "file")
    assert done.stdout == hashlib.sha256(content).hexdigest() + "\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_is_not_there_is_told_of(desktop, program, tmp_path):
    done = program.run(tmp_path / "nowhere")
    assert f"{tmp_path}/nowhere" in done.stderr and done.returncode == 1
