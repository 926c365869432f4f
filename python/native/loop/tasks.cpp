#include "loop/tasks.hpp"

#include "loop/calls.hpp"
#include "loop/loop.hpp"
#include "profile.hpp"

#include <vector>

namespace gawait::python {
namespace {

// What the modules asyncio.tasks and asyncio.futures hold: somebody may put other classes
// there.
PyObject* tasks_content;
PyObject* futures_content;
PyObject* task_name;
PyObject* future_name;
PyObject* loop_name;
PyObject* loop_names; // a tuple of it alone

/// A module's dictionary.
PyObject* content_of(const char* module) noexcept {
    const auto imported = object::adopt(PyImport_ImportModule(module));
    return imported ? Py_NewRef(PyModule_GetDict(imported.get())) : nullptr;
}

/// Calls a function with the arguments and, if there is one, the keyword `loop` besides.
PyObject* call_with_loop(PyObject* function, PyObject* loop, PyObject* const* arguments,
                         Py_ssize_t count, PyObject* names) {
    const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
    std::vector<PyObject*> all(arguments, arguments + count + named);
    all.push_back(loop);
    auto all_names = object::adopt(PyTuple_New(named + 1));
    if (!all_names)
        return nullptr;
    for (Py_ssize_t index = 0; index < named; ++index)
        PyTuple_SET_ITEM(all_names.get(), index, Py_NewRef(PyTuple_GET_ITEM(names, index)));
    PyTuple_SET_ITEM(all_names.get(), named, Py_NewRef(loop_name));
    return PyObject_Vectorcall(function, all.data(), static_cast<std::size_t>(count),
                               all_names.get());
}

} // namespace

PyObject* create_future(PyObject* self, PyObject*) {
    const auto type = object::retain(PyDict_GetItemWithError(futures_content, future_name));
    return type ? PyObject_Vectorcall(type.get(), &self, 0, loop_names) : nullptr;
}

namespace {

/// What BaseEventLoop.create_task() does, without its frame. Task factories, priorities, and what
/// is no coroutine by itself, which few use, are Python's.
PyObject* make_task(PyObject* object, PyObject* const* arguments, Py_ssize_t count,
                    PyObject* names) {
    loop_object& self = loop_of(object);
    bool plain = (!self.task_factory || self.task_factory == Py_None) &&
                 (count != 1 || PyCoro_CheckExact(arguments[0]));
    for (Py_ssize_t index = 0; plain && names && index < PyTuple_GET_SIZE(names); ++index)
        plain = !is_name(PyTuple_GET_ITEM(names, index), priority_name);
    if (!plain || !check_open(self)) {
        if (PyErr_Occurred())
            return nullptr;
        const auto cold = object::adopt(PyObject_GetAttrString(object, "_create_task"));
        return cold ? PyObject_Vectorcall(cold.get(), arguments, static_cast<std::size_t>(count),
                                          names)
                    : nullptr;
    }
    if (count != 1) {
        PyErr_Format(PyExc_TypeError, "create_task() takes 1 positional argument, got %zd", count);
        return nullptr;
    }
    const auto type = object::retain(PyDict_GetItemWithError(tasks_content, task_name));
    if (!type)
        return nullptr;
    if (names)
        return call_with_loop(type.get(), object, arguments, count, names);
    PyObject* all[] = {arguments[0], object};
    return PyObject_Vectorcall(type.get(), all, 1, loop_names);
}

} // namespace

PyObject* create_task(PyObject* object, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names) {
    PyObject* const made = make_task(object, arguments, count, names);
    if (made)
        mark_task(made);
    return made;
}

bool prepare_tasks() noexcept {
    loop_name = PyUnicode_InternFromString("loop");
    loop_names = loop_name ? PyTuple_Pack(1, loop_name) : nullptr;
    task_name = PyUnicode_InternFromString("Task");
    future_name = PyUnicode_InternFromString("Future");
    tasks_content = content_of("asyncio.tasks");
    futures_content = content_of("asyncio.futures");
    return loop_names && task_name && future_name && tasks_content && futures_content;
}

} // namespace gawait::python
