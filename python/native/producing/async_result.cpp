#include "producing/async_result.hpp"

#include "gawait/ref.hpp"
#include "producing/producing.hpp"
#include "pygobject.hpp"
#include "user_data.hpp"

#include <gio/gio.h>

#include <memory>
#include <unordered_set>

#include <dlfcn.h>

namespace gawait::python {
namespace {

PyObject* object_of;
PyObject* get_source_object_name;
PyObject* get_user_data_name;
PyObject* is_tagged_name;
PyObject* given_name; // of the attribute that keeps what C code has a pointer to

/// The structures of Python's classes, in which nothing is of a class of C's. Never destroyed, as
/// the structures.
std::unordered_set<gpointer>& structures() noexcept {
    static auto& all = *std::make_unique<std::unordered_set<gpointer>>().release();
    return all;
}

/// What is no pointer in Python is one to the Python object itself, which somebody else keeps
/// alive.
gpointer pointer_to(PyObject* value) noexcept {
    gpointer pointer = pointer_of(value);
    if (!PyErr_Occurred())
        return pointer;
    PyErr_Clear();
    return value;
}

// What C code calls --------------------------------------------------------------

// A subclass shares the structure of its parent, so it is the object that says which method it
// is, and whether there is one.

object wrapped(GAsyncResult* result) noexcept {
    return object::adopt(pygobject_new(reinterpret_cast<GObject*>(result)));
}

/// Empty if there is no such method, or if it has failed, which was printed, as PyGObject does.
object call_method(const object& result, PyObject* name, PyObject* argument = nullptr) noexcept {
    auto method = result ? object::adopt(PyObject_GetAttr(result.get(), name)) : object();
    if (!method && result && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        return {};
    }
    auto value = method ? object::adopt(unless_exiting([&] {
        return argument ? PyObject_CallOneArg(method.get(), argument)
                        : PyObject_CallNoArgs(method.get());
    }))
                        : object();
    if (!value)
        PyErr_Print();
    return value;
}

GObject* get_source_object(GAsyncResult* result) {
    const with_gil held;
    const object value = call_method(wrapped(result), get_source_object_name);
    if (!value || value.get() == Py_None)
        return nullptr;
    GObject* source =
        pygobject_check(value.get(), &PyGObject_Type) ? pygobject_get(value.get()) : nullptr;
    if (source)
        return G_OBJECT(g_object_ref(source));
    PyErr_Format(PyExc_TypeError, "do_get_source_object(): expected GObject.Object, not %.200s",
                 Py_TYPE(value.get())->tp_name);
    PyErr_Print();
    return nullptr;
}

gpointer get_user_data(GAsyncResult* result) {
    const with_gil held;
    const object told = wrapped(result);
    const object value = call_method(told, get_user_data_name);
    if (!value)
        return nullptr;
    gpointer pointer = pointer_to(value.get());
    if (pointer == value.get() && !keep_with(told.get(), given_name, value.get())) {
        PyErr_Print();
        return nullptr;
    }
    return pointer;
}

gboolean is_tagged(GAsyncResult* result, gpointer tag) {
    const with_gil held;
    const object self = wrapped(result);
    const auto address = object::adopt(PyLong_FromVoidPtr(tag));
    const auto told = self && address ? object::adopt(PyObject_CallFunctionObjArgs(
                                            object_of, address.get(), self.get(), nullptr))
                                      : object();
    if (!told) {
        PyErr_Print();
        return FALSE;
    }
    const object value = call_method(self, is_tagged_name, told.get());
    const int is = value ? PyObject_IsTrue(value.get()) : 0;
    if (is < 0)
        PyErr_Print();
    return is > 0;
}

// Python classes -----------------------------------------------------------------

bool defines(PyObject* class_, PyObject* name) noexcept {
    return PyDict_Contains(reinterpret_cast<PyTypeObject*>(class_)->tp_dict, name) == 1;
}

/// A method that is missing is null only where GIO looks.
PyObject* fill_async_result(PyObject*, PyObject* class_) {
    const GType type = pyg_type_from_object(class_);
    if (!type)
        return nullptr;
    gpointer of_class = g_type_class_ref(type); // a type of Python's is there for ever
    auto* structure =
        static_cast<GAsyncResultIface*>(g_type_interface_peek(of_class, G_TYPE_ASYNC_RESULT));
    if (!structure)
        Py_RETURN_NONE;
    gpointer parent = g_type_class_peek_parent(of_class);
    gpointer inherited = parent ? g_type_interface_peek(parent, G_TYPE_ASYNC_RESULT) : nullptr;
    const bool shared = inherited == structure;
    const bool defines_source = defines(class_, get_source_object_name);
    const bool defines_data = defines(class_, get_user_data_name);
    const bool defines_tag = defines(class_, is_tagged_name);
    if (!inherited || structures().contains(inherited))
        structures().insert(structure);
    else if (shared) {
        if (!defines_source && !defines_data && !defines_tag)
            Py_RETURN_NONE;
        return PyErr_Format(PyExc_TypeError,
                            "%s must have GAsyncResult among its base classes to override its "
                            "methods",
                            g_type_name(type));
    }
    if (defines_source || !structure->get_source_object)
        structure->get_source_object = get_source_object;
    if (defines_data || !structure->get_user_data)
        structure->get_user_data = get_user_data;
    if (defines_tag)
        structure->is_tagged = is_tagged;
    Py_RETURN_NONE;
}

// What Python calls --------------------------------------------------------------

/// A `GAsyncResult`, or null with an exception set.
GAsyncResult* result_of(PyObject* given) noexcept {
    GObject* result = pygobject_check(given, &PyGObject_Type) ? pygobject_get(given) : nullptr;
    if (G_IS_ASYNC_RESULT(result))
        return G_ASYNC_RESULT(result);
    PyErr_Format(PyExc_TypeError, "expected Gio.AsyncResult, not %.200s", Py_TYPE(given)->tp_name);
    return nullptr;
}

/// What Python gave, or the address that C code did, or `None`.
PyObject* user_data_of(PyObject*, PyObject* given) {
    GAsyncResult* result = result_of(given);
    if (!result)
        return nullptr;
    object kept = kept_user_data(given);
    if (kept || PyErr_Occurred())
        return kept.release();
    gpointer data = g_async_result_get_user_data(result);
    return data ? PyLong_FromVoidPtr(data) : Py_NewRef(Py_None);
}

PyObject* is_tagged_method(PyObject*, PyObject* arguments) {
    PyObject *given = nullptr, *address = nullptr;
    if (!PyArg_ParseTuple(arguments, "OO", &given, &address))
        return nullptr;
    GAsyncResult* result = result_of(given);
    gpointer tag = PyLong_AsVoidPtr(address);
    if (!result || PyErr_Occurred())
        return nullptr;
    return PyBool_FromLong(g_async_result_is_tagged(result, tag));
}

/// The name of the introspected function that Python began it by, or `None`.
PyObject* begun_by_method(PyObject*, PyObject* result) {
    const char* name = begun_by(result);
    return name ? PyUnicode_FromString(name) : Py_NewRef(Py_None);
}

/// 0 if the result is no task.
PyObject* source_tag_of(PyObject*, PyObject* given) {
    GAsyncResult* result = result_of(given);
    if (!result)
        return nullptr;
    return PyLong_FromVoidPtr(G_IS_TASK(result) ? g_task_get_source_tag(G_TASK(result)) : nullptr);
}

PyObject* set_source_tag(PyObject*, PyObject* arguments) {
    PyObject *given = nullptr, *address = nullptr;
    if (!PyArg_ParseTuple(arguments, "OO", &given, &address))
        return nullptr;
    GTask* task = task_of(given);
    gpointer tag = PyLong_AsVoidPtr(address);
    if (!task || PyErr_Occurred())
        return nullptr;
    g_task_set_source_tag(task, tag);
    Py_RETURN_NONE;
}

PyObject* address_of(PyObject*, PyObject* tag) { return PyLong_FromVoidPtr(pointer_to(tag)); }

/// 0 if no library has it.
PyObject* address_of_symbol(PyObject*, PyObject* name) {
    const char* symbol = PyUnicode_AsUTF8(name);
    // GIRepository opens libraries for everyone.
    return symbol ? PyLong_FromVoidPtr(dlsym(RTLD_DEFAULT, symbol)) : nullptr;
}

/// `None` if no symbol is at that address.
PyObject* symbol_at(PyObject*, PyObject* address) {
    void* pointer = PyLong_AsVoidPtr(address);
    if (PyErr_Occurred())
        return nullptr;
    Dl_info found;
    if (dladdr(pointer, &found) == 0 || found.dli_saddr != pointer || !found.dli_sname)
        Py_RETURN_NONE;
    return PyUnicode_FromString(found.dli_sname);
}

PyObject* convert_tags(PyObject*, PyObject* function) {
    Py_XSETREF(object_of, Py_NewRef(function));
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"fill_async_result", fill_async_result, METH_O, nullptr},
    {"convert_tags", convert_tags, METH_O, nullptr},
    {"user_data_of", user_data_of, METH_O, nullptr},
    {"begun_by", begun_by_method, METH_O, nullptr},
    {"is_tagged", is_tagged_method, METH_VARARGS, nullptr},
    {"source_tag_of", source_tag_of, METH_O, nullptr},
    {"set_source_tag", set_source_tag, METH_VARARGS, nullptr},
    {"address_of", address_of, METH_O, nullptr},
    {"address_of_symbol", address_of_symbol, METH_O, nullptr},
    {"symbol_at", symbol_at, METH_O, nullptr},
    {},
};

} // namespace

bool add_async_result(PyObject* module) noexcept {
    get_source_object_name = PyUnicode_InternFromString("do_get_source_object");
    get_user_data_name = PyUnicode_InternFromString("do_get_user_data");
    is_tagged_name = PyUnicode_InternFromString("do_is_tagged");
    given_name = PyUnicode_InternFromString("_gawait_given");
    return get_source_object_name && get_user_data_name && is_tagged_name && given_name &&
           PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
