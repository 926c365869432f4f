#include "awaiting/operation.hpp"

#include "awaiting/dismissal.hpp"
#include "awaiting/stand_in.hpp"
#include "current_context.hpp"
#include "gawait/detail/counted.hpp"
#include "gawait/engine/flight.hpp"
#include "gawait/engine/unfinished.hpp"
#include "gawait/ref.hpp"
#include "loop/debug_mode.hpp"
#include "loop/loop.hpp"
#include "profile.hpp"
#include "pygobject.hpp"
#include "user_data.hpp"

#include <gio/gio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <unordered_map>

namespace gawait::python {
namespace {

using counted_operation = detail::counted<&engine::begin_operation, &engine::end_operation>;

/// What an `Operation` has beyond an `asyncio.Future`, in memory after it.
struct operation_part {
    // Its Gio.Cancellable, made when it is first needed: of its own in C, until somebody wants to
    // see it. Then Python's holds it, whose references the garbage collector knows.
    ref<GCancellable> own_cancellable;
    object cancellable;
    object message; // of the last cancel()
    finish_function finish;
    object memory;       // that GLib reads or writes until the end
    bool filled = false; // by GLib
    bool cancel_requested = false;
    bool takes_own_cancellable = false; // the function that was started
    operation_runner* runner = nullptr; // until it has ended, if there is one
    flight in_flight;                   // until then, if there is none
    counted_operation unended;
    object what;     // as describe_operation() has it
    object producer; // as tell_producer() has it
    stand_in shown;  // while a task waits for it
    clock::time_point since = beginning_now();
};

// Made once.
PyTypeObject* future_type;
PyTypeObject* operation_type;
PyTypeObject* cancellable_type;
PyObject* future_add_done_callback;
PyObject* future_cancel;
PyObject* future_done;
PyObject* future_remove_done_callback;
PyObject* future_set_exception;
PyObject* future_set_result;
PyObject* get_loop_name;
PyObject* invalid_state_error;
PyObject* is_closed_name;
PyObject* loop_name;
PyObject* name_operation; // tasks.py's
PyObject* no_arguments;

operation_part& part_of(PyObject* operation) noexcept {
    return *reinterpret_cast<operation_part*>(reinterpret_cast<char*>(operation) +
                                              future_type->tp_basicsize);
}

template <class... Arguments> object call(PyObject* function, Arguments*... arguments) noexcept {
    const std::array<PyObject*, sizeof...(arguments)> array{arguments...};
    return object::adopt(unless_exiting(
        [&] { return PyObject_Vectorcall(function, array.data(), array.size(), nullptr); }));
}

bool is_done(PyObject* operation) noexcept {
    const object done = call(future_done, operation);
    if (!done)
        PyErr_WriteUnraisable(operation);
    return done.get() != Py_False;
}

/// Whether it was made already: otherwise nobody can have cancelled it.
bool has_cancellable(PyObject* operation) noexcept {
    return part_of(operation).cancellable || part_of(operation).own_cancellable;
}

bool loop_is_closed(PyObject* operation) noexcept {
    const auto loop = object::adopt(PyObject_CallMethodNoArgs(operation, get_loop_name));
    const auto closed =
        loop ? object::adopt(PyObject_CallMethodNoArgs(loop.get(), is_closed_name)) : object();
    if (!closed)
        PyErr_Clear();
    return closed.get() == Py_True;
}

object call_finish(const finish_function& with, PyObject* source, PyObject* result) noexcept {
    if (with.form == finish_form::result)
        return call(with.function.get(), result);
    if (source == Py_None && with.source)
        source = with.source.get();
    return call(with.function.get(), source, result);
}

/// Of what a finish function gave that tells how much of the memory is filled.
object take_filled(object memory, const object& told) noexcept {
    PyObject* count = told.get();
    if (PyTuple_Check(count)) // in the end, behind whether it was all
        count = PyTuple_GET_ITEM(count, PyTuple_GET_SIZE(count) - 1);
    if (!PyBytes_Check(memory.get()))
        return object::retain(count);
    const Py_ssize_t length = PyLong_AsSsize_t(count);
    PyObject* bytes = memory.release();
    if (length < 0 || _PyBytes_Resize(&bytes, length) < 0)
        return {};
    return object::adopt(bytes);
}

/// Completes the future, as what `finish()` returned or raised says.
object settle(PyObject* operation, const object& value) noexcept {
    const operation_part& part = part_of(operation);
    if (part.cancel_requested) {
        // Whatever it ended with: the cancellation must reach who asked for it.
        PyErr_Clear();
        return part.message ? call(future_cancel, operation, part.message.get())
                            : call(future_cancel, operation);
    }
    if (value) [[likely]]
        return call(future_set_result, operation, value.get());
    const object failure = take_exception();
    // A future that holds an exception would report it to the loop.
    if (loop_is_closed(operation))
        return object::retain(Py_None);
    name_dismissal(failure.get());
    // The traceback is to begin where it is awaited.
    PyException_SetTraceback(failure.get(), Py_None);
    if (object told = call(future_set_exception, operation, failure.get()))
        return told;
    // A future refuses StopIteration, and says so.
    const object refusal = take_exception();
    PyException_SetTraceback(refusal.get(), Py_None);
    PyException_SetCause(refusal.get(), Py_NewRef(failure.get()));
    return call(future_set_exception, operation, refusal.get());
}

void be_waited_for_no_longer(operation_part& part) noexcept {
    part.in_flight = flight();
    part.unended = counted_operation();
    part.shown = {};
    part.producer = {};
}

/// Ends an operation, with what its finish function returned or raised.
bool end(PyObject* operation, object value) noexcept {
    operation_part& part = part_of(operation);
    be_waited_for_no_longer(part);
    if (object memory = std::exchange(part.memory, {}); memory && part.filled && value)
        value = take_filled(std::move(memory), value);
    if (settle(operation, value))
        return true;
    // Nobody waits for it any more once the loop is closed, or if somebody has set its result.
    const object failure = take_exception();
    if (!PyErr_GivenExceptionMatches(failure.get(), invalid_state_error) &&
        !loop_is_closed(operation)) {
        raise(failure);
        return false;
    }
    return true;
}

/// What the finish function says of a result that no Python object was made for.
object finish(const finish_function& with, GObject* source, GAsyncResult* result) noexcept {
    if (with.plan) {
        GObject* const of = source || !with.source ? source : pygobject_get(with.source.get());
        if (auto value = with.plan->finish.finish(of, result))
            return std::move(*value);
    }
    const auto seen_source = object::adopt(pygobject_new(source));
    const auto seen_result = object::adopt(pygobject_new(reinterpret_cast<GObject*>(result)));
    return seen_source && seen_result ? call_finish(with, seen_source.get(), seen_result.get())
                                      : object();
}

/// Its loop, if that is one of ours in debug mode.
loop_object* debugged_loop_of(PyObject* operation) noexcept {
    if (!debug_mode_in_use) [[likely]]
        return nullptr;
    const auto loop = object::adopt(PyObject_CallMethodNoArgs(operation, get_loop_name));
    PyErr_Clear();
    return loop && is_loop(loop.get()) && loop_of(loop.get()).debug ? &loop_of(loop.get())
                                                                    : nullptr;
}

/// Calls `finish()`, and has it be logged if that is slow.
template <class Finish>
object watched(PyObject* operation, const finish_function& with, Finish finish) noexcept {
    loop_object* const loop = debugged_loop_of(operation);
    if (!loop) [[likely]]
        return finish();
    const auto began = clock::now();
    object value = finish();
    PyObject* const function = with.function ? with.function.get() : Py_None;
    object raised = value ? object() : take_exception();
    if (const auto both = object::adopt(PyTuple_Pack(2, operation, function)))
        tell_if_slow(*loop, began, "_finish_was_slow", both.get());
    else
        PyErr_WriteUnraisable(operation);
    if (raised)
        raise(std::move(raised));
    return value;
}

/// Whether nobody would hear of a cancellation, as far as one can tell.
bool is_unheard(const operation_part& part) noexcept {
    // That of Python's holds one reference to that of C.
    PyObject* const seen = part.cancellable.get();
    if (!part.takes_own_cancellable || part.runner || (seen && Py_REFCNT(seen) > 1))
        return false;
    auto* const own =
        seen ? pygobject_get(seen)
             : reinterpret_cast<GObject*>(static_cast<GCancellable*>(part.own_cancellable));
    static const guint cancelled = g_signal_lookup("cancelled", G_TYPE_CANCELLABLE);
    return own && g_atomic_int_get(&own->ref_count) == 1 &&
           !g_signal_has_handler_pending(own, cancelled, 0, TRUE);
}

/// The `GAsyncReadyCallback` that PyGObject calls.
PyObject* ready(PyObject* operation, PyObject* const* arguments, Py_ssize_t count) {
    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "a ready callback takes the source and the result");
        return nullptr;
    }
    mark_operation(operation, part_of(operation).since);
    const finish_function with = std::exchange(part_of(operation).finish, {});
    if (!with.function) {
        PyErr_SetString(PyExc_RuntimeError, "the operation called back twice");
        return nullptr;
    }
    if (!keep_user_data(arguments[1], with.of, arguments + 2, count - 2))
        PyErr_WriteUnraisable(operation);
    if (!end(operation, watched(operation, with,
                                [&] { return call_finish(with, arguments[0], arguments[1]); })))
        return nullptr;
    Py_RETURN_NONE;
}

