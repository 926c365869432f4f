"""examples/giomm_listing.cpp"""


def test_the_files_of_a_directory_are_listed(program, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(100):
        (tmp_path / "in" / str(number)).write_bytes(b"x" * number)
    done = program.run(tmp_path / "in")
    listed = sorted(done.stdout.splitlines())
    assert listed == sorted(f"{number} ({number} bytes)" for number in range(100))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_directory_that_is_not_there_is_told_of(program, tmp_path):
    done = program.run(tmp_path / "nowhere")
    assert f"{tmp_path}/nowhere" in done.stderr and done.returncode == 1
