#include "loop/handle.hpp"

#include "loop/call_context.hpp"
#include "loop/loop.hpp"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <structmember.h>

namespace gawait::python {
namespace {

PyTypeObject* handle_type;
PyTypeObject* timer_handle_type;

timer_handle& timer_of(PyObject* self) noexcept { return *reinterpret_cast<timer_handle*>(self); }

bool is_timer(handle& self) noexcept { return Py_IS_TYPE(object_of(self), timer_handle_type); }

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAWAIT_SANITIZES_ADDRESSES
#endif
#endif

// What is never freed hides from the sanitizer that somebody still uses it.
#if defined(GAWAIT_SANITIZES_ADDRESSES) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t most_dead = 0;
#else
constexpr std::size_t most_dead = 1024;
#endif

/// Dead handles, which the next ones are made of. What a loop makes most are handles, and
/// an allocation costs as much as everything else about one.
class free_list {
public:
    PyObject* make(PyTypeObject* type) noexcept {
        if (size_ == 0)
            return PyObject_GC_New(PyObject, type);
        return PyObject_Init(dead_[--size_], type);
    }

    /// The object is not tracked, and its type was not released.
    void put(PyObject* dead) noexcept {
        PyTypeObject* type = Py_TYPE(dead);
        if (size_ < dead_.size())
            dead_[size_++] = dead;
        else
            PyObject_GC_Del(dead);
        Py_DECREF(type);
    }

private:
    std::array<PyObject*, most_dead> dead_;
    std::size_t size_ = 0;
};

free_list dead_handles;
free_list dead_timer_handles;

/// Where threads wait for a handle that runs in another one.
struct {
    std::mutex lock;
    std::condition_variable ended;
    int threads = 0; // guarded by the GIL
} waiting;

/// asyncio's _ThreadSafeHandle since Python 3.14: what another thread asks of a callback that
/// runs is answered when it has run.
void wait_until_run(const handle& self) noexcept {
    if (!self.thread_safe || self.runner == PyThread_get_thread_ident())
        return;
    while (self.runner != 0) {
        ++waiting.threads;
        {
            std::unique_lock guard(waiting.lock); // before the GIL is let go of: see end_run()
            const without_gil released;
            waiting.ended.wait(guard);
            guard.unlock();
        }
        --waiting.threads;
    }
}

void end_run(handle& self) noexcept {
    self.runner = 0;
    if (waiting.threads > 0) {
        const std::lock_guard guard(waiting.lock);
        waiting.ended.notify_all();
    }
}

/// Borrowed: the context in which the callback runs, and which is its own from now on. Null with an
/// exception set on failure.
PyObject* own_context(handle& self) noexcept {
    if (std::exchange(self.shares_context, false)) {
        PyObject* const own = own_call_context(self.context);
        self.shares_context = !own;
        if (!own)
            return nullptr;
        self.context = own;
    }
    return self.context;
}

void drop_context(handle& self) noexcept {
    PyObject* const context = std::exchange(self.context, nullptr);
    if (context && std::exchange(self.shares_context, false))
        drop_call_context(context);
    else
        Py_XDECREF(context);
}

bool initialize(handle& self, loop_object& loop, const call& what) noexcept {
    self.loop = &loop;
    Py_INCREF(&loop);
    self.callback = Py_NewRef(what.callback);
    self.count = what.count;
    self.arguments = nullptr;
    self.context = nullptr;
    self.shares_context = false;
    self.source_traceback = nullptr;
    self.representation = nullptr;
    self.weak_references = nullptr;
    self.next = nullptr;
    self.priority = what.priority;
    self.cancelled = false;
    self.thread_safe = what.thread_safe;
    self.runner = 0;
    if (what.count == 1) {
        self.arguments = Py_NewRef(what.arguments[0]);
    } else if (what.count > 1) {
        self.arguments = PyTuple_New(what.count);
        for (Py_ssize_t index = 0; self.arguments && index < what.count; ++index)
            PyTuple_SET_ITEM(self.arguments, index, Py_NewRef(what.arguments[index]));
        if (!self.arguments)
            return false;
    }
    self.shares_context = !what.context;
    self.context = what.context ? Py_NewRef(what.context) : new_call_context();
    if (!self.context)
        return false;
    if (loop.debug) [[unlikely]]
        self.source_traceback = PyObject_CallMethod(object_of(loop), "_extract_stack", nullptr);
    return !loop.debug || self.source_traceback;
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    handle& self = handle_of(object);
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self.loop);
    Py_VISIT(self.callback);
    Py_VISIT(self.context);
    Py_VISIT(self.arguments);
    Py_VISIT(self.source_traceback);
    return 0;
}

int clear(PyObject* object) {
    handle& self = handle_of(object);
    // Not the loop, which the engine asks a timer for as long as it has it. The loop itself
    // breaks the cycle of the two.
    self.cancelled = true;
    Py_CLEAR(self.callback);
    Py_CLEAR(self.arguments);
    drop_context(self);
    Py_CLEAR(self.source_traceback);
    Py_CLEAR(self.representation);
    return 0;
}

void deallocate_into(free_list& list, PyObject* object) {
    PyObject_GC_UnTrack(object);
    if (handle_of(object).weak_references)
        PyObject_ClearWeakRefs(object);
    clear(object);
    Py_CLEAR(handle_of(object).loop);
    list.put(object);
}

void deallocate(PyObject* object) { deallocate_into(dead_handles, object); }

void deallocate_timer(PyObject* object) {
    // Not scheduled: the loop would hold a reference.
    std::destroy_at(&timer_of(object).clockwork);
    deallocate_into(dead_timer_handles, object);
}

// Methods ------------------------------------------------------------------------

PyObject* cancel_method(PyObject* self, PyObject*) {
    wait_until_run(handle_of(self));
    if (!cancel(handle_of(self)))
        return nullptr;
    Py_RETURN_NONE;
}

PyObject* cancelled_method(PyObject* self, PyObject*) {
    wait_until_run(handle_of(self));
    return PyBool_FromLong(handle_of(self).cancelled);
}

PyObject* run_method(PyObject* self, PyObject*) {
    handle_of(self).loop->run(handle_of(self));
    Py_RETURN_NONE;
}

/// For `EventLoop._within()`.
PyObject* call_method(PyObject* self, PyObject*) {
    return handle_of(self).cancelled || invoke(handle_of(self)) ? Py_NewRef(Py_None) : nullptr;
}

PyObject* get_context_method(PyObject* self, PyObject*) {
    return Py_XNewRef(own_context(handle_of(self)));
}

PyObject* when_method(PyObject* self, PyObject*) { return PyFloat_FromDouble(timer_of(self).when); }

PyObject* represent(PyObject* self) {
    handle& of = handle_of(self);
    if (of.representation)
        return Py_NewRef(of.representation);
    return PyObject_CallMethod(object_of(*of.loop), "_represent", "O", self);
}

PyObject* or_none(PyObject* value) noexcept { return Py_NewRef(value ? value : Py_None); }

PyObject* get_arguments(PyObject* self, void*) {
    const handle& of = handle_of(self);
    if (!of.callback)
        Py_RETURN_NONE;
    switch (of.count) {
    case 0:
        return PyTuple_New(0);
    case 1:
        return PyTuple_Pack(1, of.arguments);
    default:
        return Py_NewRef(of.arguments);
    }
}

PyObject* get_callback(PyObject* self, void*) { return or_none(handle_of(self).callback); }
PyObject* get_context(PyObject* self, void*) {
    if (!handle_of(self).context)
        Py_RETURN_NONE;
    return get_context_method(self, nullptr);
}
PyObject* get_cancelled(PyObject* self, void*) {
    return PyBool_FromLong(handle_of(self).cancelled);
}
PyObject* get_source_traceback(PyObject* self, void*) {
    return or_none(handle_of(self).source_traceback);
}
PyObject* get_loop(PyObject* self, void*) {
    return or_none(reinterpret_cast<PyObject*>(handle_of(self).loop));
}
PyObject* get_priority(PyObject* self, void*) { return PyLong_FromLong(handle_of(self).priority); }
PyObject* get_when(PyObject* self, void*) { return when_method(self, nullptr); }
PyObject* get_scheduled(PyObject* self, void*) { return PyBool_FromLong(timer_of(self).scheduled); }

/// The class of asyncio's that the handle stands for, so that isinstance() says so.
PyObject* get_class(PyObject* self, void*) {
    const char* name = is_timer(handle_of(self)) ? "TimerHandle" : "Handle";
#if PY_VERSION_HEX >= 0x030E0000
    if (handle_of(self).thread_safe)
        name = "_ThreadSafeHandle";
#endif
    return import_attribute("asyncio.events", name);
}

// As asyncio.TimerHandle compares: by time, and equal when all is.
PyObject* compare(PyObject* self, PyObject* other, int operation) {
    if (!Py_IS_TYPE(other, timer_handle_type))
        Py_RETURN_NOTIMPLEMENTED;
    const timer_handle &left = timer_of(self), &right = timer_of(other);
    const auto equal = [&]() -> int {
        if (left.when != right.when || left.cancelled != right.cancelled)
            return 0;
        auto ours = object::adopt(get_arguments(self, nullptr));
        auto theirs = object::adopt(get_arguments(other, nullptr));
        if (!ours || !theirs)
            return -1;
        const int same = PyObject_RichCompareBool(left.callback ? left.callback : Py_None,
                                                  right.callback ? right.callback : Py_None, Py_EQ);
        return same > 0 ? PyObject_RichCompareBool(ours.get(), theirs.get(), Py_EQ) : same;
    };
    int result = 0;
    switch (operation) {
    case Py_LT:
        result = left.when < right.when;
        break;
    case Py_GT:
        result = left.when > right.when;
        break;
    case Py_LE:
        result = left.when < right.when ? 1 : equal();
        break;
    case Py_GE:
        result = left.when > right.when ? 1 : equal();
        break;
    case Py_EQ:
        result = equal();
        break;
    default:
        result = equal();
        result = result < 0 ? result : !result;
        break;
    }
    return result < 0 ? nullptr : PyBool_FromLong(result);
}

Py_hash_t hash(PyObject* self) {
    auto when = object::adopt(when_method(self, nullptr));
    return when ? PyObject_Hash(when.get()) : -1;
}

PyMethodDef handle_methods[] = {
    {"cancel", cancel_method, METH_NOARGS,
     "cancel($self, /)\n--\n\nKeep the callback from being called. No effect once it was, or the "
     "second time."},
    {"cancelled", cancelled_method, METH_NOARGS,
     "cancelled($self, /)\n--\n\nReturn True if the handle was cancelled."},
    {"get_context", get_context_method, METH_NOARGS,
     "get_context($self, /)\n--\n\nReturn the contextvars.Context in which the callback runs."},
    {"_run", run_method, METH_NOARGS, nullptr},
    {"_call", call_method, METH_NOARGS, nullptr},
    {},
};

PyMethodDef timer_handle_methods[] = {
    {"when", when_method, METH_NOARGS,
     "when($self, /)\n--\n\nReturn the time at which the callback is due, in seconds of "
     "loop.time()."},
    {},
};

PyGetSetDef handle_attributes[] = {
    {"priority", get_priority, nullptr, "The GLib priority; lower runs first.", nullptr},
    {"_callback", get_callback, nullptr, nullptr, nullptr},
    {"_args", get_arguments, nullptr, nullptr, nullptr},
    {"_context", get_context, nullptr, nullptr, nullptr},
    {"_cancelled", get_cancelled, nullptr, nullptr, nullptr},
    {"__class__", get_class, nullptr, nullptr, nullptr},
    {"_loop", get_loop, nullptr, nullptr, nullptr},
    {"_source_traceback", get_source_traceback, nullptr, nullptr, nullptr},
    {},
};

PyGetSetDef timer_handle_attributes[] = {
    {"_when", get_when, nullptr, nullptr, nullptr},
    {"_scheduled", get_scheduled, nullptr, nullptr, nullptr},
    {},
};

PyMemberDef handle_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(handle, weak_references), READONLY, nullptr},
    {},
};

