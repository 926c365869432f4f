"""Compiles a source file, which must fail with the message that its first line names:
"// error: part of the message". A file without such a line must compile.

Usage: compile_fail.py SOURCE COMPILER ARGUMENT...
"""

import os
import pathlib
import subprocess
import sys

source, *command = sys.argv[1:]
flags = subprocess.check_output(["pkg-config", "--cflags", "gio-unix-2.0"], text=True).split()
compiled = subprocess.run(
    [*command, *flags, "-fsyntax-only", source],
    stderr=subprocess.PIPE,
    text=True,
    env={**os.environ, "LC_ALL": "C"},
)
message = compiled.stderr
print(message)

first_line = pathlib.Path(source).read_text().splitlines()[0]
_, expects_failure, expected = first_line.partition("// error: ")
if not expects_failure:
    sys.exit(compiled.returncode)
if compiled.returncode == 0:
    sys.exit("it compiles, though it should not")
if expected not in message:
    sys.exit(f"the compiler does not say: {expected}")
