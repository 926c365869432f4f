#include "running_loop.hpp"

#include <pthread.h>

#include <string_view>

namespace gawait::python {
namespace {

PyObject* get_running_loop;

object ask_asyncio() noexcept {
    auto loop = object::adopt(PyObject_CallNoArgs(get_running_loop));
    if (!loop)
        PyErr_Clear();
    return loop.get() == Py_None ? object() : loop;
}

#if PY_VERSION_HEX < 0x030C0000

// Python 3.11 asks the kernel each time for the number of the process, since a child after
// fork() has no running loop. So this looks itself at what Modules/_asynciomodule.c keeps in the
// thread's state, and asks only in a new child.
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

#endif

} // namespace

object running_loop() noexcept {
#if PY_VERSION_HEX < 0x030C0000
    PyObject* const state = PyThreadState_GetDict();
    PyObject* const found = state ? PyDict_GetItemWithError(state, holder_key) : nullptr;
    if (found && is_holder(found)) [[likely]] {
        const auto& held = *reinterpret_cast<holder*>(found);
        return held.loop == Py_None || held.process != this_process ? object()
                                                                    : object::retain(held.loop);
    }
    PyErr_Clear();
#endif
    return ask_asyncio();
}

bool prepare_running_loop() noexcept {
    get_running_loop = import_attribute("asyncio", "_get_running_loop");
#if PY_VERSION_HEX < 0x030C0000
    holder_key = PyUnicode_InternFromString("__asyncio_running_event_loop__");
    this_process = getpid();
    if (!holder_key || pthread_atfork(nullptr, nullptr, [] { this_process = getpid(); }) != 0)
        return false;
#endif
    return get_running_loop;
}

} // namespace gawait::python
