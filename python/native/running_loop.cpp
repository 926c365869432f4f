#include "running_loop.hpp"

#include <pthread.h>

#include <string_view>

namespace gawait::python {
namespace {

PyObject* get_function;
PyObject* set_function;

object ask_asyncio() noexcept {
    auto loop = object::adopt(PyObject_CallNoArgs(get_function));
    if (!loop)
        PyErr_Clear();
    return loop.get() == Py_None ? object() : loop;
}

#if PY_VERSION_HEX < 0x030C0000

// Python 3.11 asks the kernel each time for the number of the process, since a child after
// fork() has no running loop. So this looks itself at what Modules/_asynciomodule.c keeps in the
// thread's state, and changes that, and asks only in a new child.
struct holder {
    PyObject_HEAD PyObject* loop;
    pid_t process;
};

PyObject* holder_key;
PyTypeObject* holder_type; // once one was seen
pid_t this_process;

bool is_holder(PyObject* found) noexcept {
    if (!holder_type && std::string_view(Py_TYPE(found)->tp_name) == "_RunningLoopHolder" &&
        Py_TYPE(found)->tp_basicsize == sizeof(holder))
        holder_type = Py_TYPE(found);
    return Py_IS_TYPE(found, holder_type);
}

/// This thread's, if it was made in this process; otherwise null.
holder* current_holder() noexcept {
    PyObject* const state = PyThreadState_GetDict();
    PyObject* const found = state ? PyDict_GetItemWithError(state, holder_key) : nullptr;
    if (found && is_holder(found)) [[likely]] {
        auto* const held = reinterpret_cast<holder*>(found);
        return held->process == this_process ? held : nullptr;
    }
    PyErr_Clear();
    return nullptr;
}

#endif

} // namespace

object running_loop() noexcept {
#if PY_VERSION_HEX < 0x030C0000
    if (const holder* const held = current_holder()) [[likely]]
        return held->loop == Py_None ? object() : object::retain(held->loop);
#endif
    return ask_asyncio();
}

bool set_running_loop(PyObject* loop) noexcept {
#if PY_VERSION_HEX < 0x030C0000
    if (holder* const held = current_holder()) [[likely]] {
        Py_SETREF(held->loop, Py_NewRef(loop));
        return true;
    }
#endif
    return bool(object::adopt(PyObject_CallOneArg(set_function, loop)));
}

bool prepare_running_loop() noexcept {
    get_function = import_attribute("asyncio", "_get_running_loop");
    set_function = import_attribute("asyncio", "_set_running_loop");
#if PY_VERSION_HEX < 0x030C0000
    holder_key = PyUnicode_InternFromString("__asyncio_running_event_loop__");
    this_process = getpid();
    if (!holder_key || pthread_atfork(nullptr, nullptr, [] { this_process = getpid(); }) != 0)
        return false;
#endif
    return get_function && set_function;
}

} // namespace gawait::python
