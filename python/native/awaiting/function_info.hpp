#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds `await_functions(FunctionInfo, describe, plan_of, of_class, explain)` to the module, which
/// makes PyGObject's asynchronous functions awaitable: on a loop of gawait's, called without
/// their callback, they return an `Operation`.
///
/// `describe(info)` says of a function, once, whether it is asynchronous: it returns None, or
/// (name, names, defaults, cancellable, finish, form, refusal) where `names` are the arguments
/// before the callback, and the default of those that must be given is `...`. `plan_of(info)` says
/// how it is called without PyGObject, or None. `of_class(info)` gets a method from its class by
/// its name. `explain(info, values, error)` returns the error to raise when its start has failed
/// with `error`.
bool add_function_info(PyObject* module) noexcept;

} // namespace gawait::python