PyMethodDef ready_definition = {"ready", method(ready), METH_FASTCALL, nullptr};

PyObject* cancel(PyObject* operation, PyObject* arguments, PyObject* named) {
    static const char* names[] = {"msg", nullptr};
    PyObject* message = nullptr;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "|O:cancel", const_cast<char**>(names),
                                     &message))
        return nullptr;
    operation_part& part = part_of(operation);
    const bool ended = is_done(operation);
    if (!ended) {
        part.cancel_requested = true;
        part.message = message == Py_None ? object() : object::retain(message);
    }
    const bool unheard = !ended && is_unheard(part);
    // Also of one that has ended, as of PyGObject's: others may listen to the same cancellable.
    if (const auto kept = ref<GCancellable>::retain(c_cancellable_of(operation))) {
        // Its handlers, in any thread, may want the GIL.
        const without_gil released;
        g_cancellable_cancel(kept);
    }
    if (operation_runner* const runner = part_of(operation).runner)
        runner->cancel();
    if (unheard) {
        be_waited_for_no_longer(part);
        // What it reads or fills is kept, for the case that it was not refused.
        const object source = std::move(part.finish.source);
        if (!settle(operation, {}))
            return nullptr;
    }
    return PyBool_FromLong(!ended);
}

PyObject* close(PyObject* operation, PyObject*) {
    const auto cancelled = object::adopt(PyObject_CallMethod(operation, "cancel", nullptr));
    return cancelled ? Py_NewRef(Py_None) : nullptr;
}

