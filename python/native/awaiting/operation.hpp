#pragma once

#include "awaiting/plans/call_plan.hpp"
#include "python.hpp"

#include <gio/gio.h>

#include <span>

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

/// The operation of which that is the callback and its data, taken over from who would call it: it
/// is to be ended by `end_produced()`. Empty if they are of something else.
object take_operation(GAsyncReadyCallback callback, void* data) noexcept;

/// What runs for an operation in place of one of GIO's.
class operation_runner {
public:
    /// Ends it soon. From any thread.
    virtual void cancel() noexcept = 0;

    /// Ends it now, if it has come to its end and only waits for a later round. To be called when
    /// the operation is awaited.
    virtual void end_if_done() noexcept = 0;

    /// Has it be cancelled with a cancellable, from now on.
    virtual void heed(GCancellable* cancellable) noexcept = 0;

protected:
    operation_runner() noexcept = default;
    operation_runner(const operation_runner&) = delete;
    operation_runner& operator=(const operation_runner&) = delete;
    ~operation_runner() = default;
};

/// Has an operation be run by that, which lives until it calls `end_by_runner()`.
void run_by(PyObject* operation, operation_runner& runner) noexcept;

/// Says that it waits for a descriptor that the engine watches, so that virtual time need not.
void wait_in_engine(PyObject* operation) noexcept;

/// Ends such an operation as its finish function would.
///
/// @param results, failure as `finish_plan::give()` has them
void end_by_runner(PyObject* operation, std::span<c_value> results, GError* failure) noexcept;

/// The same of one that no finish function finishes, as `end_produced()`.
void end_by_runner(PyObject* operation, object value) noexcept;

/// The error of an operation that was cancelled, as GIO says it.
void set_cancelled(GError** failure) noexcept;

/// Says what one is of that no introspected function has begun, for `print_tasks()`.
///
/// @param what the destination, path, interface and member of a D-Bus call
void describe_operation(PyObject* operation, object what) noexcept;

/// Says whose end the operation's is, for who looks at what awaits what.
void tell_producer(PyObject* operation, PyObject* task) noexcept;

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

/// To be called when a function was started with the operation's own cancellable. If nobody has
/// that when the operation is cancelled, it ends at once: C has refused the call with a critical,
/// and never calls back.
void took_own_cancellable(PyObject* operation) noexcept;

/// Whether that is cancelled, as the caller's may be before the operation begins.
bool is_cancelled(PyObject* operation) noexcept;

bool add_operation_type(PyObject* module) noexcept;

} // namespace gawait::python
