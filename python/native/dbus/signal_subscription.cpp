#include "dbus/signal_subscription.hpp"

#include "pygobject.hpp"
#include "variant.hpp"

#include <gio/gio.h>

#include <memory>

namespace gawait::python {
namespace {

PyTypeObject* connection_type;

/// What GDBus calls.
struct subscribed {
    object received; // received(arguments)
};

void on_signal(GDBusConnection*, const char*, const char*, const char*, const char*,
               GVariant* arguments, gpointer data) {
    const with_gil held;
    const object received = static_cast<subscribed*>(data)->received; // it may unsubscribe
    const object told = variant_object(ref<GVariant>::retain(arguments));
    if (!told || !object::adopt(PyObject_CallOneArg(received.get(), told.get())))
        PyErr_WriteUnraisable(received.get());
}

void drop(gpointer data) {
    const with_gil held;
    const std::unique_ptr<subscribed> last(static_cast<subscribed*>(data));
}

/// subscribe_signal(connection, sender, interface, member, path, argument, received)
PyObject* subscribe_signal(PyObject*, PyObject* arguments) {
    PyObject *connection = nullptr, *received = nullptr;
    const char *sender = nullptr, *interface = nullptr, *member = nullptr, *path = nullptr,
               *argument = nullptr;
    if (!PyArg_ParseTuple(arguments, "O!zzzzzO", connection_type, &connection, &sender, &interface,
                          &member, &path, &argument, &received))
        return nullptr;
    auto data = std::make_unique<subscribed>(object::retain(received));
    auto* const bus = G_DBUS_CONNECTION(pygobject_get(connection));
    guint id = 0;
    {
        const without_gil released;
        id = g_dbus_connection_signal_subscribe(bus, sender, interface, member, path, argument,
                                                G_DBUS_SIGNAL_FLAGS_NONE, on_signal, data.release(),
                                                drop);
    }
    return PyLong_FromUnsignedLong(id);
}

PyMethodDef functions[] = {
    {"subscribe_signal", subscribe_signal, METH_VARARGS, nullptr},
    {},
};

} // namespace

bool add_signal_subscription(PyObject* module) noexcept {
    connection_type = import_type("gi.repository.Gio", "DBusConnection");
    return connection_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