PyObject* get_cancellable(PyObject* operation, void*) {
    PyObject* cancellable = cancellable_of(operation);
    return Py_XNewRef(cancellable);
}

PyObject* get_ready(PyObject* operation, void*) { return ready_callback(operation).release(); }

/// Of the destination, which there may not be, the path, the interface and the member.
PyObject* name_of_call(PyObject* what) noexcept {
    PyObject* const* const of = &PyTuple_GET_ITEM(what, 0);
    return of[0] != Py_None && PyUnicode_GET_LENGTH(of[0]) > 0
               ? PyUnicode_FromFormat("a D-Bus call of %U %U %U.%U", of[0], of[1], of[2], of[3])
               : PyUnicode_FromFormat("a D-Bus call %U %U.%U", of[1], of[2], of[3]);
}

/// The C function, or what else it is, as a string; null with an exception set on failure.
PyObject* name_of(PyObject* operation) noexcept {
    // Never destroyed: it would outlive the interpreter.
    static auto& of_functions =
        *std::make_unique<std::unordered_map<const char*, object>>().release();
    if (PyObject* const what = part_of(operation).what.get())
        return name_of_call(what);
    const char* const function = part_of(operation).finish.of;
    if (!function)
        return PyObject_CallOneArg(name_operation, operation);
    object& name = of_functions[function];
    if (!name)
        name = object::adopt(PyObject_CallOneArg(name_operation, operation));
    return Py_XNewRef(name.get());
}

/// add_done_callback() and remove_done_callback() of an asyncio.Future, which takes no more.
PyObject* call_base(PyObject* function, PyObject* operation, PyObject* const* arguments,
                    Py_ssize_t count, PyObject* names) {
    std::array<PyObject*, 3> all{operation};
    const Py_ssize_t given = count + (names ? PyTuple_GET_SIZE(names) : 0);
    if (given > 2)
        return PyErr_Format(PyExc_TypeError, "expected a callback and a context, got %zd arguments",
                            given);
    std::copy_n(arguments, given, all.begin() + 1);
    return PyObject_Vectorcall(function, all.data(), static_cast<std::size_t>(count) + 1, names);
}

