"""The async functions of a namespace: which function finishes which, and what each takes and gives.
"""

import re

from . import inouts, inputs, results
from .gir import Array, Class, Interface
from .inouts import InOut, Variable
from .inputs import Called, Object, Priority, Unsupported
from .names import safe, without

READY = "GAsyncReadyCallback"

# What a GIR file has and a C program cannot have.
UNDECLARED = {"secret_backend_get": "secret.h does not include the header that declares it"}


def is_ready_callback(repository, parameter):
    found = repository.type_of(parameter.type)
    return getattr(found, "c_type", None) == READY


def _is(repository, parameter, c_type):
    return getattr(repository.type_of(parameter.type), "c_type", None) == c_type


def _lengths(function):
    """Of which array each parameter is the length."""
    found = {}
    for each in [*function.plain_parameters, function.returned]:
        length = function.length_of(each)
        if length in found and length.direction != "out":
            raise Unsupported(f"its argument {length.name} is the length of two arrays")
        if length:
            found[length] = each
    return found


class LeftOut:
    """A function that takes a ready callback and is not written, and why."""

    def __init__(self, start, reason, is_operation):
        self.start = start
        self.reason = reason
        self.is_operation = is_operation

    @property
    def c_name(self):
        return f"{self.start.c_name}()"


class Operation:
    """An async function: a start and a finish function of C's as one function of C++'s."""

    def __init__(self, repository, namespace, owner, start, finish):
        self.namespace = namespace
        self.owner = owner
        self.start = start
        self.finish = finish
        self.name = safe(
            without(start.c_name, namespace.symbol_prefixes).removesuffix("_async")
        )
        if self.name == start.c_name:
            raise Unsupported("its name does not begin with that of the namespace")
        self.inputs = []  # in the order of C, the priority at the end
        self.changed = []  # the names of those that come out as well
        self.lent = []  # the variables of those of them that C lends
        self.containers = []  # and of those of which it lends what is in them
        self.arguments = []  # what the start function is called with
        self.finish_arguments = []
        self.variables = []  # of inout-arguments of the start function
        self.outs = []  # the variables of the finish function
        self.parts = []
        self.returned = None  # the part that the finish function returns
        self.left_out = []  # out-arguments of the start function, which go without
        for each in (*start.parameters, *finish.parameters, finish.returned):
            if not repository.knows_c_type(each.type):
                raise Unsupported(f"the C type {each.type.pointee} is not known")
        self._take_start(repository)
        self._take_finish(repository)
        self._order_inputs()

    # The start function ----------------------------------------------------------

    def _take_start(self, repository):
        parameters = self.start.parameters
        if any(each.is_variadic for each in parameters):
            raise Unsupported("it is variadic")
        ready = next(
            index
            for index, each in enumerate(parameters)
            if is_ready_callback(repository, each)
        )
        if ready + 1 >= len(parameters):
            raise Unsupported("there is no user data after its callback")
        lengths = _lengths(self.start)
        made = {}
        inout = {}
        supplied = {}
        for index, parameter in enumerate(parameters):
            if index in (ready, ready + 1) or parameter in lengths or index in supplied:
                continue
            if parameter.direction == "inout":
                inout[parameter] = inouts.make(
                    repository, self.start, parameter, inouts.member_of
                )
                made[parameter] = inout[parameter].input
            elif _is(repository, parameter, "GCancellable"):
                continue
            elif self._is_priority(parameter):
                made[parameter] = Priority()
            elif inputs.is_callback(repository, parameter):
                made[parameter] = self._callback(repository, index, ready, supplied)
            elif self._goes_without(parameter):
                self.left_out.append(parameter.name)
            else:
                length = self.start.length_of(parameter)
                if length and length.direction == "inout":
                    length = inouts.as_given(length)
                made[parameter] = inputs.make(repository, self.start, parameter, length)
        for index, parameter in enumerate(parameters):
            if index == ready:
                self.arguments.append("callback")
            elif index == ready + 1:
                self.arguments.append("data")
            elif index in supplied:
                self.arguments.append(supplied[index])
            elif parameter in lengths:
                length = self._length(parameter, made.get(lengths[parameter]))
                if parameter.direction == "inout":
                    inout[parameter] = self._inout_length(
                        repository, parameter, lengths[parameter], length
                    )
                    length = self._come_out(inout[parameter], self.variables)
                self.arguments.append(length)
            elif parameter in inout:
                self.arguments.append(self._come_out(inout[parameter], self.variables))
            elif _is(repository, parameter, "GCancellable"):
                self.arguments.append("cancellable")
            elif parameter in made:
                self.arguments.append(made[parameter].argument)
            else:
                self.arguments.append("nullptr")
        self.inputs = list(made.values())
        self.changed = [each.input.name for each in inout.values() if each.input]
        self.takes_cancellable = "cancellable" in self.arguments
        self._by_parameter = made

    @staticmethod
    def _length(parameter, array):
        """What goes in as the length of what goes in."""
        if not hasattr(array, "length"):
            raise Unsupported(f"its argument {parameter.name} is a length of nothing")
        return array.length

    @staticmethod
    def _inout_length(repository, parameter, array, length):
        """The length of an array, which is a result of its own if the array does not come out."""
        variable = Variable(
            inouts.as_given(parameter).type.c_type, inouts.member_of(parameter), length
        )
        if array.direction == "inout":
            return InOut(None, None, variable)
        part = results.out_part(repository, parameter, parameter.name, None)
        return InOut(None, part, variable)

    def _come_out(self, inout, variables):
        """What C gets for it."""
        variables.append(inout.variable)
        if inout.is_lent:
            self.lent.append(inout.variable.name)
        if inout.is_container_of_lent:
            self.containers.append(inout.variable.name)
        if inout.part:
            inout.part.made = inout.part.made.replace("{}", inout.variable.name)
            self.parts.append(inout.part)
        return f"&{inout.variable.name}"

    @staticmethod
    def _goes_without(parameter):
        is_array = isinstance(parameter.type, Array)
        return parameter.direction == "out" and parameter.optional and not is_array

    @staticmethod
    def _is_priority(parameter):
        return parameter.name == "io_priority" and parameter.type.name in ("gint", "gint32")

    def _callback(self, repository, index, ready, supplied):
        parameter = self.start.parameters[index]
        following = self.start.parameters[index + 1 : index + 3]
        callback = repository.type_of(parameter.type)
        data = callback.parameters[-1].type.name if callback.parameters else None
        if not following or index + 1 == ready or following[0].type.name != "gpointer":
            raise Unsupported(f"its callback {parameter.name} has no user data of its own")
        if data != "gpointer" or not callback.c_type:
            raise Unsupported(f"its callback {parameter.name} gets no user data at the end")
        has_destroy = len(following) > 1 and following[1].type.name == "GLib.DestroyNotify"
        made = Called(parameter.name, callback.c_type, parameter.nullable, has_destroy)
        supplied[index + 1] = made.data
        if has_destroy:
            supplied[index + 2] = made.destroy
        return made

    # The finish function ---------------------------------------------------------

    def _take_finish(self, repository):
        finish = self.finish
        lengths = _lengths(finish)
        inout = {
            each: inouts.make(repository, finish, each, results.variable_of)
            for each in finish.parameters
            if each.direction == "inout" and each not in lengths
        }
        for parameter in finish.parameters:
            if parameter.direction == "inout":
                if parameter in lengths:
                    array = inout.get(lengths[parameter])
                    inout[parameter] = self._length_of_result(repository, parameter, array)
                self._give(inout[parameter])
            elif parameter.direction == "out":
                self._take_out(repository, parameter, parameter in lengths)
            elif _is(repository, parameter, "GAsyncResult"):
                self.finish_arguments.append("result")
            else:
                self.finish_arguments.append(self._source(repository, parameter))
        if "result" not in self.finish_arguments:
            raise Unsupported(f"{finish.c_name} takes no GAsyncResult")
        if finish.throws:
            self.finish_arguments.append("error")
        returned = results.return_part(repository, finish)
        # A gboolean beside out-arguments tells whether they were set.
        self.returns_success = bool(
            returned
            and returned.cpp_type == "bool"
            and (self.outs or self.variables)
            and finish.throws
        )
        if returned and not self.returns_success:
            self.returned = returned
            self.parts.insert(0, returned)
        names = [part.name for part in self.parts]
        if self.returned and names.count(self.returned.name) > 1:
            self.returned.name = "value"
            names[0] = "value"
        variables = [each.name for each in self.outs]
        if len(set(names)) < len(names) or len(set(variables)) < len(variables):
            raise Unsupported("two of its results have the same name")

    def _take_out(self, repository, parameter, is_length):
        variable = results.variable_of(parameter)
        if is_length:
            c_type = (parameter.type.c_type or "gsize*").removesuffix("*").strip()
            if "*" in c_type:
                raise Unsupported(f"the length {parameter.name} is a pointer")
        else:
            length = self.finish.length_of(parameter)
            part = results.out_part(
                repository,
                parameter,
                results.name_of(parameter),
                length and results.variable_of(length),
            )
            part.made = part.made.replace("{}", variable)
            self.parts.append(part)
            c_type = part.c_type
        self.outs.append(Variable(c_type, variable))
        self.finish_arguments.append(f"&{variable}")

    def _length_of_result(self, repository, parameter, array):
        """A length that goes in: that of what goes in, or else a number of its own."""
        given = inouts.as_given(parameter)
        number = None
        if not array:
            number = inputs.make(repository, self.finish, given, None)
        length = number.argument if number else self._length(parameter, array.input)
        variable = Variable(given.type.c_type, results.variable_of(parameter), length)
        return InOut(number, None, variable)

    def _give(self, inout):
        """To the finish function."""
        self.finish_arguments.append(self._come_out(inout, self.outs))
        if inout.input:
            self.inputs.append(inout.input)
            self.changed += [inout.input.name] if inout.part else []

    def _source(self, repository, parameter):
        """What the finish function is called on: what the start function was, or else the object
        that the callback got.
        """
        member = repository.type_of(parameter.type)
        if not isinstance(member, (Class, Interface)):
            raise Unsupported(f"{self.finish.c_name} takes an argument {parameter.name}")
        pointee = parameter.type.pointee or member.c_type
        first = next(iter(self._by_parameter.values()), None)
        if isinstance(first, Object) and first.pointee == pointee:
            return f"{first.member}.get()"
        if pointee == "gpointer":
            return "source"
        return f"reinterpret_cast<{pointee}*>(source)"

    # Both ------------------------------------------------------------------------

    def _order_inputs(self):
        """The priority comes at the end, and only those at the end can be left out of a call."""
        self.inputs.sort(key=lambda each: isinstance(each, Priority))
        optional = True
        for each in reversed(self.inputs):
            optional = optional and each.default is not None
            if not optional:
                each.default = each.template_default = None
        names = [each.name for each in self.inputs]
        names += [each.type_name for each in self.templates]
        members = [each.member for each in self.inputs]
        members += [each.name for each in self.variables]
        if len(set(names)) < len(names) or len(set(members)) < len(members):
            raise Unsupported("two of its arguments have the same name")

    # What the writer asks --------------------------------------------------------

    @property
    def value_type(self):
        if not self.parts:
            return "void"
        if len(self.parts) == 1:
            return self.parts[0].cpp_type
        return self.result_name

    @property
    def result_name(self):
        return f"{self.name}_result"

    @property
    def templates(self):
        return [each for each in self.inputs if each.template]

    @property
    def finish_call(self):
        return f"{self.finish.c_name}({', '.join(self.finish_arguments)})"


