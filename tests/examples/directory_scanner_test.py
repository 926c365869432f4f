"""examples/directory_scanner.cpp"""

import pytest


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A directory that takes longer to scan than a test takes to press Ctrl-C."""
    root = tmp_path_factory.mktemp("large")
    for number in range(20_000):
        (root / str(number)).mkdir()
    return root


def test_what_is_below_is_counted(program, tmp_path):
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/one").write_bytes(b"x" * 1_000_000)
    (tmp_path / "a/b/c/two").write_bytes(b"x" * 500_000)
    (tmp_path / "a/b/loop").symlink_to(tmp_path)
    done = program.run(tmp_path / "a")
    assert done.stdout == "complete: 3 files, 3 directories, 1.5 MB, 0 failed\n"
    assert done.returncode == 0
    assert "files" in done.stderr


def test_what_cannot_be_read_is_told_and_counted(program, tmp_path):
    done = program.run(tmp_path / "nowhere")
    assert done.stdout == "complete: 0 files, 0 directories, 0.0 MB, 1 failed\n"
    assert f"{tmp_path}/nowhere" in done.stderr


def test_a_time_limit_ends_it(program, large):
    done = program.run(large, "0.01")
    assert done.stdout.startswith("gawait::with_timeout: the time is over: 0 files, ")
    assert done.returncode == 1


def test_ctrl_c_ends_it_and_tells_what_was_found(program, large):
    running = program.in_terminal(large)
    running.expect("0 files, [0-9]+ directories\r")
    running.sendintr()
    running.expect("interrupted: 0 files, ([0-9]+) directories, 0.0 MB, 0 failed")
    assert int(running.match[1]) < 20_000
    running.wait()
    assert running.exitstatus == 130