/// Who waits, whether by `await`, asyncio.gather() or asyncio.wait(), begins with this.
[[maybe_unused]] PyObject* add_done_callback(PyObject* operation, PyObject* const* arguments,
                                             Py_ssize_t count, PyObject* names) {
    PyObject* const added = call_base(future_add_done_callback, operation, arguments, count, names);
    operation_part& part = part_of(operation);
    if (added && !part.shown && !is_done(operation))
        part.shown =
            stand_in::of_running_task([&] { return name_of(operation); }, part.producer.get());
    return added;
}

[[maybe_unused]] PyObject* remove_done_callback(PyObject* operation, PyObject* const* arguments,
                                                Py_ssize_t count, PyObject* names) {
    part_of(operation).shown = {};
    return call_base(future_remove_done_callback, operation, arguments, count, names);
}

/// (function, finish, what, age, cancellable, is unheard): the introspected function that began it,
/// by its name, or None; the function that finishes it, or None; what it is of D-Bus, in words, or
/// None; for how many seconds it lives; the address of its GCancellable, or 0; is_unheard().
PyObject* get_told(PyObject* operation, void*) {
    const operation_part& part = part_of(operation);
    const auto or_none = [](const object& some) { return some ? some.get() : Py_None; };
    const std::chrono::duration<double> age = coarse_now() - part.since;
    void* const cancellable = part.cancellable ? pygobject_get(part.cancellable.get())
                                               : static_cast<void*>(part.own_cancellable.get());
    PyObject* const call = part.what ? name_of_call(part.what.get()) : Py_NewRef(Py_None);
    return Py_BuildValue("zONdNN", part.finish.of, or_none(part.finish.function), call, age.count(),
                         PyLong_FromVoidPtr(cancellable), PyBool_FromLong(is_unheard(part)));
}

PyObject* new_operation_method(PyObject*, PyObject* arguments) {
    PyObject *loop = nullptr, *cancellable = nullptr, *function = nullptr;
    int form = 0;
    if (!PyArg_ParseTuple(arguments, "OO|Oi", &loop, &cancellable, &function, &form) ||
        !check_context(loop))
        return nullptr;
    return new_operation(loop, object::retain(cancellable),
                         {object::retain(function), static_cast<finish_form>(form), {}, {}, {}})
        .release();
}

// The object ---------------------------------------------------------------------

bool base_owns_type() noexcept { return future_type->tp_flags & Py_TPFLAGS_HEAPTYPE; }

int traverse(PyObject* self, visitproc visit, void* arg) {
    const operation_part& part = part_of(self);
    Py_VISIT(part.cancellable.get());
    Py_VISIT(part.message.get());
    Py_VISIT(part.finish.function.get());
    Py_VISIT(part.finish.source.get());
    Py_VISIT(part.memory.get());
    Py_VISIT(part.what.get());
    Py_VISIT(part.producer.get());
    if (const int stopped = part.shown.traverse(visit, arg))
        return stopped;
    if (!base_owns_type())
        Py_VISIT(Py_TYPE(self));
    return future_type->tp_traverse(self, visit, arg);
}

int clear(PyObject* self) {
    const operation_part released = std::exchange(part_of(self), {});
    return future_type->tp_clear(self);
}

void deallocate(PyObject* self) {
    // Reports an exception that nobody has seen, and may resurrect.
    if (PyObject_CallFinalizerFromDealloc(self) < 0)
        return;
    PyObject_GC_UnTrack(self);
    std::destroy_at(&part_of(self));
    const auto type = object::retain(reinterpret_cast<PyObject*>(Py_TYPE(self)));
    if (!base_owns_type())
        Py_DECREF(type.get());
    future_type->tp_dealloc(self);
}

PyObject* await(PyObject* operation) {
    if (operation_runner* const runner = part_of(operation).runner)
        runner->end_if_done();
    return future_type->tp_as_async->am_await(operation);
}

PyMethodDef methods[] = {
#if PY_VERSION_HEX >= 0x030E0000
    {"add_done_callback", method(add_done_callback), METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"remove_done_callback", method(remove_done_callback), METH_FASTCALL | METH_KEYWORDS, nullptr},
#endif
    {"cancel", method(cancel), METH_VARARGS | METH_KEYWORDS,
     "cancel($self, /, msg=None)\n--\n\n"
     "Cancel the operation's Gio.Cancellable, and return True; False if it has ended.\n\n"
     "That of an operation that has ended is cancelled as well.\n\n"
     "The operation is cancelled() once it has really ended. Until then what awaits it goes on\n"
     "waiting, and then gets asyncio.CancelledError, whatever the operation ended with."},
    {"close", close, METH_NOARGS,
     "close($self, /)\n--\n\n"
     "cancel(): what asyncio asks of a coroutine that it makes no task of."},
    {},
};

