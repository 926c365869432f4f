#include "producing/exported.hpp"

#include "dbus/type.hpp"
#include "producing/producing.hpp"
#include "producing/served_call.hpp"
#include "pygobject.hpp"
#include "variant.hpp"

#include <gio/gunixfdlist.h>

#include <memory>
#include <string>
#include <unordered_map>

namespace gawait::python {
namespace {

/// In bytes: a message less a megabyte for what is around it.
constexpr gsize longest_reply = gsize{127} << 20;

PyTypeObject* connection_type;
PyTypeObject* invocation_type;

/// What a wire calls, with what GDBus would have nothing to say to: a method that there is, with
/// arguments of its types.
class exported_on_wire final : public dbus::detail::wire::served_object {
public:
    exported_on_wire(GDBusConnection* connection, const GDBusInterfaceInfo& info,
                     PyObject* call) noexcept
        : connection_(connection), call_(object::retain(call)) {
        for (GDBusMethodInfo** method = info.methods; method && *method; ++method) {
            std::string& signature = signatures_[(*method)->name];
            for (GDBusArgInfo** each = (*method)->in_args; each && *each; ++each)
                signature += (*each)->signature;
        }
    }

    ~exported_on_wire() override {
        const with_gil held;
        call_ = {};
    }

    /// With the GIL: GDBus has it no more.
    void forget() noexcept { call_ = {}; }

    bool called(const dbus::detail::received_message& message) noexcept override {
        const auto found = signatures_.find(std::string(message.header.member));
        if (found == signatures_.end() || found->second != message.header.signature)
            return false;
        const auto connection = connection_.lock();
        auto arguments = message.header.values();
        if (!connection || !arguments)
            return false;
        const with_gil held;
        const object called = call_; // it may unexport
        if (!called)
            return false;
        const object told = new_served_call(connection, message, std::move(arguments));
        if (!told || !object::adopt(PyObject_CallOneArg(called.get(), told.get())))
            PyErr_Print();
        return true;
    }

private:
    weak_ref<GDBusConnection> connection_;                    // which has the wire that has this
    object call_;                                             // call(invocation)
    std::unordered_map<std::string, std::string> signatures_; // of the arguments, by method
};

/// What GDBus calls.
struct exported {
    object call;                               // call(invocation)
    std::shared_ptr<exported_on_wire> on_wire; // null if there is none
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
    if (last->on_wire)
        last->on_wire->forget();
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
    auto* const on = G_DBUS_CONNECTION(pygobject_get(connection));
    auto* const described = pyg_boxed_get(info, GDBusInterfaceInfo);
    dbus::detail::wire* const wire = dbus::detail::wire::of(on);
    auto data = std::make_unique<exported>(object::retain(call), nullptr);
    if (wire)
        data->on_wire = std::make_shared<exported_on_wire>(on, *described, call);
    const auto on_wire = data->on_wire;
    GError* failure = nullptr;
    const guint id =
        g_dbus_connection_register_object(on, path, described, &table, data.get(), drop, &failure);
    std::ignore = data.release(); // dropped by GDBus, also on failure
    if (pyg_error_check(&failure))
        return nullptr;
    if (wire)
        wire->serve(path, described->name, on_wire);
    return PyLong_FromUnsignedLong(id);
}

/// unexport_object(connection, path, name, id): of what `export_object()` has exported.
PyObject* unexport_object(PyObject*, PyObject* arguments) {
    PyObject* connection = nullptr;
    const char *path = nullptr, *name = nullptr;
    unsigned id = 0;
    if (!PyArg_ParseTuple(arguments, "O!ssI", connection_type, &connection, &path, &name, &id))
        return nullptr;
    auto* const on = G_DBUS_CONNECTION(pygobject_get(connection));
    if (dbus::detail::wire* const wire = dbus::detail::wire::of(on))
        wire->unserve(path, name);
    return PyBool_FromLong(g_dbus_connection_unregister_object(on, id));
}

/// A reference for GDBus, whose functions that reply take one over.
GDBusMethodInvocation* invocation_for_reply(PyObject* given) noexcept {
    return G_DBUS_METHOD_INVOCATION(g_object_ref(pygobject_get(given)));
}

/// Whether it is larger than the bus takes, which would close the connection.
bool is_too_large(GVariant* body, GError** failure) noexcept {
    if (g_variant_get_size(body) <= longest_reply)
        return false;
    g_set_error_literal(failure, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                        "it is larger than a message on D-Bus");
    return true;
}

/// Not by the invocation's own function, which tells nobody of a reply that cannot be sent.
bool send_reply(GDBusMethodInvocation* invocation, GVariant* body, GUnixFDList* descriptors,
                GError** failure) noexcept {
    GDBusMessage* const call = g_dbus_method_invocation_get_message(invocation);
    if (g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
        return true;
    if (is_too_large(body, failure))
        return false;
    const auto message = ref<GDBusMessage>::adopt(g_dbus_message_new_method_reply(call));
    g_dbus_message_set_body(message, body);
    if (descriptors)
        g_dbus_message_set_unix_fd_list(message, descriptors);
    return send_reply_message(g_dbus_method_invocation_get_connection(invocation), message,
                              failure);
}

/// An invocation of either kind, or null with an exception set.
PyObject* checked_invocation(PyObject* given) noexcept {
    if (served_call_in(given) || PyObject_TypeCheck(given, invocation_type))
        return given;
    return PyErr_Format(PyExc_TypeError, "expected Gio.DBusMethodInvocation, not %.200s",
                        Py_TYPE(given)->tp_name);
}

PyObject* end_served_call(served_call& call, GVariant* body, GUnixFDList* descriptors) noexcept {
    GError* failure = nullptr;
    if (!std::exchange(call.has_ended, true) &&
        (is_too_large(body, &failure) || !send_reply(call, body, descriptors, &failure))) {
        call.has_ended = false;
        pyg_error_check(&failure);
        return nullptr;
    }
    Py_RETURN_NONE;
}

PyObject* end_with_reply(PyObject* given, GVariant* body, GUnixFDList* descriptors) noexcept {
    if (served_call* const call = served_call_in(given))
        return end_served_call(*call, body, descriptors);
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
    if (!PyArg_ParseTuple(arguments, "OO!OU", &invocation, dbus_type_type(), &type, &value,
                          &what) ||
        !checked_invocation(invocation))
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
    if (!PyArg_ParseTuple(arguments, "OOO", &invocation, &given, &descriptors) ||
        !checked_invocation(invocation))
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
    if (!PyArg_ParseTuple(arguments, "OO!", &given, dbus_type_type(), &type) ||
        !checked_invocation(given))
        return nullptr;
    if (const served_call* const call = served_call_in(given))
        return unpack_whole(*reinterpret_cast<const dbus_type*>(type), call->arguments,
                            call->message.descriptors)
            .release();
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
    if (!PyArg_ParseTuple(arguments, "Oss", &invocation, &name, &message) ||
        !checked_invocation(invocation))
        return nullptr;
    if (served_call* const call = served_call_in(invocation)) {
        if (!std::exchange(call->has_ended, true))
            send_error(*call, name, message);
    } else if (ends_now(pygobject_get(invocation)))
        g_dbus_method_invocation_return_dbus_error(invocation_for_reply(invocation), name, message);
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"arguments_of", arguments_of, METH_VARARGS, nullptr},
    {"export_object", export_object, METH_VARARGS, nullptr},
    {"unexport_object", unexport_object, METH_VARARGS, nullptr},
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
    return invocation_type && add_served_call(module) &&
           PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
