"""gdb_test.py PROGRAM SCRIPT: what gdb tells of the tasks of a program, while that is stopped and
from its core file."""

import subprocess
import sys
import tempfile
import unittest

PROGRAM, SCRIPT = sys.argv[1:]


def gdb(*arguments):
    """What gdb prints, with the script. Without debuginfod, which asks the network."""
    ran = subprocess.run(
        [
            "gdb",
            "-nx",
            "-batch",
            "-iex",
            "set debuginfod enabled off",
            "-x",
            SCRIPT,
            *arguments,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return ran.stdout


class Gdb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.core = f"{cls.directory.name}/core"
        commands = ("run", "gawait-tasks", "call gawait::dump_tasks()")
        commands += (f"generate-core-file {cls.core}", "kill")
        cls.said = gdb(*(word for each in commands for word in ("-ex", each)), PROGRAM)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def assert_chain(self, text):
        self.assertRegex(
            text,
            r"(?m)^GMainContext 0x[0-9a-f]+\n"
            r"  outer\n"
            r"    when_all\n"
            r"      the process: wait_for\n"
            r"        awaits g_subprocess_wait_async\n"
            r"      add_up\n"
            r"        numbers\n"
            r"          awaits an event\n",
        )

    def test_the_chain_of_a_stopped_program_is_printed(self):
        self.assert_chain(self.said)

    def test_the_chain_is_printed_from_a_core_file(self):
        self.assert_chain(gdb("-ex", "gawait-tasks", PROGRAM, self.core))

    def test_dump_tasks_can_be_called(self):
        self.assertRegex(
            self.said,
            r"(?m)^outer\n  when_all\n    the process: wait_for\n"
            r"      awaits g_subprocess_wait_async, in flight for ",
        )

    def test_a_program_without_the_library_is_refused(self):
        said = gdb("-ex", "gawait-tasks", "/bin/true")
        self.assertIn("gawait-tasks needs the debug information of libgawait", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
