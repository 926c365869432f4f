#include "producing/production.hpp"

#include "awaiting/operation.hpp"
#include "current_context.hpp"
#include "gawait/ref.hpp"
#include "loop/calls.hpp"
#include "producing/producing.hpp"
#include "pygobject.hpp"
#include "running_loop.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <memory>
#include <structmember.h>

namespace gawait::python {
namespace {

/// A coroutine's task and what ends when it does: a `Gio.Task`, an `Operation`, or what has
/// succeed() and fail() in Python. The task has it as a callback, and so keeps it.
struct production {
    PyObject_HEAD vectorcallfunc call;
    object loop;
    object end; // null once it has ended
    object title;
    ref<GCancellable> cancellable;
    gulong handler;
};

PyTypeObject* production_type;
PyObject* priority_variable;
PyObject* run_function;       // producing.py's
PyObject* failed_function;    // producing.py's
PyObject* not_begun_function; // producing.py's
PyObject* abandoned_function; // producing.py's
PyObject* add_done_callback_name;
PyObject* call_soon_threadsafe_name;
PyObject* cancel_name;
PyObject* create_task_name;
PyObject* priority_names; // a tuple of it alone
PyObject* result_name;
PyObject* succeed_name;
PyObject* tasks_name;

production& production_of(PyObject* self) noexcept { return *reinterpret_cast<production*>(self); }

// Cancellation -------------------------------------------------------------------

/// What hears of the caller's cancellable, in any thread. Weak references: whoever keeps the
/// cancellable does not keep these.
struct listener {
    object task;
    object loop;
};

void on_cancelled(GCancellable*, gpointer data) {
    const with_gil held;
    const auto& self = *static_cast<listener*>(data);
    const object task = referred_to(self.task), loop = referred_to(self.loop);
    const auto cancel =
        task && loop ? object::adopt(PyObject_GetAttr(task.get(), cancel_name)) : object();
    if (!cancel || object::adopt(PyObject_CallMethodOneArg(loop.get(), call_soon_threadsafe_name,
                                                           cancel.get())))
        return;
    if (PyErr_ExceptionMatches(PyExc_RuntimeError)) // closed
        PyErr_Clear();
    else
        PyErr_WriteUnraisable(task.get());
}

void drop_listener(gpointer data, GClosure*) {
    const with_gil held;
    const std::unique_ptr<listener> last(static_cast<listener*>(data));
}

/// False with an exception set on failure.
bool listen(production& self, PyObject* task) noexcept {
    if (!self.cancellable)
        return true;
    auto made =
        std::make_unique<listener>(object::adopt(PyWeakref_NewRef(task, nullptr)),
                                   object::adopt(PyWeakref_NewRef(self.loop.get(), nullptr)));
    if (!made->task || !made->loop)
        return false;
    // Not g_cancellable_connect(), whose disconnecting waits for handlers that want the GIL.
    self.handler = g_signal_connect_data(self.cancellable, "cancelled", G_CALLBACK(on_cancelled),
                                         made.release(), drop_listener, GConnectFlags{});
    return !g_cancellable_is_cancelled(self.cancellable) ||
           object::adopt(PyObject_CallMethodNoArgs(task, cancel_name));
}

/// Stops listening, and gives what is to be ended, the first time.
object take_end(production& self) noexcept {
    if (self.handler != 0)
        g_signal_handler_disconnect(self.cancellable, std::exchange(self.handler, 0));
    self.cancellable = {};
    return std::exchange(self.end, {});
}

// The end ------------------------------------------------------------------------

/// False with an exception set if it cannot end with this value.
bool succeed(PyObject* end, PyObject* value) noexcept {
    if (is_operation(end))
        return end_produced(end, object::retain(value));
    if (is_task(end))
        return return_value(task_of(end), value);
    return bool(object::adopt(PyObject_CallMethodOneArg(end, succeed_name, value)));
}

/// The tasks that a loop's productions run; they are kept, as asyncio does not.
object tasks_of(PyObject* loop) noexcept {
    auto tasks = object::adopt(PyObject_GetAttr(loop, tasks_name));
    if (tasks || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return tasks;
    PyErr_Clear();
    tasks = object::adopt(PySet_New(nullptr));
    return tasks && PyObject_SetAttr(loop, tasks_name, tasks.get()) == 0 ? tasks : object();
}

/// The task's callback.
PyObject* done(PyObject* of, PyObject* const* arguments, std::size_t, PyObject*) {
    PyObject* const task = arguments[0];
    production& self = production_of(of);
    const object tasks = tasks_of(self.loop.get());
    if (!tasks || PySet_Discard(tasks.get(), task) < 0)
        return nullptr;
    const object end = take_end(self);
    if (!end)
        Py_RETURN_NONE;
    const auto value = object::adopt(PyObject_CallMethodNoArgs(task, result_name));
    if (value && succeed(end.get(), value.get()))
        Py_RETURN_NONE;
    object refusal = take_exception();
    if (!value)
        refusal = object::retain(Py_None);
    return PyObject_CallFunctionObjArgs(failed_function, self.loop.get(), task, end.get(),
                                        self.title.get(), refusal.get(), nullptr);
}

// The beginning ------------------------------------------------------------------

/// Empty with an exception set on failure.
object create_task(PyObject* loop, PyObject* coroutine, int priority) noexcept {
    PyObject* current = nullptr;
    if (PyContextVar_Get(priority_variable, nullptr, &current) < 0)
        return {};
    const auto held = object::adopt(current);
    const long now = current ? PyLong_AsLong(current) : G_PRIORITY_DEFAULT;
    if (priority == now || PyObject_HasAttrString(loop, "_enter") == 0) {
        PyObject* const plain[] = {loop, coroutine};
        return object::adopt(PyObject_VectorcallMethod(create_task_name, plain, 2, nullptr));
    }
    const auto wanted = object::adopt(PyLong_FromLong(priority));
    PyObject* const named[] = {loop, coroutine, wanted.get()};
    return wanted ? object::adopt(
                        PyObject_VectorcallMethod(create_task_name, named, 2, priority_names))
                  : object();
}

/// Empty with an exception set on failure.
object begin(production& self, PyObject* coroutine, int priority) noexcept {
    object task = create_task(self.loop.get(), coroutine, priority);
    const object tasks = task ? tasks_of(self.loop.get()) : object();
    if (!tasks || PySet_Add(tasks.get(), task.get()) < 0)
        return {};
    const auto added = object::adopt(PyObject_CallMethodOneArg(task.get(), add_done_callback_name,
                                                               reinterpret_cast<PyObject*>(&self)));
    if (added && is_operation(self.end.get()))
        tell_producer(self.end.get(), task.get());
    return added && listen(self, task.get()) ? task : object();
}

/// Starts it, and returns its task; empty with an exception set on failure.
object start(const wanted_production& wanted, object loop) noexcept {
    const auto made = object::adopt(production_type->tp_alloc(production_type, 0));
    if (!made)
        return {};
    production& self = production_of(made.get());
    self.call = done;
    self.loop = std::move(loop);
    self.end = object::retain(wanted.end);
    self.title = object::retain(wanted.title);
    if (is_operation(wanted.end))
        self.cancellable = ref<GCancellable>::retain(c_cancellable_of(wanted.end));
    else
        self.cancellable = ref<GCancellable>::retain(wanted.cancellable);
    if (object task = begin(self, wanted.coroutine, wanted.priority))
        return task;
    // Of a task factory; or there are no descriptors for a loop.
    const object failure = take_exception();
    const object never_begun = take_end(self);
    if (never_begun &&
        !object::adopt(PyObject_CallFunctionObjArgs(not_begun_function, never_begun.get(),
                                                    failure.get(), wanted.coroutine, nullptr)))
        return {};
    raise(failure);
    return {};
}

/// The loop that runs, if it is of the current context.
object loop_here() noexcept {
    object loop = running_loop();
    return loop && in_current_context(loop.get()) ? loop : object();
}

/// run_production(coroutine, end, title, cancellable, priority, loop=None): starts the coroutine
/// and returns its task. Without a loop, in the one that runs; `NotImplemented` if that is not of
/// the current context.
PyObject* run_production_method(PyObject*, PyObject* arguments) {
    wanted_production wanted{};
    PyObject *given_loop = nullptr, *cancellable = nullptr;
    if (!PyArg_ParseTuple(arguments, "OOOOi|O", &wanted.coroutine, &wanted.end, &wanted.title,
                          &cancellable, &wanted.priority, &given_loop))
        return nullptr;
    if (cancellable != Py_None)
        wanted.cancellable = G_CANCELLABLE(pygobject_get(cancellable));
    object loop = given_loop ? object::retain(given_loop) : loop_here();
    if (!loop)
        return PyErr_Occurred() ? nullptr : Py_NewRef(Py_NotImplemented);
    return start(wanted, std::move(loop)).release();
}

// The object ---------------------------------------------------------------------

int traverse(PyObject* of, visitproc visit, void* arg) {
    const production& self = production_of(of);
    Py_VISIT(Py_TYPE(of));
    Py_VISIT(self.loop.get());
    Py_VISIT(self.end.get());
    Py_VISIT(self.title.get());
    return 0;
}

int clear(PyObject* of) {
    production& self = production_of(of);
    const object end = take_end(self);
    self.loop = {};
    self.title = {};
    return 0;
}

/// Its loop is gone.
void finalize(PyObject* of) {
    const object raised = PyErr_Occurred() ? take_exception() : object();
    if (const object end = take_end(production_of(of));
        end && !object::adopt(PyObject_CallOneArg(abandoned_function, end.get())))
        PyErr_WriteUnraisable(of);
    if (raised)
        raise(raised);
}

void deallocate(PyObject* of) {
    if (PyObject_CallFinalizerFromDealloc(of) < 0)
        return;
    PyObject_GC_UnTrack(of);
    production& self = production_of(of);
    std::destroy_at(&self.cancellable);
    std::destroy_at(&self.title);
    std::destroy_at(&self.end);
    std::destroy_at(&self.loop);
    const auto type = object::adopt(reinterpret_cast<PyObject*>(Py_TYPE(of)));
    PyObject_GC_Del(of);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(production, call), READONLY, nullptr},
    {},
};

PyObject* get_end(PyObject* of, void*) {
    PyObject* const end = production_of(of).end.get();
    return Py_NewRef(end ? end : Py_None);
}

PyGetSetDef attributes[] = {
    {"end", get_end, nullptr, nullptr, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_finalize, slot(finalize)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_tp_call, slot(PyVectorcall_Call)},
    {Py_tp_members, members},
    {Py_tp_getset, attributes},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.Production",
    .basicsize = sizeof(production),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

/// run_productions(run, failed, not_begun, abandoned): what producing.py does of what is cold.
PyObject* run_productions(PyObject*, PyObject* arguments) {
    PyObject *run = nullptr, *failed = nullptr, *not_begun = nullptr, *abandoned = nullptr;
    if (!PyArg_ParseTuple(arguments, "OOOO", &run, &failed, &not_begun, &abandoned))
        return nullptr;
    Py_XSETREF(run_function, Py_NewRef(run));
    Py_XSETREF(failed_function, Py_NewRef(failed));
    Py_XSETREF(not_begun_function, Py_NewRef(not_begun));
    Py_XSETREF(abandoned_function, Py_NewRef(abandoned));
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"run_production", run_production_method, METH_VARARGS, nullptr},
    {"run_productions", run_productions, METH_VARARGS, nullptr},
    {},
};

} // namespace

bool run_production(const wanted_production& wanted) noexcept {
    if (object loop = loop_here()) [[likely]]
        return bool(start(wanted, std::move(loop)));
    if (PyErr_Occurred())
        return false;
    const auto cancellable =
        object::adopt(pygobject_new(reinterpret_cast<GObject*>(wanted.cancellable)));
    return cancellable &&
           object::adopt(PyObject_CallFunction(run_function, "OOOOi", wanted.coroutine, wanted.end,
                                               wanted.title, cancellable.get(), wanted.priority));
}

bool add_production(PyObject* module) noexcept {
    priority_variable = PyObject_GetAttrString(module, "priority");
    priority_names = PyTuple_Pack(1, priority_name);
    add_done_callback_name = PyUnicode_InternFromString("add_done_callback");
    call_soon_threadsafe_name = PyUnicode_InternFromString("call_soon_threadsafe");
    cancel_name = PyUnicode_InternFromString("cancel");
    create_task_name = PyUnicode_InternFromString("create_task");
    result_name = PyUnicode_InternFromString("result");
    succeed_name = PyUnicode_InternFromString("succeed");
    tasks_name = PyUnicode_InternFromString("_produced_tasks");
    production_type = add_type(module, specification);
    return priority_variable && priority_names && add_done_callback_name &&
           call_soon_threadsafe_name && cancel_name && create_task_name && result_name &&
           succeed_name && tasks_name && production_type &&
           PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
