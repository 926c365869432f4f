#pragma once

#include "python.hpp"

namespace gawait::python {

/// How a finish function is called.
enum class finish_form {
    result,            // finish(result)
    source_and_result, // finish(source, result), a method
};

/// A finish function.
struct finish_function {
    object function;
    finish_form form = finish_form::result;
    object source;            // that it falls back on when GLib tells none
    const char* of = nullptr; // the introspected function that it finishes, interned by GLib
};

/// A new operation of a loop, that will be finished with `finish`. Null with an exception set
/// on failure. `cancellable` is a `Gio.Cancellable`, or `None` for one of its own.
object new_operation(PyObject* loop, object cancellable, finish_function finish) noexcept;

/// The `GAsyncReadyCallback` of an operation, which refers to it: what GLib runs stays alive.
object ready_callback(PyObject* operation) noexcept;

/// Borrowed: its `Gio.Cancellable`.
PyObject* cancellable_of(PyObject* operation) noexcept;

bool add_operation_type(PyObject* module) noexcept;

} // namespace gawait::python
