"""Compiles a source file, which must fail with the message that its first line names:
"// error: part of the message". A file without such a line must compile, and that of a line
"// error of clang: ..." with any other compiler. Warnings are errors. The message must be within
the first lines, where somebody who made the mistake reads it.

Usage: compile_fail.py SOURCE COMPILER ARGUMENT...
"""

import os
import pathlib
import re
import subprocess
import sys

# What includes what, and where a template was used, comes before the first message.
FIRST_LINES = 20

source, *command = sys.argv[1:]
compiled = subprocess.run(
    [*command, "-fsyntax-only", source],
    stderr=subprocess.PIPE,
    text=True,
    env={**os.environ, "LC_ALL": "C"},
)
message = compiled.stderr
print(message)

first_line = pathlib.Path(source).read_text().splitlines()[0]
_, expects_failure, expected = first_line.partition("// error: ")
if not expects_failure and first_line.startswith("// error of clang: "):
    version = subprocess.check_output([*command, "--version"], text=True)
    expects_failure = "clang" in version
    expected = first_line.removeprefix("// error of clang: ")
if not expects_failure:
    sys.exit(compiled.returncode)
if compiled.returncode == 0:
    sys.exit("it compiles, though it should not")
# Source that is quoted beneath a line is not counted (newer compilers quote more of it), but it is
# read: the comment beside a deleted function is the message.
lines = message.splitlines()
counted = [n for n, line in enumerate(lines) if not re.match(r"\s+(\d+ )?\|", line)]
end = counted[FIRST_LINES] if len(counted) > FIRST_LINES else len(lines)
if expected not in "\n".join(lines[:end]):
    sys.exit(f"the compiler does not say in its first {FIRST_LINES} lines: {expected}")
