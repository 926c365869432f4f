"""What the tests of the documentation share: what those of the Python package do."""

import pathlib
import runpy

globals().update(
    (name, value)
    for name, value in runpy.run_path(
        str(pathlib.Path(__file__).parents[1] / "python/conftest.py")
    ).items()
    if not name.startswith("__")
)
