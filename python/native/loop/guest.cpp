#include "loop/guest.hpp"

#include "loop/handle.hpp"
#include "running_loop.hpp"

namespace gawait::python {
namespace {

PyObject* current_task; // a function, or before Python 3.12, where that is slow, what it looks into
PyObject* first_iteration_name;
PyObject* finalizer_name;

/// The hooks for asynchronous generators of this thread, which are part of its state:
/// sys.set_asyncgen_hooks() sets the same, and costs as much as a callback.
class generator_hooks {
public:
    explicit generator_hooks(PyObject* loop) noexcept
        : first_iteration_(object::adopt(PyObject_GetAttr(loop, first_iteration_name))),
          finalizer_(object::adopt(PyObject_GetAttr(loop, finalizer_name))) {
        swap();
    }
    generator_hooks(const generator_hooks&) = delete;
    generator_hooks& operator=(const generator_hooks&) = delete;
    ~generator_hooks() { swap(); }

private:
    void swap() noexcept {
        PyThreadState* const state = PyThreadState_Get();
        first_iteration_ = exchange(state->async_gen_firstiter, std::move(first_iteration_));
        finalizer_ = exchange(state->async_gen_finalizer, std::move(finalizer_));
    }

    static object exchange(PyObject*& slot, object other) noexcept {
        return object::adopt(std::exchange(slot, other.release()));
    }

    object first_iteration_;
    object finalizer_;
};

/// Whether a task of the loop runs; also if that cannot be told.
bool is_in_task(PyObject* loop) noexcept {
#if PY_VERSION_HEX >= 0x030C0000
    const auto task = object::adopt(PyObject_CallOneArg(current_task, loop));
#else
    const auto task = object::retain(PyDict_GetItem(current_task, loop));
    if (!task)
        return false;
#endif
    PyErr_Clear();
    return task.get() != Py_None;
}

} // namespace

bool call_as_guest(loop_object& self, handle& which) noexcept {
    PyObject* const guest = object_of(self);
    object outer = running_loop();
    if (outer && is_in_task(outer.get())) [[unlikely]]
        return bool(object::adopt(
            PyObject_CallMethod(guest, "_within_task", "OO", outer.get(), object_of(which))));
    if (!outer)
        outer = object::retain(Py_None);
    if (!set_running_loop(guest))
        return false;
    object raised;
    {
        const generator_hooks hooks(guest);
        if (!invoke(which)) [[unlikely]]
            raised = take_exception();
    }
    const bool left = set_running_loop(outer.get());
    if (raised && is_interrupt(raised.get()))
        return bool(object::adopt(
            PyObject_CallMethod(guest, "_interrupted", "OO", raised.get(), outer.get())));
    if (raised)
        raise(std::move(raised));
    return left && !PyErr_Occurred();
}

bool prepare_guest() noexcept {
    first_iteration_name = PyUnicode_InternFromString("_asyncgen_firstiter_hook");
    finalizer_name = PyUnicode_InternFromString("_asyncgen_finalizer_hook");
#if PY_VERSION_HEX >= 0x030C0000
    current_task = import_attribute("asyncio", "current_task");
#else
    current_task = import_attribute("asyncio.tasks", "_current_tasks");
#endif
    return current_task && first_iteration_name && finalizer_name;
}

} // namespace gawait::python