def _finish_of(start, functions, owner_functions):
    """The function that finishes what another starts."""
    by_c_name = {each.c_name: each for each in functions}
    by_name = {each.name: each for each in owner_functions}
    if start.finish_func:
        found = by_name.get(start.finish_func) or by_c_name.get(start.finish_func)
        if found:
            return found
    for each in owner_functions:
        if each.async_func and each.async_func in (start.name, start.c_name):
            return each
    stem = start.c_name.removesuffix("_async")
    for name in (f"{stem}_finish", f"{start.c_name}_finish"):
        if name in by_c_name:
            return by_c_name[name]
    # A variant of another function may share its finish function: "x_bytes_async", "x_full".
    stem = without(stem, start.prefixes)
    if start.shadows:
        stem = without(start.c_name, start.prefixes).removesuffix(start.name) + start.shadows
    own = {without(each.c_name, each.prefixes): each for each in owner_functions}
    while "_" in stem:
        if f"{stem}_finish" in own:
            return own[f"{stem}_finish"]
        stem = stem.rpartition("_")[0]
    # Older GIRs have it in the documentation alone.
    for name in re.findall(r"\w+_finish\b", start.doc):
        found = by_c_name.get(name) or by_name.get(name)
        if found and found in owner_functions:
            return found
    return None


