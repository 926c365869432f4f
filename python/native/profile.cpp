#include "profile.hpp"

#include <chrono>

namespace gawait::python {
namespace {

/// Calls a function of the package, which is imported for the first.
object call_in_package(const char* module, const char* name, PyObject* argument) noexcept {
    const auto function = object::adopt(import_attribute(module, name));
    return function ? object::adopt(PyObject_CallOneArg(function.get(), argument)) : object();
}

/// mark(began, name, message): what ends now, and began at a time of time.monotonic_ns().
PyObject* mark(PyObject*, PyObject* arguments) {
    long long began = 0;
    const char *name = nullptr, *message = nullptr;
    if (!PyArg_ParseTuple(arguments, "Lss", &began, &name, &message))
        return nullptr;
    profile::mark(clock::time_point(std::chrono::nanoseconds(began)), name, message);
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"mark", mark, METH_VARARGS, nullptr},
    {},
};

} // namespace

void mark_task(PyObject* task) noexcept {
    if (!profile::recording) [[likely]]
        return;
    if (!call_in_package("gawait.profile", "mark_task", task))
        PyErr_WriteUnraisable(task);
}

void mark_operation(PyObject* operation, clock::time_point began) noexcept {
    if (!profile::recording) [[likely]]
        return;
    const object name = call_in_package("gawait.tasks", "name_of", operation);
    if (const char* const text = name ? PyUnicode_AsUTF8(name.get()) : nullptr)
        profile::mark(began, "operation", text);
    else
        PyErr_WriteUnraisable(operation);
}

bool add_profile(PyObject* module) noexcept {
    return PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
