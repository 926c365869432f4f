"""A display of a test's own."""

import os
import subprocess


class Display:
    """A context manager: an Xvfb on a display that is free, until the body ends.

    FileNotFoundError: there is no Xvfb.
    """

    name = None
    """What DISPLAY is to be set to; None where it does not run."""

    def __enter__(self):
        reader, writer = os.pipe()
        with open(reader) as answer:
            try:
                # It would reset itself whenever a program ends, which takes as long as to start.
                self._server = subprocess.Popen(
                    ["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24"]
                    + ["-nolisten", "tcp", "-noreset"],
                    pass_fds=[writer],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            finally:
                os.close(writer)
            number = answer.readline().strip()
        if not number:
            self.__exit__()
            raise RuntimeError("Xvfb did not start")
        self.name = f":{number}"
        return self

    def __exit__(self, *_):
        self.name = None
        self._server.terminate()
        self._server.wait()
