#include "awaiting/stand_in.hpp"

#include <array>
#include <memory>
#include <vector>

namespace gawait::python {
namespace {

// Made once. From Python 3.14 on, which has what they are for.
PyObject* make_task;
PyObject* set_name;
PyObject* register_task;
PyObject* unregister_task;
PyObject* add_to_awaited_by;
PyObject* discard_from_awaited_by;
PyObject* current_task;

// What Python's tools read of a name; they fail at a longer one.
constexpr Py_ssize_t longest_name = 250;

/// Of those that stand in for nothing, so many are kept.
constexpr std::size_t most_idle = 256;

// Never destroyed: it would outlive the interpreter.
std::vector<object>& idle() noexcept {
    static auto& tasks = *std::make_unique<std::vector<object>>().release();
    return tasks;
}

template <class... Arguments> bool call(PyObject* function, Arguments*... arguments) noexcept {
    const std::array<PyObject*, sizeof...(arguments)> array{arguments...};
    return bool(object::adopt(PyObject_Vectorcall(function, array.data(), array.size(), nullptr)));
}

object take_idle() noexcept {
    if (idle().empty())
        return object::adopt(PyObject_CallNoArgs(make_task));
    object taken = std::move(idle().back());
    idle().pop_back();
    return taken;
}

} // namespace

object stand_in::running_task() noexcept {
    auto task = object::adopt(PyObject_CallNoArgs(current_task));
    if (!task)
        PyErr_Clear(); // no loop runs
    return task.get() == Py_None ? object() : task;
}

stand_in::stand_in(object waiting, object name, PyObject* producer) noexcept
    : waiting_(std::move(waiting)), producer_(object::retain(producer)) {
    if (name && PyUnicode_GET_LENGTH(name.get()) > longest_name)
        name = object::adopt(PyUnicode_Substring(name.get(), 0, longest_name));
    if (name)
        task_ = take_idle();
    if (!task_ || !call(set_name, task_.get(), name.get()) ||
        !call(add_to_awaited_by, task_.get(), waiting_.get()) ||
        (producer_ && !call(add_to_awaited_by, producer_.get(), task_.get())) ||
        !call(register_task, task_.get()))
        PyErr_WriteUnraisable(waiting_.get()); // the operation does not need it
}

void stand_in::end() noexcept {
    object raised = PyErr_Occurred() ? take_exception() : object(); // what the operation ends with
    if (!call(unregister_task, task_.get()) ||
        (producer_ && !call(discard_from_awaited_by, producer_.get(), task_.get())) ||
        !call(discard_from_awaited_by, task_.get(), waiting_.get()))
        PyErr_WriteUnraisable(waiting_.get());
    else if (idle().size() < most_idle)
        idle().push_back(std::move(task_));
    if (raised)
        raise(std::move(raised));
}

bool prepare_stand_ins(PyObject* make) noexcept {
    make_task = Py_NewRef(make);
    const auto type = object::adopt(import_attribute("asyncio", "Task"));
    set_name = type ? PyObject_GetAttrString(type.get(), "set_name") : nullptr;
    register_task = import_attribute("asyncio", "_register_task");
    unregister_task = import_attribute("asyncio", "_unregister_task");
    add_to_awaited_by = import_attribute("asyncio", "future_add_to_awaited_by");
    discard_from_awaited_by = import_attribute("asyncio", "future_discard_from_awaited_by");
    current_task = import_attribute("asyncio", "current_task");
    return set_name && register_task && unregister_task && add_to_awaited_by &&
           discard_from_awaited_by && current_task;
}

} // namespace gawait::python
