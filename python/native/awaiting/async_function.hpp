#pragma once

#include "awaiting/arguments.hpp"
#include "awaiting/operation.hpp"
#include "awaiting/plans/call_plan.hpp"
#include "python.hpp"

#include <memory>

namespace gawait::python {

/// An asynchronous function, or another one whose callbacks may be coroutine functions: what
/// `introspection.describe_call()` says of it.
struct async_function {
    object name;
    const char* interned_name; // by GLib
    object names;              // tuple: of the arguments before the callback
    object defaults;           // tuple; `...`: none; a tuple: user data, which goes into one
    Py_ssize_t cancellable;
    object finish; // empty: it takes a callback, and cannot be awaited
    finish_form form;
    object kept;     // tuple: the positions of callbacks that PyGObject never lets go of
    object refusal;  // why it must not be called with a callback while a loop runs; null: it may
    object handlers; // tuple: the positions of such callbacks; null: it is asynchronous

    /// How it is called without PyGObject; null if it cannot be. Made when it is first asked for.
    const std::shared_ptr<const call_plan>& plan(PyObject* info) const noexcept;

    /// Null with an exception set if the description is none.
    static std::shared_ptr<const async_function> of(PyObject* description);

    Py_ssize_t count() const noexcept { return PyTuple_GET_SIZE(names.get()); }

    /// The arguments up to the callback, with the defaults of those that were left out, and room
    /// for the callback. Null without an exception: what was given is not for us.
    ///
    /// @param skipped of the first arguments, how many the callee has already
    object complete(const arguments& given, Py_ssize_t skipped) const noexcept;

    /// Raises that a name was given which is none of an argument up to the callback.
    void refuse_name(const arguments& given) const noexcept;

    mutable std::shared_ptr<const call_plan> plan_ = {};
    mutable bool is_planned_ = false;
};

/// @param plan_of of introspection.py
void prepare_plans(PyObject* plan_of) noexcept;

} // namespace gawait::python
