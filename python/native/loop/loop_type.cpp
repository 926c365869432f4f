#include "acquired_context.hpp"
#include "gawait/error.hpp"
#include "loop/calls.hpp"
#include "loop/debug_mode.hpp"
#include "loop/loop.hpp"
#include "loop/readers.hpp"
#include "loop/tasks.hpp"
#include "pygobject.hpp"

#include <structmember.h>

namespace gawait::python {
namespace {

PyTypeObject* loop_type;

// Running and stopping -----------------------------------------------------------

/// A stretch of time in which somebody iterates the loop's context for the loop.
class run_scope {
public:
    explicit run_scope(loop_object& self) noexcept
        : self_(self), in_callback_(std::exchange(self.in_callback, false)),
          running_(std::exchange(self.running, nullptr)) {
        ++self.runs;
        if (self.runs == 1)
            self.halted = false;
        self.reopen();
        if (self.stopping)
            self.stop();
    }

    run_scope(const run_scope&) = delete;
    run_scope& operator=(const run_scope&) = delete;

    ~run_scope() {
        --self_.runs;
        self_.in_callback = in_callback_;
        self_.running = running_;
    }

private:
    loop_object& self_;
    bool in_callback_;
    lane* running_;
};

bool raise_interrupt(loop_object& self) noexcept {
    if (!self.interrupt)
        return false;
    raise(std::exchange(self.interrupt, object()));
    return true;
}

/// Runs until the loop is stopped, which is what BaseEventLoop.run_forever() calls this for.
PyObject* run_once(PyObject* object, PyObject*) {
    loop_object& self = loop_of(object);
    if (!check_open(self))
        return nullptr;
    const acquired_context acquired(self.context);
    if (!acquired.or_raise())
        return nullptr;
    {
        const run_scope running(self);
        const without_gil released;
        const thread_default_scope thread_default(*self.home);
        while (!self.halted && !self.interrupt) {
            if (g_main_context_iteration(self.context, TRUE))
                continue;
            // Perhaps a signal has ended the wait, whose handler is to run.
            const with_gil held;
            self.handle_signals();
        }
    }
    if (raise_interrupt(self))
        return nullptr;
    Py_RETURN_NONE;
}

PyObject* stop(PyObject* self, PyObject*) {
    if (!loop_of(self).core)
        Py_RETURN_NONE;
    loop_of(self).stop();
    Py_RETURN_NONE;
}

constexpr const char* run_scope_name = "gawait.run_scope";

/// Begins a run that somebody else iterates; `_leave()` ends it.
PyObject* enter(PyObject* object, PyObject*) {
    loop_object& self = loop_of(object);
    if (!check_open(self))
        return nullptr;
    auto scope = std::make_unique<run_scope>(self);
    PyObject* token = PyCapsule_New(scope.get(), run_scope_name, nullptr);
    if (!token)
        return nullptr;
    ++self.quits;
    std::ignore = scope.release(); // the token has it
    return token;
}

PyObject* leave(PyObject* object, PyObject* token) {
    loop_object& self = loop_of(object);
    auto* entered = static_cast<run_scope*>(PyCapsule_GetPointer(token, run_scope_name));
    if (!entered)
        return nullptr;
    PyCapsule_SetName(token, "gawait.run_scope that was left");
    const std::unique_ptr<run_scope> scope(entered);
    --self.quits;
    if (self.interrupt)
        self.quit(); // the run around this one has to end as well
    Py_RETURN_NONE;
}

PyObject* raise_interrupt_method(PyObject* self, PyObject*) {
    if (raise_interrupt(loop_of(self)))
        return nullptr;
    Py_RETURN_NONE;
}

PyObject* pause(PyObject* self, PyObject*) {
    ++loop_of(self).pauses;
    Py_RETURN_NONE;
}

PyObject* resume(PyObject* object, PyObject*) {
    loop_object& self = loop_of(object);
    if (--self.pauses == 0 && self.runs > 0)
        self.reopen();
    Py_RETURN_NONE;
}

// The object ---------------------------------------------------------------------

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* created = type->tp_alloc(type, 0);
    if (!created)
        return nullptr;
    loop_object& self = loop_of(created);
    // All else is zero.
    std::construct_at(&self.context);
    std::construct_at(&self.home);
    std::construct_at(&self.core);
    std::construct_at(&self.interrupt);
    std::construct_at(&self.at_end);
    self.slow_callback_duration = 0.1;
    self.closed = true; // until BaseEventLoop.__init__()
    return created;
}

/// Makes what it needs before it runs.
PyObject* open(PyObject* object, PyObject*) {
    loop_object& self = loop_of(object);
    if (self.core) {
        PyErr_SetString(PyExc_RuntimeError, "EventLoop.__init__() was called twice");
        return nullptr;
    }
    self.core = std::make_unique<loop_core>(self);
    self.default_lane = &self.lane_of(G_PRIORITY_DEFAULT);
    Py_RETURN_NONE;
}

/// Takes the loop to its GLib.MainContext, once.
PyObject* bind(PyObject* object, PyObject* boxed) {
    loop_object& self = loop_of(object);
    auto context = ref<GMainContext>::retain(pyg_boxed_get(boxed, GMainContext));
    const acquired_context acquired(context);
    if (!acquired.or_raise())
        return nullptr;
    try {
        self.home = engine::get(context);
    } catch (const error& failure) {
        raise_os_error(failure.matches(G_IO_ERROR_TOO_MANY_OPEN_FILES) ? EMFILE : ENOMEM);
        return nullptr;
    }
    self.context = std::move(context);
    Py_RETURN_NONE;
}

PyObject* has_work(PyObject* object, PyObject* own_fd) {
    const long fd = PyLong_AsLong(own_fd);
    if (fd == -1 && PyErr_Occurred())
        return nullptr;
    return PyBool_FromLong(loop_of(object).has_work(static_cast<int>(fd)));
}

/// Takes its context, or returns False if another thread has it. Not by PyGObject, which imports
/// something when it is first called, and a loop may be left to the end of the interpreter.
PyObject* acquire(PyObject* object, PyObject*) {
    return PyBool_FromLong(g_main_context_acquire(loop_of(object).context));
}

PyObject* release(PyObject* object, PyObject*) {
    g_main_context_release(loop_of(object).context);
    Py_RETURN_NONE;
}

PyObject* close(PyObject* object, PyObject*) {
    loop_object& self = loop_of(object);
    if (!self.let_go()) {
        PyErr_SetString(PyExc_RuntimeError,
                        "Cannot close an event loop whose GLib.MainContext is iterated by "
                        "another thread");
        return nullptr;
    }
    self.home = engine_ref();
    Py_RETURN_NONE;
}

/// Uses the counters of an open loop.
template <class Use> PyObject* with_counters(PyObject* object, Use use) noexcept {
    loop_object& self = loop_of(object);
    if (!check_open(self))
        return nullptr;
    try {
        return use(self);
    } catch (const error&) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the counters of an event loop that runs can be used in its thread alone");
        return nullptr;
    }
}

