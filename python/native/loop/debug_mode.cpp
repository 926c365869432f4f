#include "loop/debug_mode.hpp"

#include <chrono>

namespace gawait::python {
namespace {

constexpr const char* current_handle_name = "_current_handle";

} // namespace

bool debug_mode_in_use = false;

bool call_in_debug_mode(loop_object& self, handle& which) noexcept {
    PyObject* const loop = object_of(self);
    // BaseEventLoop's exception handler says where that was created.
    const auto set_current = [&](PyObject* handle) {
        if (PyObject_SetAttrString(loop, current_handle_name, handle) < 0)
            PyErr_WriteUnraisable(loop);
    };
    const auto outer = object::adopt(PyObject_GetAttrString(loop, current_handle_name));
    PyErr_Clear();
    set_current(object_of(which));
    const auto began = clock::now();
    const bool succeeded = self.call(which);
    tell_if_slow(self, began, "_callback_was_slow", object_of(which));
    object raised = succeeded ? object() : take_exception();
    set_current(outer ? outer.get() : Py_None);
    if (raised)
        raise(std::move(raised));
    return succeeded;
}

void tell_if_slow(loop_object& self, clock::time_point began, const char* method,
                  PyObject* of) noexcept {
    const double took = std::chrono::duration<double>(clock::now() - began).count();
    if (took < self.slow_callback_duration)
        return;
    object raised = PyErr_Occurred() ? take_exception() : object();
    if (!object::adopt(PyObject_CallMethod(object_of(self), method, "Od", of, took)))
        PyErr_WriteUnraisable(of);
    if (raised)
        raise(std::move(raised));
}

} // namespace gawait::python
