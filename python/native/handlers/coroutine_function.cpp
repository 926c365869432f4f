#include "handlers/coroutine_function.hpp"

namespace gawait::python {
namespace {

PyTypeObject* partial;
PyObject* func_name;
PyObject* call_name;
PyObject* mark_name;
PyObject* mark; // null up to Python 3.11, which marks nothing

/// Whether `inspect.markcoroutinefunction()` has marked it. Without its `__getattr__()`, since a
/// mock has whatever one asks for.
bool is_marked(PyObject* callable) noexcept {
    if (!mark)
        return false;
    const auto found = object::adopt(PyObject_GenericGetAttr(callable, mark_name));
    PyErr_Clear();
    return found.get() == mark;
}

bool has_flag(PyObject* function, int flag) noexcept {
    return reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function))->co_flags & flag;
}

bool is_async_def(PyObject* callable) noexcept {
    return PyFunction_Check(callable) && has_flag(callable, CO_COROUTINE);
}

/// The function in a `functools.partial`.
object partial_function(PyObject* callable) noexcept {
    auto function = object::adopt(PyObject_GetAttr(callable, func_name));
    if (!function)
        PyErr_Clear();
    return function;
}

bool is_called_asynchronously(PyObject* callable) noexcept {
    const auto call =
        object::adopt(PyObject_GetAttr(reinterpret_cast<PyObject*>(Py_TYPE(callable)), call_name));
    PyErr_Clear();
    return call && is_async_def(call.get());
}

} // namespace

bool is_coroutine_function(PyObject* callable) noexcept {
    if (PyMethod_Check(callable))
        return is_coroutine_function(PyMethod_GET_FUNCTION(callable));
    if (PyFunction_Check(callable)) {
        const bool has_attributes = reinterpret_cast<PyFunctionObject*>(callable)->func_dict;
        return is_async_def(callable) || (has_attributes && is_marked(callable));
    }
    if (PyObject_TypeCheck(callable, partial)) {
        const object function = partial_function(callable);
        return function && is_coroutine_function(function.get());
    }
    // Functions in C, classes and what cannot be called.
    if (PyCFunction_Check(callable) || PyType_Check(callable) || !PyCallable_Check(callable))
        return false;
    return is_called_asynchronously(callable) || is_marked(callable);
}

bool is_async_generator_function(PyObject* callable) noexcept {
    if (PyMethod_Check(callable))
        return is_async_generator_function(PyMethod_GET_FUNCTION(callable));
    if (PyFunction_Check(callable))
        return has_flag(callable, CO_ASYNC_GENERATOR);
    if (PyObject_TypeCheck(callable, partial)) {
        const object function = partial_function(callable);
        return function && is_async_generator_function(function.get());
    }
    return false;
}

bool prepare_coroutine_function() noexcept {
    partial = import_type("functools", "partial");
    func_name = PyUnicode_InternFromString("func");
    call_name = PyUnicode_InternFromString("__call__");
    mark_name = PyUnicode_InternFromString("_is_coroutine_marker");
    mark = import_attribute("inspect", "_is_coroutine_mark");
    if (!mark && !PyErr_ExceptionMatches(PyExc_AttributeError))
        return false;
    PyErr_Clear();
    return partial && func_name && call_name && mark_name;
}

} // namespace gawait::python
