"""Writes the header of an interface."""

import functools
import pathlib

from mako.template import Template

from . import documentation, text
from .description import describe

TEMPLATE = pathlib.Path(__file__).parents[1] / "templates" / "interface.hpp.mako"


@functools.cache
def _template():
    return Template(filename=str(TEMPLATE))


def write_interface(interface, output):
    """Gives the path of the header, in a directory that is made if it is not there."""
    directory = pathlib.Path(output)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / interface.header
    rendered = _template().render(
        interface=interface,
        proxy=text.Proxy(interface),
        service=text.Service(interface),
        description=describe(interface.element),
        text=text,
        documentation=documentation,
    )
    path.write_text(rendered, encoding="utf-8")
    return path
