"""sysprof_test.py PROGRAM [PYTHONPATH]: what a profiler is told of programs that it records.

It does what sysprof does: a program asks it through a socket for memory, a ring, in which it puts
its marks.
"""

import mmap
import os
import pathlib
import socket
import struct
import subprocess
import sys
import unittest

PROGRAM, *PYTHONPATH = sys.argv[1:]

PAGE = mmap.PAGESIZE
SIZE = 256 * PAGE
HEADER = struct.Struct(
    "=IIII"
)  # where reading and writing go on, where the ring begins, its size
FRAME = struct.Struct("=HhiqII")  # length, CPU, process, time, type, unused
MARK = struct.Struct("=q24s40s")  # duration, group, name; the message is behind it
TYPE_OF_MARKS = 10
REQUEST = b"CreatRing\0"


class Ring:
    def __init__(self):
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, PAGE + SIZE)
        self.memory = mmap.mmap(self.fd, PAGE + SIZE)
        HEADER.pack_into(self.memory, 0, 0, 0, PAGE, SIZE)

    def close(self):
        self.memory.close()
        os.close(self.fd)

    def marks(self):
        """(name, message, time, duration) of each of gawait's."""
        at, end, _, _ = HEADER.unpack_from(self.memory)
        assert at == 0
        while at < end:
            length, _, _, time, kind, _ = FRAME.unpack_from(self.memory, PAGE + at)
            if kind & 0xFF == TYPE_OF_MARKS:
                behind = PAGE + at + FRAME.size
                duration, group, name = MARK.unpack_from(self.memory, behind)
                message = self.memory[behind + MARK.size : PAGE + at + length]
                if group.rstrip(b"\0") == b"gawait":
                    yield text_of(name), text_of(message), time, duration
            at += length


def text_of(field):
    return field.split(b"\0")[0].decode()


def record(*command, **environment):
    """The marks of a program, and its output."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        program = subprocess.Popen(
            command,
            env={**os.environ, **environment, "SYSPROF_CONTROL_FD": str(theirs.fileno())},
            pass_fds=[theirs.fileno()],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        theirs.close()
        rings = []
        try:
            while request := ours.recv(len(REQUEST)):  # of each thread that marks something
                assert request == REQUEST
                rings.append(Ring())
                socket.send_fds(ours, [b"\0"], [rings[-1].fd])
            output, _ = program.communicate(timeout=60)
            marks = [mark for ring in rings for mark in ring.marks()]
        finally:
            program.kill()
            for ring in rings:
                ring.close()
    return marks, output


class Recorded(unittest.TestCase):
    def setUp(self):
        self.maxDiff = None

    def assert_marked(self, marks, name, message):
        found = [each for each in marks if each[:2] == (name, message)]
        self.assertEqual(len(found), 1, (name, message, marks))
        return found[0][2:]

    def assert_turns(self, marks):
        turns = [each for each in marks if each[0] == "turn"]
        self.assertTrue(turns)
        for _, message, _, duration in turns:
            self.assertRegex(message, r"^\d+ callbacks$")
            self.assertGreaterEqual(duration, 0)


class Cpp(Recorded):
    @classmethod
    def setUpClass(cls):
        cls.marks, cls.output = record(PROGRAM)

    def test_it_runs_as_usual(self):
        self.assertEqual(self.output, "")

    def test_turns_are_marked_with_what_they_ran(self):
        self.assert_turns(self.marks)

    def test_operations_are_marked_by_their_function(self):
        operations = [each[1] for each in self.marks if each[0] == "operation"]
        self.assertEqual(operations, ["g_file_query_info_async"] * 2, self.marks)

    def test_tasks_are_marked_by_their_function_or_their_name(self):
        self.assert_marked(self.marks, "task", "work")
        self.assert_marked(self.marks, "task", "look_at")
        self.assert_marked(self.marks, "task", "null: look_at")

    def test_a_mark_lasts_as_long_as_what_it_is_of(self):
        begins, lasts = self.assert_marked(self.marks, "task", "a rest")
        self.assertGreaterEqual(lasts, 20_000_000)  # nanoseconds
        outer_begins, outer_lasts = self.assert_marked(self.marks, "task", "work")
        self.assertLessEqual(outer_begins, begins)
        self.assertGreaterEqual(outer_begins + outer_lasts, begins + lasts)


@unittest.skipUnless(PYTHONPATH, "the Python package was not built")
class Python(Recorded):
    @classmethod
    def setUpClass(cls):
        program = pathlib.Path(__file__).with_name("recorded.py")
        cls.marks, cls.output = record(
            "/usr/bin/python3", str(program), PYTHONPATH=PYTHONPATH[0]
        )

    def test_it_runs_as_usual(self):
        self.assertEqual(self.output, "")

    def test_turns_are_marked_with_what_they_ran(self):
        self.assert_turns(self.marks)

    def test_operations_are_marked_by_their_function(self):
        self.assert_marked(self.marks, "operation", "g_file_query_info_async")

    def test_tasks_are_marked_by_their_name_and_their_coroutine(self):
        begins, lasts = self.assert_marked(self.marks, "task", "Task-1: main")
        self.assertGreaterEqual(lasts, 20_000_000)
        self.assert_marked(self.marks, "task", "root: look_at")


class Unrecorded(unittest.TestCase):
    def test_without_a_profiler_nothing_is_different(self):
        ran = subprocess.run([PROGRAM], capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
