#include "awaiting/starting.hpp"

#include "awaiting/original_function.hpp"
#include "awaiting/stream_runner.hpp"
#include "gawait/detail/stream_transfer.hpp"

#include <utility>

namespace gawait::python {
namespace {

PyObject* explain;

/// Raises what is set as the caller should see it: it names the argument, and its traceback
/// begins in the caller.
void raise_start_failure(PyObject* info, PyObject* values) noexcept {
    object failure = take_exception();
    const object told =
        object::adopt(PyObject_CallFunctionObjArgs(explain, info, values, failure.get(), nullptr));
    if (told)
        failure = told;
    else
        PyErr_WriteUnraisable(info);
    PyException_SetTraceback(failure.get(), Py_None);
    raise(failure);
}

/// Says what is wrong with a call that PyGObject cannot make either.
void refuse(const async_function& function, PyObject* bound, PyObject* values,
            Py_ssize_t unfit) noexcept {
    const Py_ssize_t index = unfit - (bound ? 1 : 0);
    PyObject* const given = index < 0 ? bound : PyTuple_GET_ITEM(values, index);
    PyErr_Format(PyExc_TypeError, "%U() argument '%U': %R does not fit", function.name.get(),
                 PyTuple_GET_ITEM(function.names.get(), unfit), given);
}

bool reads_no_bytes(const start_plan& plan, const start_call& call) noexcept {
    return plan.of_stream() == stream_function::read_bytes && call.values[1].uint64 == 0;
}

/// Returns false, with an exception or without, if it was not started.
bool start_by_plan(PyObject* info, const awaitable_part& part, PyObject* operation,
                   PyObject* values) noexcept {
    const async_function& function = *part.function;
    const call_plan* const plan = function.plan(info).get();
    if (!plan) {
        if (function.refusal)
            PyErr_SetObject(PyExc_TypeError, function.refusal.get());
        return false;
    }
    start_call call;
    if (!plan->start.convert(part.bound.get(), values, call)) {
        if (PyErr_Occurred())
            raise_start_failure(info, values);
        else if (function.refusal)
            refuse(function, part.bound.get(), values, call.unfit);
        return false;
    }
    keep_until_end(operation, std::move(call.memory.kept), plan->start.fills());
    if (run_on_stream(plan->start, call, operation))
        return true;
    // What GLib runs stays alive.
    void* const data = Py_NewRef(operation);
    GCancellable* const cancellable = c_cancellable_of(operation);
    if (reads_no_bytes(plan->start, call))
        detail::read_no_bytes(static_cast<GInputStream*>(call.values[0].pointer),
                              call.values[2].int32, cancellable, ready_in_c, data);
    else
        plan->start.call(call, cancellable, ready_in_c, data);
    return true;
}

/// Calls what a weak reference refers to.
PyObject* call_referent(PyObject* reference, PyObject* const* values, Py_ssize_t count) {
    const auto callback = object::adopt(PyObject_CallNoArgs(reference));
    if (!callback || callback.get() == Py_None)
        return callback ? Py_NewRef(Py_None) : nullptr;
    return unless_exiting([&] {
        return PyObject_Vectorcall(callback.get(), values, static_cast<std::size_t>(count),
                                   nullptr);
    });
}

PyMethodDef call_referent_definition = {"callback", method(call_referent), METH_FASTCALL, nullptr};

/// Has the operation keep the callbacks that PyGObject would keep for ever, which gets one that
/// only refers to them.
///
/// @return false with an exception set.
bool keep_callbacks(const awaitable_part& part, PyObject* operation, PyObject* values) noexcept {
    PyObject* const positions = part.function->kept.get();
    auto callbacks = object::adopt(PyList_New(0));
    if (!callbacks)
        return false;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(positions); ++index) {
        const Py_ssize_t position = PyLong_AsSsize_t(PyTuple_GET_ITEM(positions, index));
        PyObject** const value = &PyTuple_GET_ITEM(values, position - part.skipped());
        if (!PyCallable_Check(*value))
            continue;
        const auto reference = object::adopt(PyWeakref_NewRef(*value, nullptr));
        if (!reference) { // of what few callbacks are
            PyErr_Clear();
            continue;
        }
        PyObject* const passed = PyCFunction_New(&call_referent_definition, reference.get());
        if (!passed)
            return false;
        const auto callback = object::adopt(std::exchange(*value, passed));
        if (PyList_Append(callbacks.get(), callback.get()) < 0)
            return false;
    }
    keep_until_end(operation, std::move(callbacks), false);
    return true;
}

/// False with an exception set.
bool start_by_pygobject(PyObject* info, const awaitable_part& part, PyObject* operation,
                        const object& values) noexcept {
    PyObject** items = &PyTuple_GET_ITEM(values.get(), 0);
    const Py_ssize_t count = PyTuple_GET_SIZE(values.get());
    PyObject** const cancellable = cancellable_in(part, values);
    if (cancellable) {
        PyObject* const seen = cancellable_of(operation);
        if (!seen)
            return false;
        Py_SETREF(*cancellable, Py_NewRef(seen));
    }
    if (PyTuple_GET_SIZE(part.function->kept.get()) > 0 &&
        !keep_callbacks(part, operation, values.get()))
        return false;
    items[count - 1] = ready_callback(operation).release();
    if (!items[count - 1])
        return false;
    if (!call_original(info, {items, count, nullptr})) [[unlikely]] {
        raise_start_failure(info, values.get());
        return false;
    }
    if (cancellable)
        Py_SETREF(*cancellable, Py_NewRef(Py_None));
    return true;
}

} // namespace

PyObject** cancellable_in(const awaitable_part& part, const object& values) noexcept {
    const Py_ssize_t index = part.function->cancellable - (part.bound ? 1 : 0);
    return part.function->cancellable < 0 ? nullptr : &PyTuple_GET_ITEM(values.get(), index);
}

finish_function finish_of(PyObject* info, const awaitable_part& part,
                          const object& values) noexcept {
    const async_function& function = *part.function;
    finish_function finish{
        function.finish, function.form, {}, function.interned_name, function.plan(info)};
    if (function.form == finish_form::source_and_result)
        finish.source = part.bound ? part.bound : object::retain(PyTuple_GET_ITEM(values.get(), 0));
    return finish;
}

object start(PyObject* info, const awaitable_part& part, PyObject* loop, const object& values,
             finish_function finish) noexcept {
    PyObject** const cancellable = cancellable_in(part, values);
    const bool has_own = cancellable && *cancellable == Py_None;
    object operation = new_operation(loop, object::retain(cancellable ? *cancellable : Py_None),
                                     std::move(finish));
    if (!operation)
        return {};
    if (!start_by_plan(info, part, operation.get(), values.get())) [[unlikely]]
        if (PyErr_Occurred() || !start_by_pygobject(info, part, operation.get(), values))
            return {};
    if (has_own)
        took_own_cancellable(operation.get());
    return operation;
}

void prepare_starting(PyObject* explain_function) noexcept {
    explain = Py_NewRef(explain_function);
}

} // namespace gawait::python
