"""Compiles the C++ that a page of the documentation shows as whole files: the blocks that begin with
an #include. Warnings are errors.

Usage: compile_blocks.py PAGE COMPILER ARGUMENT...
"""

import pathlib
import re
import subprocess
import sys

page, *command = sys.argv[1:]
flags = subprocess.check_output(["pkg-config", "--cflags", "gio-unix-2.0"], text=True).split()
blocks = re.findall(r"^```cpp\n(#include.*?)^```", pathlib.Path(page).read_text(), re.M | re.S)
assert blocks, f"{page} shows no whole file"
for block in blocks:
    compiling = [*command, *flags, "-Wall", "-Werror", "-fsyntax-only", "-x", "c++", "-"]
    if subprocess.run(compiling, input=block, text=True).returncode != 0:
        sys.exit(f"{page}: this does not compile:\n{block}")
