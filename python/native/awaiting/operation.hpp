#pragma once

#include "awaiting/plans/call_plan.hpp"
#include "python.hpp"

#include <gio/gio.h>

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
    std::shared_ptr<const call_plan> plan; // by which it is called instead of `function`
};

/// A new operation of a loop, that will be finished with `finish`, or by `end_produced()`. Null
/// with an exception set on failure. `cancellable` is a `Gio.Cancellable`, or `None` for one of its
/// own.
object new_operation(PyObject* loop, object cancellable, finish_function finish) noexcept;

/// The `GAsyncReadyCallback` of an operation, which refers to it: what GLib runs stays alive.
object ready_callback(PyObject* operation) noexcept;

/// The same for what is started by a plan, with a reference to the operation as the user data. It
/// is of an operation for one call.
void ready_in_c(GObject* source, GAsyncResult* result, void* operation) noexcept;

/// Keeps what GLib reads or writes until the operation has ended. If GLib fills it, that is the
/// operation's result: as many bytes as there were, or for a buffer of the caller's their number.
void keep_until_end(PyObject* operation, object memory, bool filled) noexcept;

bool is_operation(PyObject* given) noexcept;

/// Ends one that no finish function finishes with a value, or if that is empty, with the exception
/// that is set; and as cancelled if its cancellable is, as a `GTask`. False with an exception set
/// on failure.
bool end_produced(PyObject* operation, object value) noexcept;

/// Borrowed: its `Gio.Cancellable`. Null with an exception set on failure.
PyObject* cancellable_of(PyObject* operation) noexcept;

/// The same for C.
GCancellable* c_cancellable_of(PyObject* operation) noexcept;

bool add_operation_type(PyObject* module) noexcept;

} // namespace gawait::python
