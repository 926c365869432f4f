#pragma once

#include "python.hpp"

namespace gawait::python {

/// A task in the place of an operation, for tools that know of tasks and coroutines alone:
/// `python -m asyncio pstree` of another process, `asyncio.capture_call_graph()`. It is called as
/// the operation, is there while somebody waits for that, and never runs. `asyncio.all_tasks()`
/// does not have it, as it is of no loop.
class stand_in {
public:
    /// Of none.
    stand_in() noexcept = default;

    /// For an operation that the task that runs has begun to wait for; of none if none does.
    ///
    /// @param name makes a new reference to what the operation is called, or null with an exception
    /// @param producer the task whose end the operation's is, or null
    template <class Name> static stand_in of_running_task(Name name, PyObject* producer) noexcept {
        object waiting = running_task();
        return waiting ? stand_in(std::move(waiting), object::adopt(name()), producer) : stand_in();
    }

    stand_in(stand_in&&) noexcept = default;

    stand_in& operator=(stand_in&& other) noexcept {
        std::swap(task_, other.task_);
        std::swap(waiting_, other.waiting_);
        std::swap(producer_, other.producer_);
        return *this;
    }

    ~stand_in() {
        if (task_)
            end();
    }

    explicit operator bool() const noexcept { return bool(task_); }

    /// For the garbage collector.
    int traverse(visitproc visit, void* arg) const {
        Py_VISIT(task_.get());
        Py_VISIT(waiting_.get());
        Py_VISIT(producer_.get());
        return 0;
    }

private:
    stand_in(object waiting, object name, PyObject* producer) noexcept;

    static object running_task() noexcept;
    void end() noexcept;

    object task_;
    object waiting_;
    object producer_;
};

/// @param make makes a task that can stand in, and is not registered
bool prepare_stand_ins(PyObject* make) noexcept;

} // namespace gawait::python
