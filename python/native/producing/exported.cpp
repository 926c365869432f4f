#include "producing/exported.hpp"

#include "gawait/ref.hpp"
#include "producing/producing.hpp"
#include "pygobject.hpp"

#include <gio/gio.h>

#include <cstring>
#include <memory>

namespace gawait::python {
namespace {

PyTypeObject* connection_type;
PyTypeObject* invocation_type;

/// What GDBus calls.
struct exported {
    object call; // call(invocation)
};

object wrapped(gpointer instance) noexcept {
    return object::adopt(pygobject_new(static_cast<GObject*>(instance)));
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

/// Whether there is in it, as in a variant of Python's, what D-Bus has no type for. GDBus would
/// warn, and send nothing.
bool has_maybe(GVariant* variant) noexcept {
    const char* type = g_variant_get_type_string(variant);
    if (std::strchr(type, 'm'))
        return true;
    if (!std::strchr(type, 'v'))
        return false;
    for (gsize index = 0; index < g_variant_n_children(variant); ++index)
        if (has_maybe(ref<GVariant>::adopt(g_variant_get_child_value(variant, index))))
            return true;
    return false;
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

void drop(gpointer data) {
    const with_gil held;
    const std::unique_ptr<exported> last(static_cast<exported*>(data));
}

// Without functions for properties: their calls come as all others, and can end with any error.
constexpr GDBusInterfaceVTable table = {on_call, nullptr, nullptr, {}};

PyObject* export_object(PyObject*, PyObject* arguments) {
    PyObject *connection = nullptr, *info = nullptr, *call = nullptr;
    const char* path = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!sOO", connection_type, &connection, &path, &info, &call))
        return nullptr;
    if (!pyg_boxed_check(info, G_TYPE_DBUS_INTERFACE_INFO)) {
        PyErr_SetString(PyExc_TypeError, "expected Gio.DBusInterfaceInfo");
        return nullptr;
    }
    if (!g_variant_is_object_path(path)) {
        PyErr_Format(PyExc_ValueError, "'%s' is not an object path", path);
        return nullptr;
    }
    auto data = std::make_unique<exported>(object::retain(call));
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
    if (has_maybe(variant)) {
        PyErr_SetString(PyExc_ValueError, "D-Bus has no type for values that may be missing");
        return nullptr;
    }
    if (ends_now(pygobject_get(invocation)))
        g_dbus_method_invocation_return_value(invocation_for_reply(invocation), variant);
    Py_RETURN_NONE;
}

PyObject* reply_error(PyObject*, PyObject* arguments) {
    PyObject* invocation = nullptr;
    const char *name = nullptr, *message = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!ss", invocation_type, &invocation, &name, &message))
        return nullptr;
    if (ends_now(pygobject_get(invocation)))
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
