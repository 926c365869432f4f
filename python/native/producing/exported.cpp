#include "producing/exported.hpp"

#include "dbus/type.hpp"
#include "producing/producing.hpp"
#include "pygobject.hpp"
#include "variant.hpp"

#include <gio/gunixfdlist.h>

#include <memory>

namespace gawait::python {
namespace {

/// In bytes: a message less a megabyte for what is around it.
constexpr gsize longest_reply = gsize{127} << 20;

PyTypeObject* connection_type;
PyTypeObject* invocation_type;

/// What GDBus calls.
struct exported {
    object call; // call(invocation)
};

object wrapped(gpointer instance) noexcept {
    return object::adopt(pygobject_new(static_cast<GObject*>(instance)));
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

/// Not by the invocation's own function, which tells nobody of a reply that cannot be sent.
bool send_reply(GDBusMethodInvocation* invocation, GVariant* body, GUnixFDList* descriptors,
                GError** failure) noexcept {
    GDBusMessage* const call = g_dbus_method_invocation_get_message(invocation);
    if (g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
        return true;
    if (g_variant_get_size(body) > longest_reply) { // for which the bus would close the connection
        g_set_error_literal(failure, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                            "it is larger than a message on D-Bus");
        return false;
    }
    const auto message = ref<GDBusMessage>::adopt(g_dbus_message_new_method_reply(call));
    g_dbus_message_set_body(message, body);
    if (descriptors)
        g_dbus_message_set_unix_fd_list(message, descriptors);
    GError* error = nullptr;
    if (g_dbus_connection_send_message(g_dbus_method_invocation_get_connection(invocation), message,
                                       G_DBUS_SEND_MESSAGE_FLAGS_NONE, nullptr, &error))
        return true;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED)) { // nobody waits
        g_clear_error(&error);
        return true;
    }
    g_propagate_error(failure, error);
    return false;
}

PyObject* end_with_reply(PyObject* given, GVariant* body, GUnixFDList* descriptors) noexcept {
    GObject* const invocation = pygobject_get(given);
    GError* failure = nullptr;
    if (ends_now(invocation) &&
        !send_reply(G_DBUS_METHOD_INVOCATION(invocation), body, descriptors, &failure)) {
        not_ended(invocation);
        pyg_error_check(&failure);
        return nullptr;
    }
    Py_RETURN_NONE;
}

/// reply(invocation, type, value, what)
PyObject* reply(PyObject*, PyObject* arguments) {
    PyObject *invocation = nullptr, *type = nullptr, *value = nullptr, *what = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!O!OU", invocation_type, &invocation, dbus_type_type(),
                          &type, &value, &what))
        return nullptr;
    packing into(true);
    const auto packed = pack_whole(*reinterpret_cast<const dbus_type*>(type), value, into);
    if (!packed) {
        into.raise_refusal(what);
        return nullptr;
    }
    return end_with_reply(invocation, packed, into.take_descriptors());
}

/// reply_packed(invocation, variant, descriptors)
PyObject* reply_packed(PyObject*, PyObject* arguments) {
    PyObject *invocation = nullptr, *given = nullptr, *descriptors = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!OO", invocation_type, &invocation, &given, &descriptors))
        return nullptr;
    GVariant* const body = variant_in(given);
    if (!body) {
        PyErr_SetString(PyExc_TypeError, "expected GLib.Variant");
        return nullptr;
    }
    GObject* const list = descriptors == Py_None ? nullptr : pygobject_get(descriptors);
    return end_with_reply(invocation, ref<GVariant>::retain(body),
                          reinterpret_cast<GUnixFDList*>(list));
}

/// arguments_of(invocation, type)
PyObject* arguments_of(PyObject*, PyObject* arguments) {
    PyObject *given = nullptr, *type = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!O!", invocation_type, &given, dbus_type_type(), &type))
        return nullptr;
    auto* const invocation = G_DBUS_METHOD_INVOCATION(pygobject_get(given));
    return unpack_whole(
               *reinterpret_cast<const dbus_type*>(type),
               g_dbus_method_invocation_get_parameters(invocation),
               g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(invocation)))
        .release();
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
    {"arguments_of", arguments_of, METH_VARARGS, nullptr},
    {"export_object", export_object, METH_VARARGS, nullptr},
    {"reply", reply, METH_VARARGS, nullptr},
    {"reply_packed", reply_packed, METH_VARARGS, nullptr},
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