def operations(repository, namespace):
    """All async functions of a namespace, and those that are left out."""
    written, left_out = [], []
    owners = [(None, namespace.functions)]
    owners += [(each, each.functions) for each in namespace.members.values() if each.functions]
    everything = [function for _, functions in owners for function in functions]
    seen = set()
    for owner, functions in owners:
        for start in functions:
            callbacks = [
                each for each in start.parameters if is_ready_callback(repository, each)
            ]
            if start.moved or not callbacks or start.c_name in seen:
                continue
            seen.add(start.c_name)
            finish = _finish_of(start, everything, functions)
            if not finish:
                is_operation = start.c_name.endswith("_async")
                reason = (
                    "no function finishes it" if is_operation else "it begins nothing to await"
                )
                left_out.append(LeftOut(start, reason, is_operation))
                continue
            try:
                if start.c_name in UNDECLARED:
                    raise Unsupported(UNDECLARED[start.c_name])
                if start.returned.type.name != "none":
                    raise Unsupported("it returns something when it starts")
                if len(callbacks) > 1:
                    raise Unsupported("it takes two ready callbacks")
                written.append(Operation(repository, namespace, owner, start, finish))
            except Unsupported as why:
                left_out.append(LeftOut(start, str(why), True))
    _tell_apart(written)
    return written, left_out


def _tell_apart(written):
    """ "x" and "x_async" may both be there."""
    by_name = {}
    for each in written:
        by_name.setdefault(each.name, []).append(each)
    for same in by_name.values():
        for each in same if len(same) > 1 else []:
            each.name = safe(without(each.start.c_name, each.namespace.symbol_prefixes))
