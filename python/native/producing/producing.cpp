#include "producing/producing.hpp"

#include "current_context.hpp"
#include "pygobject.hpp"
#include "user_data.hpp"

#include <memory>

namespace gawait::python {
namespace {

PyTypeObject* task_type; // Gio.Task
GQuark finished;         // on a GTask whose result was taken out
GQuark ended;            // on what `ends_now()` was asked for
GType python_object;     // the boxed type of what GLib has no type for

/// A Python callback, and what it gets besides the source and the result.
struct ready_call {
    object function;
    object data; // a tuple
};

void call_ready(GObject* source, GAsyncResult* result, gpointer user_data) {
    const with_gil held;
    const std::unique_ptr<ready_call> call(static_cast<ready_call*>(user_data));
    const Py_ssize_t extra = PyTuple_GET_SIZE(call->data.get());
    auto arguments = object::adopt(PyTuple_New(2 + extra));
    const auto told_source = object::adopt(pygobject_new(source));
    const auto told_result = object::adopt(pygobject_new(reinterpret_cast<GObject*>(result)));
    if (arguments && told_source && told_result) {
        PyTuple_SET_ITEM(arguments.get(), 0, Py_NewRef(told_source.get()));
        PyTuple_SET_ITEM(arguments.get(), 1, Py_NewRef(told_result.get()));
        for (Py_ssize_t index = 0; index < extra; ++index)
            PyTuple_SET_ITEM(arguments.get(), 2 + index,
                             Py_NewRef(PyTuple_GET_ITEM(call->data.get(), index)));
        if (object::adopt(PyObject_CallObject(call->function.get(), arguments.get())))
            return;
    }
    // As PyGObject does with what its callbacks raise.
    PyErr_Print();
}

/// `None` is null. False with an exception set if it is something else.
bool gobject_of(PyObject* given, GType type, GObject*& found) noexcept {
    found = nullptr;
    if (given == Py_None)
        return true;
    if (pygobject_check(given, &PyGObject_Type))
        found = pygobject_get(given);
    if (found && g_type_is_a(G_OBJECT_TYPE(found), type))
        return true;
    PyErr_Format(PyExc_TypeError, "expected an object of type %s, not %.200s", g_type_name(type),
                 Py_TYPE(given)->tp_name);
    return false;
}

/// Empty with an exception set on failure.
object make(const wanted_task& wanted, GAsyncReadyCallback ready, gpointer user_data) noexcept {
    GObject *source = nullptr, *cancellable = nullptr;
    if (!gobject_of(wanted.source, G_TYPE_OBJECT, source) ||
        !gobject_of(wanted.cancellable, G_TYPE_CANCELLABLE, cancellable))
        return {};
    object made = new_task(source, G_CANCELLABLE(cancellable), ready, user_data);
    if (!made)
        return made;
    GTask* task = G_TASK(pygobject_get(made.get()));
    g_task_set_priority(task, wanted.priority);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a pointer that Python has kept.
    g_task_set_source_tag(task, reinterpret_cast<gpointer>(wanted.tag));
    (g_task_set_name)(task, wanted.name);
    return made;
}

/// The callback and its data are pointers of C code's.
PyObject* new_task_for_c(PyObject*, PyObject* arguments) {
    wanted_task wanted{};
    PyObject *callback = nullptr, *data = nullptr;
    if (!PyArg_ParseTuple(arguments, "OOinsOO", &wanted.source, &wanted.cancellable,
                          &wanted.priority, &wanted.tag, &wanted.name, &callback, &data))
        return nullptr;
    const auto ready = reinterpret_cast<GAsyncReadyCallback>(pointer_of(callback));
    gpointer user_data = pointer_of(data);
    return PyErr_Occurred() ? nullptr : make(wanted, ready, user_data).release();
}

/// Empty with an exception set on failure.
object with_user_data(object task, PyObject* data) noexcept {
    const bool kept = task && keep_user_data(task.get(), nullptr, &PyTuple_GET_ITEM(data, 0),
                                             PyTuple_GET_SIZE(data));
    return kept ? task : object();
}

/// The type that C code gets a value in.
GType type_of_value(PyObject* value) noexcept {
    if (PyBool_Check(value))
        return G_TYPE_BOOLEAN;
    if (PyLong_CheckExact(value)) {
        int overflow = 0;
        std::ignore = PyLong_AsLongLongAndOverflow(value, &overflow);
        return overflow ? python_object : G_TYPE_INT64;
    }
    if (PyFloat_CheckExact(value))
        return G_TYPE_DOUBLE;
    if (PyUnicode_CheckExact(value)) {
        const Py_ssize_t nul = PyUnicode_FindChar(value, 0, 0, PyUnicode_GET_LENGTH(value), 1);
        return nul < 0 ? G_TYPE_STRING : python_object;
    }
    if (pygobject_check(value, &PyGObject_Type)) {
        GObject* const instance = pygobject_get(value);
        return instance ? G_OBJECT_TYPE(instance) : python_object;
    }
    // Boxed types, variants, enumerations.
    const GType type =
        pyg_type_from_object_strict(reinterpret_cast<PyObject*>(Py_TYPE(value)), FALSE);
    return G_TYPE_IS_VALUE(type) ? type : python_object;
}

PyObject* return_value_method(PyObject*, PyObject* arguments) {
    PyObject *given = nullptr, *value = nullptr;
    if (!PyArg_ParseTuple(arguments, "OO", &given, &value))
        return nullptr;
    GTask* task = task_of(given);
    return task && return_value(task, value) ? Py_NewRef(Py_None) : nullptr;
}

PyObject* return_error(PyObject*, PyObject* arguments) {
    PyObject* given = nullptr;
    const char *domain = nullptr, *message = nullptr;
    int code = 0;
    if (!PyArg_ParseTuple(arguments, "Osis", &given, &domain, &code, &message))
        return nullptr;
    GTask* task = task_of(given);
    if (!task)
        return nullptr;
    {
        const auto alive = ref<GTask>::retain(task);
        const without_gil released;
        if (ends_now(task))
            g_task_return_error(task,
                                g_error_new_literal(g_quark_from_string(domain), code, message));
    }
    Py_RETURN_NONE;
}

/// The result of a task of that source and tag, which a function of that name finishes.
PyObject* finish(PyObject*, PyObject* arguments) {
    PyObject *source = nullptr, *result = nullptr;
    Py_ssize_t tag = 0;
    const char* name = nullptr;
    if (!PyArg_ParseTuple(arguments, "OOns", &source, &result, &tag, &name))
        return nullptr;
    GObject* given = pygobject_check(result, &PyGObject_Type) ? pygobject_get(result) : nullptr;
    if (!G_IS_ASYNC_RESULT(given))
        return PyErr_Format(PyExc_TypeError, "%s_finish(): expected Gio.AsyncResult, not %.200s",
                            name, Py_TYPE(result)->tp_name);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a pointer that Python has kept.
    auto* const wanted = reinterpret_cast<gpointer>(tag);
    if (!G_IS_TASK(given) || g_task_get_source_tag(G_TASK(given)) != wanted) {
        GError* old_failure = nullptr;
        if (g_async_result_legacy_propagate_error(G_ASYNC_RESULT(given), &old_failure) &&
            pyg_error_check(&old_failure))
            return nullptr;
        return PyErr_Format(PyExc_ValueError, "%s_finish(): the result is of another function",
                            name);
    }
    GTask* task = G_TASK(given);
    if (!pygobject_check(source, &PyGObject_Type) ||
        g_task_get_source_object(task) != pygobject_get(source))
        return PyErr_Format(PyExc_ValueError, "%s_finish(): the result is of another object", name);
    if (g_object_get_qdata(G_OBJECT(task), finished)) {
        PyErr_SetString(PyExc_RuntimeError, "the result was taken out before");
        return nullptr;
    }
    g_object_set_qdata(G_OBJECT(task), finished, task);
    GValue value = G_VALUE_INIT;
    GError* failure = nullptr;
    if (!g_task_propagate_value(task, &value, &failure)) {
        pyg_error_check(&failure);
        return nullptr;
    }
    PyObject* taken = pyg_value_as_pyobject(&value, TRUE);
    g_value_unset(&value);
    return taken;
}

PyObject* in_current_context_method(PyObject*, PyObject* loop) {
    const bool is_in = in_current_context(loop);
    return PyErr_Occurred() ? nullptr : PyBool_FromLong(is_in);
}

PyMethodDef functions[] = {
    {"new_task_for_c", new_task_for_c, METH_VARARGS, nullptr},
    {"return_value", return_value_method, METH_VARARGS, nullptr},
    {"return_error", return_error, METH_VARARGS, nullptr},
    {"finish", finish, METH_VARARGS, nullptr},
    {"in_current_context", in_current_context_method, METH_O, nullptr},
    {},
};

} // namespace

object new_task(const wanted_task& wanted, PyObject* callback, PyObject* data) noexcept {
    if (callback == Py_None)
        return with_user_data(make(wanted, nullptr, nullptr), data);
    if (!PyCallable_Check(callback)) {
        PyErr_Format(PyExc_TypeError, "argument 'callback': expected a callable, not %.200s",
                     Py_TYPE(callback)->tp_name);
        return {};
    }
    auto call = std::make_unique<ready_call>(object::retain(callback), object::retain(data));
    object made = make(wanted, call_ready, call.get());
    if (made)
        std::ignore = call.release(); // the task calls back once
    return with_user_data(std::move(made), data);
}

bool is_task(PyObject* given) noexcept { return PyObject_TypeCheck(given, task_type); }

bool return_value(GTask* task, PyObject* value) noexcept {
    GValue converted = G_VALUE_INIT;
    g_value_init(&converted, type_of_value(value));
    if (pyg_value_from_pyobject(&converted, value) < 0) {
        // What no type of GLib's can hold: a lone surrogate in a string.
        PyErr_Clear();
        g_value_unset(&converted);
        g_value_init(&converted, python_object);
        if (pyg_value_from_pyobject(&converted, value) < 0)
            return false;
    }
    // It may call back at once, and what it calls may wait for another thread.
    const auto alive = ref<GTask>::retain(task);
    const without_gil released;
    if (ends_now(task))
        g_task_return_value(task, &converted);
    g_value_unset(&converted);
    return true;
}

GTask* task_of(PyObject* given) noexcept {
    if (is_task(given) && pygobject_get(given))
        return G_TASK(pygobject_get(given));
    PyErr_Format(PyExc_TypeError, "expected Gio.Task, not %.200s", Py_TYPE(given)->tp_name);
    return nullptr;
}

bool ends_now(gpointer task_or_invocation) noexcept {
    auto* const object = static_cast<GObject*>(task_or_invocation);
    if (g_object_get_qdata(object, ended))
        return false;
    g_object_set_qdata(object, ended, object);
    return true;
}

void not_ended(gpointer task_or_invocation) noexcept {
    g_object_set_qdata(static_cast<GObject*>(task_or_invocation), ended, nullptr);
}

gpointer pointer_of(PyObject* given) noexcept {
    if (PyLong_Check(given))
        return PyLong_AsVoidPtr(given);
    if (PyCapsule_CheckExact(given))
        return PyCapsule_GetPointer(given, PyCapsule_GetName(given));
    if (PyObject_TypeCheck(given, &PyGPointer_Type))
        return pyg_pointer_get_ptr(given);
    if (given != Py_None)
        PyErr_Format(PyExc_TypeError, "expected a pointer, not %.200s", Py_TYPE(given)->tp_name);
    return nullptr;
}

object new_task(GObject* source, GCancellable* cancellable, GAsyncReadyCallback callback,
                gpointer user_data) noexcept {
    const auto made = ref<GTask>::adopt(g_task_new(source, cancellable, callback, user_data));
    return object::adopt(pygobject_new(reinterpret_cast<GObject*>(made.get())));
}

bool add_producing(PyObject* module) noexcept {
    task_type = import_type("gi.repository.Gio", "Task");
    finished = g_quark_from_static_string("gawait-finished");
    ended = g_quark_from_static_string("gawait-ended");
    python_object = g_type_from_name("PyObject");
    return task_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