PyType_Slot handle_slots[] = {
    {Py_tp_doc, const_cast<char*>("A call that the loop will make; asyncio's Handle.")},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_tp_repr, slot(represent)},
    {Py_tp_methods, handle_methods},
    {Py_tp_getset, handle_attributes},
    {Py_tp_members, handle_members},
    {},
};

PyType_Slot timer_handle_slots[] = {
    {Py_tp_doc, const_cast<char*>("A call that the loop will make at a time; asyncio's "
                                  "TimerHandle.")},
    {Py_tp_dealloc, slot(deallocate_timer)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_tp_richcompare, slot(compare)},
    {Py_tp_hash, slot(hash)},
    {Py_tp_methods, timer_handle_methods},
    {Py_tp_getset, timer_handle_attributes},
    {},
};

PyType_Spec handle_spec = {
    .name = "gawait.Handle",
    .basicsize = sizeof(handle),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = handle_slots,
};

PyType_Spec timer_handle_spec = {
    .name = "gawait.TimerHandle",
    .basicsize = sizeof(timer_handle),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = timer_handle_slots,
};

} // namespace

alarm::alarm(timer_handle& of, int priority) noexcept
    : timer([](job& self) noexcept { loop_object::on_due(*static_cast<alarm&>(self).owner); },
            priority),
      owner(&of) {}

