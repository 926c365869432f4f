#include "producing/pair.hpp"

#include "awaiting/operation.hpp"
#include "current_context.hpp"
#include "producing/producing.hpp"
#include "producing/production.hpp"
#include "running_loop.hpp"

#include <gio/gio.h>

#include <algorithm>

namespace gawait::python {
namespace {

/// Begins the coroutine of an `@async_method`.
struct pair {
    PyObject_HEAD PyObject* owner; // the class
    PyObject* name;                // of the coroutine method
    PyObject* title;
    PyObject* own_arguments; // a function, for calls that name something
    Py_ssize_t tag;
    Py_ssize_t positional; // how many arguments may go to the coroutine, besides self
};

/// What a call has of the pair's own parameters.
struct own_arguments {
    int priority = G_PRIORITY_DEFAULT;
    object cancellable;
    object callback;  // empty if there is none; `None` is one that does nothing
    object user_data; // a tuple

    /// False with an exception set on failure.
    bool take(const pair& self, PyObject* given, PyObject* named) noexcept {
        const Py_ssize_t count = PyTuple_GET_SIZE(given);
        cancellable = object::retain(Py_None);
        if (PyDict_GET_SIZE(named) == 0 && count <= self.positional)
            return true;
        const auto own = object::adopt(PyTuple_GetSlice(given, self.positional, count));
        const auto all = own ? object::adopt(PyObject_CallFunctionObjArgs(
                                   self.own_arguments, own.get(), named, nullptr))
                             : object();
        PyObject *taken_cancellable = nullptr, *taken_callback = nullptr, *data = nullptr;
        if (!all || !PyArg_ParseTuple(all.get(), "iOO|O", &priority, &taken_cancellable, &data,
                                      &taken_callback))
            return false;
        cancellable = object::retain(taken_cancellable);
        callback = object::retain(taken_callback);
        user_data = object::retain(data);
        return true;
    }

