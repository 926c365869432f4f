#include "loop/call_context.hpp"

namespace gawait::python {
namespace {

/// What a context has of Python's own, the same in 3.11 to 3.14. The variables are immutable: two
/// contexts that have the same object have the same values.
struct context_content {
    PyObject_HEAD PyObject* previous;
    PyObject* variables;
};

PyObject* latest;  // borrowed: those who share it hold it
bool layout_known; // otherwise each has a copy of its own

PyObject* variables_of(PyObject* context) noexcept {
    return reinterpret_cast<context_content*>(context)->variables;
}

PyObject* current_context() noexcept { return PyThreadState_Get()->context; }

/// Whether contexts are as we think: a copy shares its variables until one is set.
bool check_layout() noexcept {
    const auto context = object::adopt(PyContext_New());
    const auto variable = object::adopt(PyContextVar_New("gawait.layout", nullptr));
    if (!context || !variable ||
        PyContext_Type.tp_basicsize < static_cast<Py_ssize_t>(sizeof(context_content)))
        return false;
    const auto before = object::adopt(PyContext_Copy(context.get()));
    if (!before || variables_of(before.get()) != variables_of(context.get()) ||
        PyContext_Enter(context.get()) < 0)
        return false;
    const bool entered = current_context() == context.get();
    const auto token = object::adopt(PyContextVar_Set(variable.get(), Py_None));
    const auto after = object::adopt(PyContext_CopyCurrent());
    return PyContext_Exit(context.get()) == 0 && entered && token && after &&
           variables_of(after.get()) == variables_of(context.get()) &&
           variables_of(after.get()) != variables_of(before.get());
}

} // namespace

PyObject* new_call_context() noexcept {
    PyObject* const current = layout_known ? current_context() : nullptr;
    if (current && latest && variables_of(latest) == variables_of(current))
        return Py_NewRef(latest);
    return latest = PyContext_CopyCurrent();
}

PyObject* own_call_context(PyObject* shared) noexcept {
    if (Py_REFCNT(shared) == 1) {
        if (latest == shared)
            latest = nullptr;
        return shared;
    }
    PyObject* const own = PyContext_Copy(shared);
    if (own)
        drop_call_context(shared);
    return own;
}

void drop_call_context(PyObject* shared) noexcept {
    if (latest == shared && Py_REFCNT(shared) == 1)
        latest = nullptr;
    Py_DECREF(shared);
}

bool prepare_call_context() noexcept {
    layout_known = check_layout();
    return !PyErr_Occurred();
}

} // namespace gawait::python
