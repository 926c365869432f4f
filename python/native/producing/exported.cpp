#include "producing/exported.hpp"

#include "dbus/type.hpp"
#include "producing/producing.hpp"
#include "pygobject.hpp"

#include <gio/gunixfdlist.h>

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
    if (ends_now(pygobject_get(invocation)))
        g_dbus_method_invocation_return_value_with_unix_fd_list(invocation_for_reply(invocation),
                                                                packed, into.take_descriptors());
    Py_RETURN_NONE;
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
