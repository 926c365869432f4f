"""What goes into a function and comes out of it: an input, a part of the result, and between them a
variable that C reads and writes.
"""

import copy

from . import inputs, results
from .gir import Array
from .inputs import Unsupported
from .names import safe

CONTAINERS = {"GLib.List", "GLib.SList", "GLib.HashTable"}


class Variable:
    """What C gets the address of: its type in C, its name, and what is given to C there."""

    def __init__(self, c_type, name, given=""):
        self.c_type = c_type
        self.name = name
        self.given = given


class InOut:
    """An argument that goes in and comes out.

    What C leaves in its variable is the caller's as the transfer tells, also if the operation
    fails: of what C gives the part is made then too, and dropped. What it lends, or lends a
    container of, may be no more.
    """

    def __init__(self, given, part, variable, is_lent=False, is_container_of_lent=False):
        self.input = given  # or None, of a length
        self.part = part  # or None
        self.variable = variable
        self.is_lent = is_lent
        self.is_container_of_lent = is_container_of_lent


def member_of(parameter):
    """The variable of the call, for what goes into the start function."""
    return f"{safe(parameter.name).rstrip('_')}_inout_"


def make(repository, function, parameter, variable_of):
    """An argument of a start or of a finish function, but none that is a length of an array.

    `variable_of` gives the name of the variable for a parameter.
    """
    name = parameter.name
    if parameter.is_instance:
        raise Unsupported(f"what it is called on, {name}, goes in and comes out")
    _check_transfer(parameter)
    length = function.length_of(parameter)
    if length and length.direction != "inout":
        raise Unsupported(f"its argument {name} goes in and comes out, and its length does not")
    given = inputs.make(repository, function, as_given(parameter), length and as_given(length))
    part = results.out_part(repository, parameter, name, length and variable_of(length))
    variable = Variable(part.c_type, variable_of(parameter), given.argument)
    is_lent = parameter.transfer == "none" and "*" in part.c_type
    is_container_of_lent = parameter.transfer == "container" and _copies_elements(
        parameter.type
    )
    return InOut(given, part, variable, is_lent, is_container_of_lent)


def _check_transfer(parameter):
    name, a_type = parameter.name, parameter.type
    if parameter.transfer == "floating":
        raise Unsupported(f"its argument {name} floats in and out")
    is_container = isinstance(a_type, Array) or a_type.name in CONTAINERS
    if parameter.transfer == "container" and not is_container:
        raise Unsupported(f"its argument {name} is taken over as a container and is none")
    if a_type.name in ("gpointer", "gconstpointer") and parameter.transfer != "none":
        raise Unsupported(f"its argument {name} is taken over and nobody knows what frees it")


def _copies_elements(a_type):
    """Whether the part of a container that C gives has its own of what C lends."""
    is_strings = isinstance(a_type, Array) and a_type.pointers == 3
    return is_strings or a_type.name in ("GLib.List", "GLib.SList")


def as_given(parameter):
    """It as one that goes in alone, and not by its address."""
    c_type = parameter.type.c_type or ""
    pointee = c_type.removesuffix("*").strip()
    if not c_type.endswith("*"):
        raise Unsupported(f"its argument {parameter.name} comes out and is no pointer in C")
    if pointee.endswith("const") or ("const" in pointee and "*" not in pointee):
        raise Unsupported(f"its argument {parameter.name} comes out and is constant in C")
    given = copy.copy(parameter)
    given.direction = "in"
    given.type = _pointee_of(parameter.type)
    return given


def _pointee_of(a_type):
    pointee = copy.copy(a_type)
    pointee.c_type = a_type.c_type and a_type.c_type.removesuffix("*").strip()
    # Of an array that comes out GIR gives its elements a pointer more too.
    pointee.elements = [_pointee_of(each) for each in a_type.elements]
    return pointee