handle* new_handle(loop_object& loop, const call& what) noexcept {
    auto created = object::adopt(dead_handles.make(handle_type));
    if (!created)
        return nullptr;
    handle& self = handle_of(created.get());
    const bool complete = initialize(self, loop, what);
    PyObject_GC_Track(created.get());
    return complete ? &handle_of(created.release()) : nullptr;
}

timer_handle* new_timer_handle(loop_object& loop, const call& what, double when) noexcept {
    auto created = object::adopt(dead_timer_handles.make(timer_handle_type));
    if (!created)
        return nullptr;
    timer_handle& self = timer_of(created.get());
    std::construct_at(&self.clockwork, self, what.priority);
    self.when = when;
    self.scheduled = self.started = false;
    const bool complete = initialize(self, loop, what);
    PyObject_GC_Track(created.get());
    return complete ? &timer_of(created.release()) : nullptr;
}

bool invoke(handle& self) noexcept {
    // The callback may cancel its own handle, which lets go of these, but not of the context.
    const auto callback = object::retain(self.callback);
    const auto arguments = object::retain(self.arguments);
    PyObject* const context = own_context(self);
    if (!context || PyContext_Enter(context) < 0)
        return false;
    // The element before the first is for the callee to write to.
    PyObject* one[] = {nullptr, arguments.get()};
    if (self.thread_safe)
        self.runner = PyThread_get_thread_ident();
    const auto result = object::adopt(unless_exiting([&] {
        return self.count <= 1 ? PyObject_Vectorcall(callback.get(), one + 1,
                                                     static_cast<std::size_t>(self.count) |
                                                         PY_VECTORCALL_ARGUMENTS_OFFSET,
                                                     nullptr)
                               : PyObject_Call(callback.get(), arguments.get(), nullptr);
    }));
    if (self.thread_safe)
        end_run(self);
    return PyContext_Exit(context) == 0 && result;
}

bool cancel(handle& self) noexcept {
    if (self.cancelled)
        return true;
    const auto alive = object::retain(object_of(self));
    self.cancelled = true;
    if (self.loop && self.loop->debug) {
        // So that the warning about a slow callback can say which it was.
        self.representation = represent(object_of(self));
        if (!self.representation) {
            self.cancelled = false;
            return false;
        }
    }
    if (is_timer(self))
        loop_object::unschedule(static_cast<timer_handle&>(self));
    Py_CLEAR(self.callback);
    self.count = 0;
    Py_CLEAR(self.arguments);
    return true;
}

bool add_handle_types(PyObject* module) noexcept {
    handle_type = add_type(module, handle_spec);
    timer_handle_type = handle_type ? add_type(module, timer_handle_spec, handle_type) : nullptr;
    return timer_handle_type;
}

} // namespace gawait::python