    /// Where nothing is named, all is in its place and the priority is the usual one.
    bool take_as_usual(const pair& self, PyObject* given, PyObject* named) noexcept {
        const Py_ssize_t first = self.positional;
        if (PyDict_GET_SIZE(named) != 0 || PyTuple_GET_SIZE(given) < first + 3)
            return false;
        PyObject* const wanted = PyTuple_GET_ITEM(given, first);
        int overflow = 0;
        if (!PyLong_CheckExact(wanted) ||
            PyLong_AsLongAndOverflow(wanted, &overflow) != G_PRIORITY_DEFAULT || overflow)
            return false;
        cancellable = object::retain(PyTuple_GET_ITEM(given, first + 1));
        callback = object::retain(PyTuple_GET_ITEM(given, first + 2));
        user_data = object::adopt(PyTuple_GetSlice(given, first + 3, PyTuple_GET_SIZE(given)));
        return bool(user_data);
    }
};

/// The coroutine that the method returns; empty with an exception set on failure.
object call_method(const pair& self, PyObject* source, PyObject* given, PyObject* named) noexcept {
    const auto method = object::adopt(PyObject_GetAttr(source, self.name));
    const Py_ssize_t count = std::min(PyTuple_GET_SIZE(given), self.positional);
    if (!method)
        return {};
    return object::adopt(unless_exiting([&] {
        if (PyDict_GET_SIZE(named) == 0)
            return PyObject_Vectorcall(method.get(), &PyTuple_GET_ITEM(given, 0),
                                       static_cast<std::size_t>(count), nullptr);
        const auto first = object::adopt(PyTuple_GetSlice(given, 0, count));
        return first ? PyObject_Call(method.get(), first.get(), named) : nullptr;
    }));
}

void close(const object& coroutine) noexcept {
    object failure = take_exception();
    if (!object::adopt(PyObject_CallMethod(coroutine.get(), "close", nullptr)))
        PyErr_WriteUnraisable(coroutine.get());
    raise(std::move(failure));
}

/// Of a call without a callback where a loop runs: nobody sees a `GTask`, which would cost as much
/// as all the rest.
PyObject* begin_awaited(const pair& self, PyObject* loop, PyObject* source, PyObject* given,
                        PyObject* named, const own_arguments& own) noexcept {
    object operation = new_operation(loop, own.cancellable, {});
    const object coroutine = operation ? call_method(self, source, given, named) : object();
    if (!coroutine || !run_production({.coroutine = coroutine.get(),
                                       .end = operation.get(),
                                       .title = self.title,
                                       .cancellable = nullptr,
                                       .priority = own.priority}))
        return nullptr;
    return operation.release();
}

PyObject* begin(const pair& self, PyObject* source, PyObject* given, PyObject* named) noexcept {
    own_arguments own;
    if (!own.take_as_usual(self, given, named) &&
        (PyErr_Occurred() || !own.take(self, given, named)))
        return nullptr;
    if (!own.callback) {
        const object loop = running_loop();
        if (loop && in_current_context(loop.get()))
            return begin_awaited(self, loop.get(), source, given, named, own);
        if (PyErr_Occurred())
            return nullptr;
        own.callback = object::retain(Py_None);
        if (!own.user_data)
            own.user_data = object::adopt(PyTuple_New(0));
    }
    const object coroutine = call_method(self, source, given, named);
    if (!coroutine || !own.user_data)
        return nullptr;
    const object task = new_task({.source = source,
                                  .cancellable = own.cancellable.get(),
                                  .priority = own.priority,
                                  .tag = self.tag,
                                  .name = PyUnicode_AsUTF8(self.title)},
                                 own.callback.get(), own.user_data.get());
    if (!task) {
        close(coroutine);
        return nullptr;
    }
    if (!run_production({.coroutine = coroutine.get(),
                         .end = task.get(),
                         .title = self.title,
                         .cancellable = g_task_get_cancellable(task_of(task.get())),
                         .priority = own.priority}))
        return nullptr;
    Py_RETURN_NONE;
}

pair& pair_of(PyObject* self) noexcept { return *reinterpret_cast<pair*>(self); }

/// begin(source, arguments, named)
PyObject* begin_method(PyObject* of, PyObject* const* values, Py_ssize_t count) {
    const pair& self = pair_of(of);
    if (count != 3 || !PyTuple_Check(values[1]) || !PyDict_Check(values[2])) {
        PyErr_SetString(PyExc_TypeError, "begin() takes an object, a tuple and a dictionary");
        return nullptr;
    }
    const int is_owners = PyObject_IsInstance(values[0], self.owner);
    if (is_owners > 0)
        return begin(self, values[0], values[1], values[2]);
    if (is_owners == 0) {
        const auto wanted = object::adopt(PyObject_GetAttrString(self.owner, "__qualname__"));
        if (wanted)
            PyErr_Format(PyExc_TypeError, "%U_async(): expected %U, not %.200s", self.title,
                         wanted.get(), Py_TYPE(values[0])->tp_name);
    }
    return nullptr;
}

PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject*) {
    PyObject *owner = nullptr, *name = nullptr, *title = nullptr, *own = nullptr;
    Py_ssize_t tag = 0, positional = 0;
    if (!PyArg_ParseTuple(arguments, "O!UUOnn", &PyType_Type, &owner, &name, &title, &own, &tag,
                          &positional))
        return nullptr;
    PyObject* const made = type->tp_alloc(type, 0);
    if (!made)
        return nullptr;
    pair& self = pair_of(made);
    self.owner = Py_NewRef(owner);
    self.name = Py_NewRef(name);
    PyUnicode_InternInPlace(&self.name);
    self.title = Py_NewRef(title);
    self.own_arguments = Py_NewRef(own);
    self.tag = tag;
    self.positional = positional;
    return made;
}

int traverse(PyObject* of, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(of));
    Py_VISIT(pair_of(of).owner);
    Py_VISIT(pair_of(of).own_arguments);
    return 0;
}

int clear(PyObject* of) {
    Py_CLEAR(pair_of(of).owner);
    Py_CLEAR(pair_of(of).own_arguments);
    return 0;
}

void deallocate(PyObject* of) {
    PyObject_GC_UnTrack(of);
    clear(of);
    Py_CLEAR(pair_of(of).name);
    Py_CLEAR(pair_of(of).title);
    const auto type = object::adopt(reinterpret_cast<PyObject*>(Py_TYPE(of)));
    PyObject_GC_Del(of);
}

PyMethodDef methods[] = {
    {"begin", method(begin_method), METH_FASTCALL, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_new, slot(make)},    {Py_tp_dealloc, slot(deallocate)}, {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)}, {Py_tp_methods, methods},          {},
};

PyType_Spec specification = {
    .name = "gawait._native.Pair",
    .basicsize = sizeof(pair),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

} // namespace

bool add_pair_type(PyObject* module) noexcept { return add_type(module, specification); }

} // namespace gawait::python
