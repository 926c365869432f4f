"""The async functions of a namespace: which function finishes which, and what each takes and gives.
"""

import re

from . import inputs, results
from .gir import Array, Class, Interface
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
        self.arguments = []  # what the start function is called with
        self.finish_arguments = []
        self.outs = []  # C type and name of the variables for out-arguments
        self.parts = []
        self.returned = None  # the part that the finish function returns
        self.left_out = []  # out-arguments of the start function, which go without
        for each in (*start.parameters, *finish.parameters, finish.returned):
            if not repository.knows_c_type(each.type):
                raise Unsupported(f"the C type {each.type.pointee} is not known")
        self._take_start(repository)
        self._take_finish(repository)

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
        plain = self.start.plain_parameters
        lengths = {
            plain[each.type.length]: each
            for each in plain
            if getattr(each.type, "length", None) is not None
        }
        made = {}
        supplied = {}
        priority = None
        for index, parameter in enumerate(parameters):
            if index in (ready, ready + 1) or parameter in lengths or index in supplied:
                continue
            if _is(repository, parameter, "GCancellable"):
                continue
            if self._is_priority(parameter):
                priority = made[parameter] = Priority()
            elif inputs.is_callback(repository, parameter):
                made[parameter] = self._callback(repository, index, ready, supplied)
            elif self._goes_without(parameter):
                self.left_out.append(parameter.name)
            else:
                made[parameter] = inputs.make(repository, self.start, parameter)
        for index, parameter in enumerate(parameters):
            if index == ready:
                self.arguments.append("callback")
            elif index == ready + 1:
                self.arguments.append("data")
            elif index in supplied:
                self.arguments.append(supplied[index])
            elif _is(repository, parameter, "GCancellable"):
                self.arguments.append("cancellable")
            elif parameter in lengths:
                array = made.get(lengths[parameter])
                if not hasattr(array, "length"):
                    raise Unsupported(f"its argument {parameter.name} is a length of nothing")
                self.arguments.append(array.length)
            elif parameter in made:
                self.arguments.append(made[parameter].argument)
            else:
                self.arguments.append("nullptr")
        self.inputs = [each for each in made.values() if each is not priority]
        if priority:
            self.inputs.append(priority)
        self.takes_cancellable = "cancellable" in self.arguments
        # Only those at the end can be left out of a call.
        optional = True
        for each in reversed(self.inputs):
            optional = optional and each.default is not None
            if not optional:
                each.default = each.template_default = None
        names = [each.name for each in self.inputs]
        names += [each.type_name for each in self.templates]
        if len(set(names)) < len(names):
            raise Unsupported("two of its arguments have the same name")
        self._by_parameter = made

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
        lengths = set()
        for each in finish.parameters + [finish.returned]:
            if getattr(each.type, "length", None) is not None:
                lengths.add(finish.plain_parameters[each.type.length])
        for parameter in finish.parameters:
            if parameter.direction != "in":
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
            returned and returned.cpp_type == "bool" and self.outs and finish.throws
        )
        if returned and not self.returns_success:
            self.returned = returned
            self.parts.insert(0, returned)
        names = [part.name for part in self.parts]
        if self.returned and names.count(self.returned.name) > 1:
            self.returned.name = "value"
            names[0] = "value"
        if len(set(names)) < len(names):
            raise Unsupported("two of its results have the same name")

    def _take_out(self, repository, parameter, is_length):
        variable = results.variable_of(parameter)
        if variable in [name for _, name in self.outs]:
            raise Unsupported("two of its results have the same name")
        if is_length:
            c_type = (parameter.type.c_type or "gsize*").removesuffix("*").strip()
            if "*" in c_type:
                raise Unsupported(f"the length {parameter.name} is a pointer")
        else:
            part = results.out_part(repository, self.finish, parameter)
            part.made = part.made.replace("{}", variable)
            self.parts.append(part)
            c_type = part.c_type
        self.outs.append((c_type, variable))
        self.finish_arguments.append(f"&{variable}")

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
