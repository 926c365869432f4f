#include "awaiting/deciding.hpp"

#include "awaiting/function_types.hpp"
#include "awaiting/original_function.hpp"

namespace gawait::python {
namespace {

PyObject* describe;
PyObject* of_class;

bool is_method(PyObject* info) noexcept {
    const auto answer = object::adopt(PyObject_CallMethod(info, "is_method", nullptr));
    if (!answer)
        PyErr_WriteUnraisable(info);
    return answer.get() == Py_True;
}

/// Finds out what an object of the original type is, and makes it that.
void decide(PyObject* info) noexcept {
    const auto description = object::adopt(PyObject_CallOneArg(describe, info));
    if (Py_TYPE(info) != original.type)
        return; // by a call within that
    if (description && description.get() != Py_None)
        if (auto function = async_function::of(description.get()))
            return become_awaitable(info, {std::move(function), {}}, is_method(info));
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(info);
    become_plain(info);
}

} // namespace

void decide_called(PyObject* info) noexcept {
    if (Py_TYPE(info) != original.type)
        return;
    // It was not accessed before: it may be a bound copy from before the slots were replaced, and
    // then is left as it is if it is one of an asynchronous method.
    if (original.has_vectorcall || !is_method(info))
        return decide(info);
    const auto description = object::adopt(PyObject_CallOneArg(describe, info));
    // This accesses what is not a copy.
    if (description && description.get() != Py_None &&
        object::adopt(PyObject_CallOneArg(of_class, info)))
        return;
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(info);
    if (Py_TYPE(info) == original.type)
        become_plain(info);
}

PyObject* call_undecided(PyObject* info, PyObject* positional, PyObject* named) {
    decide_called(info);
    return Py_TYPE(info) == original.type ? original.call(info, positional, named)
                                          : PyObject_Call(info, positional, named);
}

PyObject* bind_undecided(PyObject* info, PyObject* instance, PyObject* type) {
    decide(info);
    return Py_TYPE(info)->tp_descr_get(info, instance, type);
}

void prepare_deciding(PyObject* describe_function, PyObject* of_class_function) noexcept {
    describe = Py_NewRef(describe_function);
    of_class = Py_NewRef(of_class_function);
}

} // namespace gawait::python
