#include "producing/exported.hpp"

#include "gawait/ref.hpp"
#include "producing/producing.hpp"
#include "pygobject.hpp"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

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

/// Not by the invocation's own function, which tells nobody of a reply that cannot be sent, as one
/// that is too large.
bool send_reply(GDBusMethodInvocation* invocation, GVariant* body, GUnixFDList* descriptors,
                GError** failure) noexcept {
    GDBusMessage* const call = g_dbus_method_invocation_get_message(invocation);
    if (g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
        return true;
    const auto message = ref<GDBusMessage>::adopt(g_dbus_message_new_method_reply(call));
    g_dbus_message_set_body(message, body);
    if (descriptors)
        g_dbus_message_set_unix_fd_list(message, descriptors);
    GDBusConnection* const connection = g_dbus_method_invocation_get_connection(invocation);
    GError* error = nullptr;
    if (g_dbus_connection_send_message(connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, nullptr,
                                       &error))
        return true;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED)) { // nobody waits
        g_clear_error(&error);
        return true;
    }
    g_propagate_error(failure, error);
    return false;
}

PyObject* reply(PyObject*, PyObject* arguments) {
    PyObject *invocation = nullptr, *given = nullptr, *descriptors = Py_None;
    if (!PyArg_ParseTuple(arguments, "O!O|O", invocation_type, &invocation, &given, &descriptors))
        return nullptr;
    const auto variant = variant_of(given);
    if (!variant)
        return nullptr;
    if (has_maybe(variant)) {
        PyErr_SetString(PyExc_ValueError, "D-Bus has no type for values that may be missing");
        return nullptr;
    }
    GObject* const list = descriptors == Py_None ? nullptr : pygobject_get(descriptors);
    GError* failure = nullptr;
    GObject* const call = pygobject_get(invocation);
    if (ends_now(call) && !send_reply(G_DBUS_METHOD_INVOCATION(call), variant,
                                      reinterpret_cast<GUnixFDList*>(list), &failure)) {
        not_ended(call);
        pyg_error_check(&failure);
        return nullptr;
    }
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
