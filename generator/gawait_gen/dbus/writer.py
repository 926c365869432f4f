"""Writes the header of an interface."""

import pathlib

from mako.template import Template

from . import documentation, text
from .description import describe

TEMPLATE = pathlib.Path(__file__).parents[1] / "templates" / "interface.hpp.mako"


def write_interface(interface, output):
    """Gives the path of the header, in a directory that is made if it is not there."""
    directory = pathlib.Path(output)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / interface.header
    rendered = Template(filename=str(TEMPLATE)).render(
        interface=interface,
        proxy=text.Proxy(interface),
        service=text.Service(interface),
        description=describe(interface.element),
        text=text,
        documentation=documentation,
    )
    path.write_text(rendered, encoding="utf-8")
    return path
