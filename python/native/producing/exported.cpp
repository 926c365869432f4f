#include "producing/exported.hpp"

#include "gawait/ref.hpp"
#include "pygobject.hpp"

#include <gio/gio.h>

#include <memory>

namespace gawait::python {
namespace {

PyTypeObject* connection_type;
PyTypeObject* invocation_type;

/// What GDBus calls.
struct exported {
    object call; // call(invocation)
    object get;  // get(name) returns a GLib.Variant
    object set;  // set(name, variant)
};

object wrapped(gpointer instance) noexcept {
    return object::adopt(pygobject_new(static_cast<GObject*>(instance)));
}

object wrapped(GVariant* variant) noexcept {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_VARIANT);
    g_value_set_variant(&value, variant);
    auto made = object::adopt(pyg_value_as_pyobject(&value, TRUE));
    g_value_unset(&value);
    return made;
}

/// Null with an exception set if it is no variant.
ref<GVariant> variant_of(PyObject* given) noexcept {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_VARIANT);
    ref<GVariant> variant;
    if (given != Py_None && pyg_value_from_pyobject(&value, given) == 0)
        variant = ref<GVariant>::adopt(g_value_dup_variant(&value));
    g_value_unset(&value);
    if (!variant && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "expected GLib.Variant");
    return variant;
}

/// What it raised becomes a `GError`.
void take_error(GError** error) noexcept {
    if (!pyg_gerror_exception_check(error))
        return;
    // Not a GLib.Error: it was printed.
    g_clear_error(error);
    g_set_error_literal(error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED, "The property is not available");
}

void on_call(GDBusConnection*, const char*, const char*, const char*, const char*, GVariant*,
             GDBusMethodInvocation* invocation, gpointer data) {
    const with_gil held;
    const object told = wrapped(invocation);
    g_object_unref(invocation); // it was ours
    const exported& self = *static_cast<exported*>(data);
    const object called = self.call; // it may unexport
    if (!told || !object::adopt(PyObject_CallOneArg(called.get(), told.get())))
        PyErr_Print();
}

GVariant* on_get(GDBusConnection*, const char*, const char*, const char*, const char* name,
                 GError** error, gpointer data) {
    const with_gil held;
    const object called = static_cast<exported*>(data)->get;
    const auto value = object::adopt(PyObject_CallFunction(called.get(), "s", name));
    auto variant = value ? variant_of(value.get()) : ref<GVariant>();
    if (!variant)
        take_error(error);
    return variant.release();
}

gboolean on_set(GDBusConnection*, const char*, const char*, const char*, const char* name,
                GVariant* value, GError** error, gpointer data) {
    const with_gil held;
    const object called = static_cast<exported*>(data)->set;
    const object told = wrapped(value);
    if (told && object::adopt(PyObject_CallFunction(called.get(), "sO", name, told.get())))
        return TRUE;
    take_error(error);
    return FALSE;
}

void drop(gpointer data) {
    const with_gil held;
    const std::unique_ptr<exported> last(static_cast<exported*>(data));
}

constexpr GDBusInterfaceVTable table = {on_call, on_get, on_set, {}};

PyObject* export_object(PyObject*, PyObject* arguments) {
    PyObject *connection = nullptr, *info = nullptr, *call = nullptr, *get = nullptr,
             *set = nullptr;
    const char* path = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!sOOOO", connection_type, &connection, &path, &info, &call,
                          &get, &set))
        return nullptr;
    if (!pyg_boxed_check(info, G_TYPE_DBUS_INTERFACE_INFO)) {
        PyErr_SetString(PyExc_TypeError, "expected Gio.DBusInterfaceInfo");
        return nullptr;
    }
    if (!g_variant_is_object_path(path)) {
        PyErr_Format(PyExc_ValueError, "'%s' is not an object path", path);
        return nullptr;
    }
    auto data =
        std::make_unique<exported>(object::retain(call), object::retain(get), object::retain(set));
    GError* failure = nullptr;
    const guint id = g_dbus_connection_register_object(
        G_DBUS_CONNECTION(pygobject_get(connection)), path, pyg_boxed_get(info, GDBusInterfaceInfo),
        &table, data.get(), drop, &failure);
    std::ignore = data.release(); // dropped by GDBus, also on failure
    if (pyg_error_check(&failure))
        return nullptr;
    return PyLong_FromUnsignedLong(id);
}

/// A reference for GDBus, whose functions that reply take one over.
GDBusMethodInvocation* invocation_for_reply(PyObject* given) noexcept {
    return G_DBUS_METHOD_INVOCATION(g_object_ref(pygobject_get(given)));
}

PyObject* reply(PyObject*, PyObject* arguments) {
    PyObject *invocation = nullptr, *given = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!O", invocation_type, &invocation, &given))
        return nullptr;
    const auto variant = variant_of(given);
    if (!variant)
        return nullptr;
    g_dbus_method_invocation_return_value(invocation_for_reply(invocation), variant);
    Py_RETURN_NONE;
}

PyObject* reply_error(PyObject*, PyObject* arguments) {
    PyObject* invocation = nullptr;
    const char *name = nullptr, *message = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!ss", invocation_type, &invocation, &name, &message))
        return nullptr;
    g_dbus_method_invocation_return_dbus_error(invocation_for_reply(invocation), name, message);
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"export_object", export_object, METH_VARARGS, nullptr},
    {"reply", reply, METH_VARARGS, nullptr},
    {"reply_error", reply_error, METH_VARARGS, nullptr},
    {},
};

} // namespace

bool add_exported(PyObject* module) noexcept {
    connection_type = import_type("gi.repository.Gio", "DBusConnection");
    invocation_type =
        connection_type ? import_type("gi.repository.Gio", "DBusMethodInvocation") : nullptr;
    return invocation_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