PyGetSetDef attributes[] = {
    {"cancellable", get_cancellable, nullptr,
     "The operation's Gio.Cancellable: the one that was passed, or one of its own.", nullptr},
    {"_ready", get_ready, nullptr, nullptr, nullptr},
    {"_told", get_told, nullptr, nullptr, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_doc,
     const_cast<char*>("An asynchronous operation of GLib's that was started: an asyncio.Future "
                       "of what its\nfinish function returns, or of the GLib.Error that it "
                       "raises.")},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_am_await, slot(await)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {},
};

PyType_Spec specification = {
    .name = "gawait.Operation",
    .basicsize = 0, // set below
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

/// fail_operation(operation, exception): of one that no finish function finishes.
PyObject* fail_operation(PyObject*, PyObject* arguments) {
    PyObject *operation = nullptr, *exception = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!O", operation_type, &operation, &exception))
        return nullptr;
    raise(object::retain(exception));
    return end_produced(operation, {}) ? Py_NewRef(Py_None) : nullptr;
}

/// show_operations(make, name): has those that tasks wait for be shown by Python's tools.
///
/// @param make as `prepare_stand_ins()` has it
/// @param name what an operation is called
PyObject* show_operations(PyObject*, PyObject* arguments) {
    PyObject *make = nullptr, *name = nullptr;
    if (!PyArg_ParseTuple(arguments, "OO", &make, &name) || !prepare_stand_ins(make))
        return nullptr;
    Py_XSETREF(name_operation, Py_NewRef(name));
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"show_operations", show_operations, METH_VARARGS, nullptr},
    {"fail_operation", fail_operation, METH_VARARGS, nullptr},
    {"new_operation", new_operation_method, METH_VARARGS, nullptr},
    {},
};

} // namespace

object new_operation(PyObject* loop, object cancellable, finish_function finish) noexcept {
    if (cancellable.get() == Py_None) {
        cancellable = {};
    } else if (!PyObject_TypeCheck(cancellable.get(), cancellable_type)) {
        PyErr_Format(PyExc_TypeError,
                     "argument 'cancellable': expected Gio.Cancellable, not %.200s",
                     Py_TYPE(cancellable.get())->tp_name);
        return {};
    }
    auto made = object::adopt(future_type->tp_new(operation_type, no_arguments, nullptr));
    if (!made)
        return {};
    std::construct_at(&part_of(made.get()), operation_part{.own_cancellable = {},
                                                           .cancellable = std::move(cancellable),
                                                           .message = {},
                                                           .finish = std::move(finish),
                                                           .memory = {}});
    if (is_loop(loop) && loop_of(loop).home) {
        part_of(made.get()).in_flight = flight(*loop_of(loop).home);
        part_of(made.get()).unended = counted_operation(*loop_of(loop).home);
    }
    const auto named = object::adopt(PyDict_New());
    if (!named || PyDict_SetItem(named.get(), loop_name, loop) < 0 ||
        future_type->tp_init(made.get(), no_arguments, named.get()) < 0)
        return {};
    return made;
}

object ready_callback(PyObject* operation) noexcept {
    return object::adopt(PyCFunction_New(&ready_definition, operation));
}

void ready_in_c(GObject* source, GAsyncResult* result, void* data) noexcept {
    const with_gil held;
    const auto operation = object::adopt(static_cast<PyObject*>(data));
    mark_operation(operation.get(), part_of(operation.get()).since);
    const finish_function with = std::exchange(part_of(operation.get()).finish, {});
    mark_begun(result, with.of);
    if (!end(operation.get(),
             watched(operation.get(), with, [&] { return finish(with, source, result); })))
        PyErr_Print(); // as PyGObject does with what a callback raises
}

object take_operation(GAsyncReadyCallback callback, void* data) noexcept {
    return callback == ready_in_c ? object::adopt(static_cast<PyObject*>(data)) : object();
}

void describe_operation(PyObject* operation, object what) noexcept {
    part_of(operation).what = std::move(what);
}

void tell_producer(PyObject* operation, PyObject* task) noexcept {
    part_of(operation).producer = object::retain(task);
}

void keep_until_end(PyObject* operation, object memory, bool filled) noexcept {
    operation_part& part = part_of(operation);
    part.memory = std::move(memory);
    part.filled = filled;
}