/// Counts something that is in flight for the loop. It has its context.
PyObject* begin_flight(PyObject* self, PyObject*) {
    loop_of(self).begin_flight();
    Py_RETURN_NONE;
}

PyObject* end_flight(PyObject* self, PyObject*) {
    loop_of(self).end_flight();
    Py_RETURN_NONE;
}

/// (callbacks, turns, polls, operations, longest_turn), as `Counters` has them.
PyObject* counters(PyObject* object, PyObject*) {
    return with_counters(object, [](loop_object& self) {
        const auto read = self.home ? self.home->read_counters() : gawait::counters();
        const std::chrono::duration<double> longest_turn = read.longest_turn;
        return Py_BuildValue("KKKnd", static_cast<unsigned long long>(self.callbacks),
                             static_cast<unsigned long long>(read.turns),
                             static_cast<unsigned long long>(read.polls),
                             static_cast<Py_ssize_t>(read.operations), longest_turn.count());
    });
}

PyObject* reset_longest_turn(PyObject* object, PyObject*) {
    return with_counters(object, [](loop_object& self) {
        if (self.home)
            self.home->reset_longest_turn();
        return Py_NewRef(Py_None);
    });
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    loop_object& self = loop_of(object);
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self.interrupt.get());
    Py_VISIT(self.task_factory);
    for (const timer_list* list : {&self.scheduled, &self.unstarted})
        for (timer_handle* each = list->first(); each; each = each->following)
            Py_VISIT(reinterpret_cast<PyObject*>(each));
    if (!self.core)
        return 0;
    for (const auto& [priority, each] : self.core->lanes)
        for (handle* queued = each.ready.first(); queued; queued = queued->next)
            Py_VISIT(reinterpret_cast<PyObject*>(queued));
    for (const auto& slot : self.core->watches)
        for (const auto& each : slot)
            if (each) {
                Py_VISIT(each->callback.get());
                Py_VISIT(each->file.get());
            }
    return 0;
}

