#include "handlers/coroutine_function.hpp"

namespace gawait::python {
namespace {

PyTypeObject* partial;
PyObject* func_name;
PyObject* call_name;
PyObject* mark;

bool is_marked_function(PyObject* function) noexcept {
    const auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function));
    PyObject* const attributes = reinterpret_cast<PyFunctionObject*>(function)->func_dict;
    return (code->co_flags & CO_COROUTINE) ||
           (attributes && PyDict_Contains(attributes, mark) == 1);
}

bool is_marked_object(PyObject* callable) noexcept {
    const auto call =
        object::adopt(PyObject_GetAttr(reinterpret_cast<PyObject*>(Py_TYPE(callable)), call_name));
    if (!call)
        PyErr_Clear();
    return (call && PyFunction_Check(call.get()) && is_marked_function(call.get())) ||
           PyObject_HasAttr(callable, mark);
}

} // namespace

bool is_coroutine_function(PyObject* callable) noexcept {
    if (PyMethod_Check(callable))
        return is_coroutine_function(PyMethod_GET_FUNCTION(callable));
    if (PyFunction_Check(callable))
        return is_marked_function(callable);
    if (PyObject_TypeCheck(callable, partial)) {
        const auto function = object::adopt(PyObject_GetAttr(callable, func_name));
        if (!function)
            PyErr_Clear();
        return function && is_coroutine_function(function.get());
    }
    // Functions in C, classes and what cannot be called.
    if (PyCFunction_Check(callable) || PyType_Check(callable) || !PyCallable_Check(callable))
        return false;
    return is_marked_object(callable);
}

bool prepare_coroutine_function() noexcept {
    partial = import_type("functools", "partial");
    func_name = PyUnicode_InternFromString("func");
    call_name = PyUnicode_InternFromString("__call__");
    mark = PyUnicode_InternFromString("_is_coroutine_marker");
    return partial && func_name && call_name && mark;
}

} // namespace gawait::python
