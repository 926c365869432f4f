#pragma once

#include "gawait/engine/timer.hpp"
#include "python.hpp"

namespace gawait::python {

struct loop_object;

/// What the loop will call: asyncio's `Handle`.
///
/// The one who links a handle through `next`, or a timer handle into the loop's list,
/// holds a reference to it.
struct handle {
    PyObject_HEAD loop_object* loop;
    PyObject* callback;  // null once cancelled
    PyObject* context;   // a contextvars.Context, perhaps shared: see own_context()
    PyObject* arguments; // of count 1: the argument itself, of more: a tuple
    Py_ssize_t count;
    PyObject* source_traceback;
    PyObject* representation; // of a cancelled one in debug mode
    PyObject* weak_references;
    handle* next;
    unsigned long runner; // the thread in which a thread-safe handle runs, or 0
    int priority;
    bool cancelled;
    bool thread_safe; // who cancels it in another thread waits until it has run
    bool shares_context;
};

/// The engine's timer in a `TimerHandle`.
struct alarm : timer {
    explicit alarm(struct timer_handle& of, int priority) noexcept;

    timer_handle* owner;
};

/// asyncio's `TimerHandle`.
struct timer_handle : handle {
    alarm clockwork;
    timer_handle *previous, *following; // in one of the loop's lists
    double when;                        // in seconds of loop.time()
    bool scheduled;
    bool started; // the engine has it
};

/// What `call_soon()` and its kin were given.
struct call {
    PyObject* callback;
    PyObject* const* arguments;
    Py_ssize_t count;
    PyObject* context; // null: a copy of the current one
    int priority;
    bool thread_safe;
};

inline PyObject* object_of(handle& self) noexcept { return reinterpret_cast<PyObject*>(&self); }
inline handle& handle_of(PyObject* self) noexcept { return *reinterpret_cast<handle*>(self); }

/// A new handle, or null with an exception set.
handle* new_handle(loop_object& loop, const call& what) noexcept;
timer_handle* new_timer_handle(loop_object& loop, const call& what, double when) noexcept;

/// Calls the callback in its context. An exception that it raised stays set.
bool invoke(handle& self) noexcept;

/// What `Handle.cancel()` does.
bool cancel(handle& self) noexcept;

bool add_handle_types(PyObject* module) noexcept;

/// FIFO of handles; owns a reference to each.
class handle_queue {
public:
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }
    handle* first() const noexcept { return first_; }

    /// Takes over a reference.
    void push(handle& owned) noexcept {
        owned.next = nullptr;
        (size_++ == 0 ? first_ : last_->next) = &owned;
        last_ = &owned;
    }

    /// Gives the reference to the caller. The queue must not be empty.
    handle& pop() noexcept {
        handle& taken = *first_;
        first_ = taken.next;
        --size_;
        return taken;
    }

private:
    handle* first_ = nullptr; // null when empty
    handle* last_ = nullptr;
    std::size_t size_ = 0;
};

/// Timer handles, the newest first; owns a reference to each.
class timer_list {
public:
    timer_handle* first() const noexcept { return first_; }

    /// The first that was pushed.
    timer_handle* oldest() const noexcept {
        timer_handle* found = first_;
        while (found && found->following)
            found = found->following;
        return found;
    }

    /// Takes over a reference.
    void push(timer_handle& owned) noexcept {
        owned.previous = nullptr;
        owned.following = first_;
        if (first_)
            first_->previous = &owned;
        first_ = &owned;
    }

    /// Gives the reference to the caller.
    void remove(timer_handle& given) noexcept {
        (given.previous ? given.previous->following : first_) = given.following;
        if (given.following)
            given.following->previous = given.previous;
    }

private:
    timer_handle* first_ = nullptr; // null when empty
};

} // namespace gawait::python
