#include "awaiting/starting.hpp"

#include "awaiting/original_function.hpp"

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

} // namespace

PyObject** cancellable_in(const awaitable_part& part, const object& values) noexcept {
    const Py_ssize_t index = part.function->cancellable - (part.bound ? 1 : 0);
    return part.function->cancellable < 0 ? nullptr : &PyTuple_GET_ITEM(values.get(), index);
}

finish_function finish_of(const awaitable_part& part, const object& values) noexcept {
    const async_function& function = *part.function;
    finish_function finish{function.finish, function.form, {}, function.interned_name};
    if (function.form == finish_form::source_and_result)
        finish.source = part.bound ? part.bound : object::retain(PyTuple_GET_ITEM(values.get(), 0));
    return finish;
}

object start(PyObject* info, const awaitable_part& part, PyObject* loop, const object& values,
             finish_function finish) noexcept {
    PyObject** items = &PyTuple_GET_ITEM(values.get(), 0);
    const Py_ssize_t count = PyTuple_GET_SIZE(values.get());
    PyObject** cancellable = cancellable_in(part, values);
    object operation = new_operation(loop, object::retain(cancellable ? *cancellable : Py_None),
                                     std::move(finish));
    if (!operation)
        return {};
    if (cancellable)
        Py_SETREF(*cancellable, Py_NewRef(cancellable_of(operation.get())));
    items[count - 1] = ready_callback(operation.get()).release();
    if (!items[count - 1])
        return {};
    if (!call_original(info, {items, count, nullptr})) [[unlikely]] {
        raise_start_failure(info, values.get());
        return {};
    }
    return operation;
}

void prepare_starting(PyObject* explain_function) noexcept {
    explain = Py_NewRef(explain_function);
}

} // namespace gawait::python