int clear(PyObject* object) {
    loop_object& self = loop_of(object);
    self.interrupt = python::object();
    Py_CLEAR(self.task_factory);
    self.let_go();
    return 0;
}

void deallocate(PyObject* object) {
    PyObject_GC_UnTrack(object);
    loop_object& self = loop_of(object);
    // Another thread iterates the context: the engine keeps what it has of the loop. This is
    // for what was never a whole loop, for EventLoop.__del__() sees to the others.
    if (!self.let_go())
        return;
    Py_CLEAR(self.task_factory);
    std::destroy_at(&self.core);
    std::destroy_at(&self.at_end);
    std::destroy_at(&self.interrupt);
    std::destroy_at(&self.home);
    std::destroy_at(&self.context);
    PyTypeObject* type = Py_TYPE(object);
    type->tp_free(object);
    Py_DECREF(type);
}

template <bool loop_object::* Flag> PyObject* get_flag(PyObject* self, void*) {
    return PyBool_FromLong(loop_of(self).*Flag);
}

template <bool loop_object::* Flag> int set_flag(PyObject* self, PyObject* value, void*) {
    const int truth = value ? PyObject_IsTrue(value) : 0;
    if (truth >= 0)
        loop_of(self).*Flag = truth;
    return truth < 0 ? -1 : 0;
}

int set_stopping(PyObject* self, PyObject* value, void*) {
    if (set_flag<&loop_object::stopping>(self, value, nullptr) < 0)
        return -1;
    loop_of(self).halted = false;
    return 0;
}

int set_debug(PyObject* self, PyObject* value, void*) {
    if (set_flag<&loop_object::debug>(self, value, nullptr) < 0)
        return -1;
    debug_mode_in_use |= loop_of(self).debug;
    return 0;
}

/// asyncio asks for it with each task and future.
PyObject* get_debug(PyObject* self, PyObject*) { return PyBool_FromLong(loop_of(self).debug); }