bool is_operation(PyObject* given) noexcept { return Py_IS_TYPE(given, operation_type); }

bool end_produced(PyObject* operation, object value) noexcept {
    mark_operation(operation, part_of(operation).since);
    const finish_function unused = std::exchange(part_of(operation).finish, {});
    GError* cancelled = nullptr;
    if (has_cancellable(operation) &&
        g_cancellable_set_error_if_cancelled(c_cancellable_of(operation), &cancelled)) {
        PyErr_Clear();
        value = {};
        pyg_error_check(&cancelled);
    }
    return end(operation, std::move(value));
}

PyObject* cancellable_of(PyObject* operation) noexcept {
    operation_part& part = part_of(operation);
    if (part.cancellable)
        return part.cancellable.get();
    GCancellable* const own = c_cancellable_of(operation);
    part.cancellable = object::adopt(pygobject_new(reinterpret_cast<GObject*>(own)));
    if (part.cancellable && part.runner)
        part.runner->heed(own); // as somebody may cancel it who has no operation
    if (part.cancellable)
        part.own_cancellable = {};
    return part.cancellable.get();
}

GCancellable* c_cancellable_of(PyObject* operation) noexcept {
    operation_part& part = part_of(operation);
    if (part.cancellable)
        return reinterpret_cast<GCancellable*>(pygobject_get(part.cancellable.get()));
    if (!part.own_cancellable)
        part.own_cancellable = ref<GCancellable>::adopt(g_cancellable_new());
    return part.own_cancellable;
}

void took_own_cancellable(PyObject* operation) noexcept {
    part_of(operation).takes_own_cancellable = true;
}

bool is_cancelled(PyObject* operation) noexcept {
    return part_of(operation).cancellable &&
           g_cancellable_is_cancelled(c_cancellable_of(operation));
}

void run_by(PyObject* operation, operation_runner& runner) noexcept {
    operation_part& part = part_of(operation);
    part.runner = &runner;
    if (part.cancellable)
        runner.heed(c_cancellable_of(operation));
}

void wait_in_engine(PyObject* operation) noexcept { part_of(operation).in_flight = flight(); }

void end_by_runner(PyObject* operation, std::span<c_value> results, GError* failure) noexcept {
    operation_part& part = part_of(operation);
    mark_operation(operation, part.since);
    part.runner = nullptr;
    const finish_function with = std::exchange(part.finish, {});
    if (!end(operation, with.plan->finish.give(results, failure)))
        PyErr_WriteUnraisable(operation);
}

void end_by_runner(PyObject* operation, object value) noexcept {
    part_of(operation).runner = nullptr;
    if (!end_produced(operation, std::move(value)))
        PyErr_WriteUnraisable(operation);
}

void set_cancelled(GError** failure) noexcept {
    const auto cancelled = ref<GCancellable>::adopt(g_cancellable_new());
    g_cancellable_cancel(cancelled);
    g_cancellable_set_error_if_cancelled(cancelled, failure);
}

bool add_operation_type(PyObject* module) noexcept {
    future_type = import_type("asyncio", "Future");
    cancellable_type = future_type ? import_type("gi.repository.Gio", "Cancellable") : nullptr;
    if (!cancellable_type)
        return false;
    auto* future = reinterpret_cast<PyObject*>(future_type);
    future_cancel = PyObject_GetAttrString(future, "cancel");
    future_add_done_callback = PyObject_GetAttrString(future, "add_done_callback");
    future_remove_done_callback = PyObject_GetAttrString(future, "remove_done_callback");
    future_done = PyObject_GetAttrString(future, "done");
    future_set_exception = PyObject_GetAttrString(future, "set_exception");
    future_set_result = PyObject_GetAttrString(future, "set_result");
    invalid_state_error = import_attribute("asyncio", "InvalidStateError");
    get_loop_name = PyUnicode_InternFromString("get_loop");
    is_closed_name = PyUnicode_InternFromString("is_closed");
    loop_name = PyUnicode_InternFromString("loop");
    no_arguments = PyTuple_New(0);
    if (!future_cancel || !future_add_done_callback || !future_remove_done_callback ||
        !future_done || !future_set_exception || !future_set_result || !invalid_state_error ||
        !get_loop_name || !is_closed_name || !loop_name || !no_arguments)
        return false;
    specification.basicsize =
        static_cast<int>(future_type->tp_basicsize + Py_ssize_t{sizeof(operation_part)});
    operation_type = add_type(module, specification, future_type);
    return operation_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
