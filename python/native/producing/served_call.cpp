#include "producing/served_call.hpp"

#include "pygobject.hpp"

#include <memory>
#include <string>

namespace gawait::python {
namespace {

using dbus::detail::message_header;
using dbus::detail::message_to_write;
using dbus::detail::received_message;
using dbus::detail::wire;

PyTypeObject* served_call_type;

served_call& call_in(PyObject* self) noexcept { return *reinterpret_cast<served_call*>(self); }

bool wants_reply(const served_call& call) noexcept {
    return !(call.message.header.flags & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
}

/// By GDBus, where the wire is in use by another thread, or cannot send it.
bool send_by_gdbus(const served_call& to, const message_to_write& reply, GUnixFDList* descriptors,
                   GError** failure) noexcept {
    const auto call = to.message.parsed(failure);
    if (!call)
        return false;
    const auto message = ref<GDBusMessage>::adopt(
        reply.error_name ? g_dbus_message_new_method_error_literal(call, reply.error_name, "")
                         : g_dbus_message_new_method_reply(call));
    g_dbus_message_set_body(message, reply.values);
    if (descriptors)
        g_dbus_message_set_unix_fd_list(message, descriptors);
    return send_reply_message(to.connection, message, failure);
}

bool send(const served_call& to, message_to_write reply, GUnixFDList* descriptors,
          GError** failure) noexcept {
    const std::string destination(to.message.header.sender);
    reply.flags = G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED;
    reply.reply_serial = to.message.header.serial;
    reply.destination = destination.empty() ? nullptr : destination.c_str();
    wire* const by = wire::of(to.connection);
    return (by && by->send(to.connection, reply, descriptors)) ||
           send_by_gdbus(to, reply, descriptors, failure);
}

template <std::string_view message_header::* part> PyObject* get_text(PyObject* self, PyObject*) {
    const std::string_view text = call_in(self).message.header.*part;
    if (text.empty())
        Py_RETURN_NONE;
    return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

PyObject* get_connection(PyObject* self, PyObject*) {
    return pygobject_new(reinterpret_cast<GObject*>(call_in(self).connection.get()));
}

PyObject* get_message(PyObject* self, PyObject*) {
    GError* failure = nullptr;
    const auto message = call_in(self).message.parsed(&failure);
    return pyg_error_check(&failure) ? nullptr
                                     : pygobject_new(reinterpret_cast<GObject*>(message.get()));
}

void deallocate(PyObject* self) {
    const auto type = object::adopt(reinterpret_cast<PyObject*>(Py_TYPE(self)));
    std::destroy_at(&call_in(self).arguments);
    std::destroy_at(&call_in(self).message);
    std::destroy_at(&call_in(self).connection);
    Py_TYPE(self)->tp_free(self);
}

PyMethodDef methods[] = {
    {"get_connection", get_connection, METH_NOARGS, nullptr},
    {"get_message", get_message, METH_NOARGS, nullptr},
    {"get_sender", get_text<&message_header::sender>, METH_NOARGS, nullptr},
    {"get_object_path", get_text<&message_header::path>, METH_NOARGS, nullptr},
    {"get_interface_name", get_text<&message_header::interface>, METH_NOARGS, nullptr},
    {"get_method_name", get_text<&message_header::member>, METH_NOARGS, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_methods, methods},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.ServedCall",
    .basicsize = sizeof(served_call),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

} // namespace

object new_served_call(GDBusConnection* connection, const received_message& message,
                       ref<GVariant> arguments) noexcept {
    auto made = object::adopt(served_call_type->tp_alloc(served_call_type, 0));
    if (!made)
        return made;
    served_call& call = call_in(made.get());
    std::construct_at(&call.connection, ref<GDBusConnection>::retain(connection));
    std::construct_at(&call.message, message);
    std::construct_at(&call.arguments, std::move(arguments));
    return made;
}

bool send_reply_message(GDBusConnection* connection, GDBusMessage* reply,
                        GError** failure) noexcept {
    GError* error = nullptr;
    if (g_dbus_connection_send_message(connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, nullptr,
                                       &error))
        return true;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED)) { // nobody waits
        g_clear_error(&error);
        return true;
    }
    g_propagate_error(failure, error);
    return false;
}

served_call* served_call_in(PyObject* given) noexcept {
    return Py_IS_TYPE(given, served_call_type) ? &call_in(given) : nullptr;
}

bool send_reply(served_call& to, GVariant* values, GUnixFDList* descriptors,
                GError** failure) noexcept {
    return !wants_reply(to) ||
           send(to, {.type = G_DBUS_MESSAGE_TYPE_METHOD_RETURN, .values = values}, descriptors,
                failure);
}

void send_error(served_call& to, const char* name, const char* message) noexcept {
    if (!wants_reply(to))
        return;
    const auto values = ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new("(s)", message)));
    GError* failure = nullptr; // as GDBus, which tells nobody
    if (!send(to, {.type = G_DBUS_MESSAGE_TYPE_ERROR, .error_name = name, .values = values},
              nullptr, &failure))
        g_clear_error(&failure);
}

bool add_served_call(PyObject* module) noexcept {
    served_call_type = add_type(module, specification);
    return served_call_type;
}

} // namespace gawait::python