PyMethodDef methods[] = {
    {"call_soon", method(call_soon), METH_FASTCALL | METH_KEYWORDS,
     "call_soon($self, callback, *args, context=None, priority=None)\n--\n\n"
     "Call callback(*args) in the next round of the loop; return a Handle.\n\n"
     "Calls are made in the order of call_soon(). The callback runs in a contextvars.Context,\n"
     "by default a copy of the current one. priority is a GLib priority, lower runs first; by\n"
     "default the one of the task that calls, or GLib.PRIORITY_DEFAULT.\n\n"
     "To be called in the loop's thread, also from a callback of GLib's: it wakes the loop."},
    {"call_soon_threadsafe", method(call_soon_threadsafe), METH_FASTCALL | METH_KEYWORDS,
     "call_soon_threadsafe($self, callback, *args, context=None, priority=None)\n--\n\n"
     "Like call_soon(), for other threads and for signal handlers."},
    {"call_later", method(call_later), METH_FASTCALL | METH_KEYWORDS,
     "call_later($self, delay, callback, *args, context=None, priority=None)\n--\n\n"
     "Call callback(*args) after a delay in seconds; return a TimerHandle.\n\n"
     "The clock is monotonic, and precise to fractions of a millisecond."},
    {"call_at", method(call_at), METH_FASTCALL | METH_KEYWORDS,
     "call_at($self, when, callback, *args, context=None, priority=None)\n--\n\n"
     "Call callback(*args) at a time of loop.time(); return a TimerHandle."},
    {"create_future", create_future, METH_NOARGS,
     "create_future($self)\n--\n\nReturn a new asyncio.Future of this loop."},
    {"create_task", method(create_task), METH_FASTCALL | METH_KEYWORDS,
     "create_task($self, coro, *, name=None, context=None, priority=None, **kwargs)\n--\n\n"
     "Begin to run a coroutine in the next round; return its asyncio.Task.\n\n"
     "priority is a GLib priority, lower runs first, which what the task starts has as well;\n"
     "by default the one of the task that calls."},
    {"time", time_method, METH_NOARGS,
     "time($self)\n--\n\nReturn the monotonic clock's time in seconds."},
    {"get_debug", get_debug, METH_NOARGS,
     "get_debug($self)\n--\n\nReturn whether the loop is in debug mode."},
    {"stop", stop, METH_NOARGS,
     "stop($self)\n--\n\nEnd run_forever() once the callbacks that are ready have run."},
    {"_add_reader", method(add_reader), METH_FASTCALL, nullptr},
    {"_add_writer", method(add_writer), METH_FASTCALL, nullptr},
    {"_remove_reader", remove_reader, METH_O, nullptr},
    {"_remove_writer", remove_writer, METH_O, nullptr},
    {"_watches_of", watches_of, METH_O, nullptr},
    {"_run_once", run_once, METH_NOARGS, nullptr},
    {"_enter", enter, METH_NOARGS, nullptr},
    {"_leave", leave, METH_O, nullptr},
    {"_raise_interrupt", raise_interrupt_method, METH_NOARGS, nullptr},
    {"_pause", pause, METH_NOARGS, nullptr},
    {"_resume", resume, METH_NOARGS, nullptr},
    {"_open", open, METH_NOARGS, nullptr},
    {"_bind", bind, METH_O, nullptr},
    {"_begin_flight", begin_flight, METH_NOARGS, nullptr},
    {"_end_flight", end_flight, METH_VARARGS, nullptr}, // perhaps with a future that is done
    {"_counters", counters, METH_NOARGS, nullptr},
    {"reset_longest_turn", reset_longest_turn, METH_NOARGS,
     "reset_longest_turn($self)\n--\n\n"
     "Begin anew with counters().longest_turn, which then tells of the turn that runs, and of "
     "later ones.\n\n"
     "To be called in the loop's thread; RuntimeError in another one while the loop runs."},
    {"_has_work", has_work, METH_O, nullptr},
    {"_acquire", acquire, METH_NOARGS, nullptr},
    {"_release", release, METH_NOARGS, nullptr},
    {"_close", close, METH_NOARGS, nullptr},
    {"_set_priorities_in_use", set_priorities_in_use, METH_NOARGS | METH_STATIC, nullptr},
    {},
};

PyGetSetDef attributes[] = {
    {"_stopping", get_flag<&loop_object::stopping>, set_stopping, nullptr, nullptr},
    {"_debug", get_flag<&loop_object::debug>, set_debug, nullptr, nullptr},
    {"_guest", get_flag<&loop_object::guest>, set_flag<&loop_object::guest>, nullptr, nullptr},
    {"_closed", get_flag<&loop_object::closed>, set_flag<&loop_object::closed>, nullptr, nullptr},
    {},
};

PyMemberDef members[] = {
    {"_task_factory", T_OBJECT, offsetof(loop_object, task_factory), 0, nullptr},
    {"slow_callback_duration", T_DOUBLE, offsetof(loop_object, slow_callback_duration), 0,
     "In debug mode, callbacks that take longer are logged; in seconds."},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("What of EventLoop is hot.")},
    {Py_tp_new, slot(create)},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.LoopCore",
    .basicsize = sizeof(loop_object),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

} // namespace

bool check_open(loop_object& self) noexcept {
    if (self.core && !self.closed) [[likely]]
        return true;
    PyErr_SetString(PyExc_RuntimeError,
                    self.core ? "Event loop is closed" : "EventLoop.__init__() was not called");
    return false;
}

bool is_loop(PyObject* given) noexcept { return PyObject_TypeCheck(given, loop_type); }

PyTypeObject* add_loop_type(PyObject* module) noexcept {
    loop_type = add_calls(module) && prepare_tasks() ? add_type(module, specification) : nullptr;
    return loop_type;
}

} // namespace gawait::python
