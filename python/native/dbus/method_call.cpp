#include "dbus/method_call.hpp"

#include "awaiting/operation.hpp"
#include "current_context.hpp"
#include "dbus/type.hpp"
#include "dbus/wire_call.hpp"
#include "loop/loop.hpp"
#include "pygobject.hpp"
#include "running_loop.hpp"

#include <gio/gunixfdlist.h>

#include <limits>
#include <memory>
#include <utility>

namespace gawait::python {
namespace {

PyTypeObject* connection_type;

/// What a call is made with, before its values.
struct method_call {
    PyObject* connection;
    const char* destination; // may be null
    const char* path;
    const char* interface;
    const char* member;
    PyObject* arguments;
    PyObject* reply;
    int flags;
    int timeout_ms;
};

/// So many are before the values among Python's arguments.
constexpr Py_ssize_t fixed_arguments = 9;

/// Null with an exception set if it is no str, or has a null character.
const char* text_in(PyObject* given, const char* name) noexcept {
    Py_ssize_t length = 0;
    if (!PyUnicode_Check(given)) {
        PyErr_Format(PyExc_TypeError, "argument '%s': expected str, not %.200s", name,
                     Py_TYPE(given)->tp_name);
        return nullptr;
    }
    const char* const text = PyUnicode_AsUTF8AndSize(given, &length);
    if (text && std::strlen(text) != static_cast<std::size_t>(length)) {
        PyErr_Format(PyExc_ValueError, "argument '%s': %R has a null character", name, given);
        return nullptr;
    }
    return text;
}

/// The same of a name that GDBus would only warn of if it is none.
const char* name_in(PyObject* given, const char* name, gboolean (*is_valid)(const char*)) noexcept {
    const char* const text = text_in(given, name);
    if (!text || is_valid(text))
        return text;
    PyErr_Format(PyExc_ValueError, "argument '%s': %R is not valid", name, given);
    return nullptr;
}

bool check_type(PyObject* given, const char* name) noexcept {
    if (Py_IS_TYPE(given, dbus_type_type()) &&
        reinterpret_cast<dbus_type*>(given)->signature[0] == '(')
        return true;
    PyErr_Format(PyExc_TypeError, "argument '%s': expected the type of a message", name);
    return false;
}

bool read_int(PyObject* given, const char* name, int least, int& into) noexcept {
    const long number = PyLong_AsLong(given);
    if (number == -1 && PyErr_Occurred())
        return false;
    if (number < least || !std::in_range<int>(number)) {
        PyErr_Format(PyExc_ValueError, "argument '%s': %ld is not between %d and %d", name, number,
                     least, std::numeric_limits<int>::max());
        return false;
    }
    into = static_cast<int>(number);
    return true;
}

bool read(PyObject* const* given, method_call& into) noexcept {
    into.connection = given[0];
    if (!PyObject_TypeCheck(into.connection, connection_type)) {
        PyErr_Format(PyExc_TypeError,
                     "argument 'connection': expected Gio.DBusConnection, not %.200s",
                     Py_TYPE(into.connection)->tp_name);
        return false;
    }
    into.destination = nullptr; // of a connection without a bus
    if (given[1] != Py_None &&
        !(into.destination = name_in(given[1], "destination", g_dbus_is_name)))
        return false;
    into.arguments = given[5];
    into.reply = given[6];
    if (!(into.path = name_in(given[2], "path", g_variant_is_object_path)) ||
        !(into.interface = name_in(given[3], "interface", g_dbus_is_interface_name)) ||
        !(into.member = name_in(given[4], "member", g_dbus_is_member_name)) ||
        !check_type(into.arguments, "arguments") || !check_type(into.reply, "reply"))
        return false;
    return read_int(given[7], "flags", 0, into.flags) &&
           read_int(given[8], "timeout_ms", -1, into.timeout_ms);
}

/// What GDBus gives back with the reply.
struct waiting {
    object operation;
    object reply; // its type
};

/// Null with an exception set on failure.
object value_of(GObject* connection, GAsyncResult* result, const dbus_type& reply) noexcept {
    GError* failure = nullptr;
    GUnixFDList* list = nullptr;
    const auto value = ref<GVariant>::adopt(g_dbus_connection_call_with_unix_fd_list_finish(
        G_DBUS_CONNECTION(connection), &list, result, &failure));
    const auto descriptors = ref<GUnixFDList>::adopt(list);
    return pyg_error_check(&failure) ? object() : unpack_whole(reply, value, descriptors);
}

void replied(GObject* connection, GAsyncResult* result, gpointer data) noexcept {
    const with_gil held;
    const std::unique_ptr<waiting> call(static_cast<waiting*>(data));
    const auto& reply = *reinterpret_cast<const dbus_type*>(call->reply.get());
    if (!end_produced(call->operation.get(), value_of(connection, result, reply)))
        PyErr_Print(); // as PyGObject does with what a callback raises
}

/// False if that has to be done by GDBus.
bool send_by_wire(GDBusConnection* connection, const method_call& call, const object& operation,
                  PyObject* what, GVariant* values, GUnixFDList* descriptors) noexcept {
    dbus::detail::wire* const by = dbus::detail::wire::of(connection);
    if (!by)
        return false;
    unsigned flags = G_DBUS_MESSAGE_FLAGS_NONE;
    if (call.flags & G_DBUS_CALL_FLAGS_NO_AUTO_START)
        flags |= G_DBUS_MESSAGE_FLAGS_NO_AUTO_START;
    if (call.flags & G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)
        flags |= G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
    const dbus::detail::message_to_write message{.type = G_DBUS_MESSAGE_TYPE_METHOD_CALL,
                                                 .flags = flags,
                                                 .path = call.path,
                                                 .interface = call.interface,
                                                 .member = call.member,
                                                 .destination = call.destination,
                                                 .values = values};
    return call_by_wire(*by, connection, message, descriptors, call.timeout_ms, operation.get(),
                        what, call.reply);
}

void send(const method_call& call, const object& operation, PyObject* what, GVariant* values,
          GUnixFDList* descriptors) noexcept {
    auto* const connection = G_DBUS_CONNECTION(pygobject_get(call.connection));
    if (send_by_wire(connection, call, operation, what, values, descriptors))
        return;
    auto data = std::make_unique<waiting>(operation, object::retain(call.reply));
    GCancellable* const cancellable = c_cancellable_of(operation.get());
    const GVariantType* const type = reinterpret_cast<const dbus_type*>(call.reply)->variant_type();
    const without_gil released;
    g_dbus_connection_call_with_unix_fd_list(
        connection, call.destination, call.path, call.interface, call.member, values, type,
        static_cast<GDBusCallFlags>(call.flags), call.timeout_ms, descriptors, cancellable, replied,
        data.release());
}

/// A loop of ours that runs here and is called back here, or an exception.
object loop_for_call() noexcept {
    object loop = running_loop();
    if (loop && is_loop(loop.get()))
        return check_context(loop.get()) ? loop : object();
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError,
                        loop ? "the running event loop is not gawait's" : "no running event loop");
    return {};
}

/// call_dbus_method(connection, destination, path, interface, member, arguments, reply, flags,
/// timeout_ms, /, *values)
PyObject* call_dbus_method(PyObject*, PyObject* const* given, Py_ssize_t count) {
    method_call call;
    if (count < fixed_arguments) {
        PyErr_Format(PyExc_TypeError, "call_dbus_method() takes at least %zd arguments, not %zd",
                     fixed_arguments, count);
        return nullptr;
    }
    if (!read(given, call))
        return nullptr;
    const object loop = loop_for_call();
    const auto values = loop ? object::adopt(PyTuple_New(count - fixed_arguments)) : object();
    if (!values)
        return nullptr;
    for (Py_ssize_t index = fixed_arguments; index < count; ++index)
        PyTuple_SET_ITEM(values.get(), index - fixed_arguments, Py_NewRef(given[index]));
    packing into(true);
    const auto packed =
        pack_whole(*reinterpret_cast<const dbus_type*>(call.arguments), values.get(), into);
    if (!packed) {
        if (const auto what = object::adopt(PyUnicode_FromFormat("%U()", given[4])))
            into.raise_refusal(what.get());
        return nullptr;
    }
    const auto what = object::adopt(PyTuple_Pack(4, given[1], given[2], given[3], given[4]));
    object operation = what ? new_operation(loop.get(), object::retain(Py_None), {}) : object();
    if (!operation)
        return nullptr;
    describe_operation(operation.get(), what);
    send(call, operation, what.get(), packed, into.take_descriptors());
    return operation.release();
}

PyMethodDef functions[] = {
    {"call_dbus_method", method(call_dbus_method), METH_FASTCALL, nullptr},
    {},
};

} // namespace

bool add_method_call(PyObject* module) noexcept {
    connection_type = import_type("gi.repository.Gio", "DBusConnection");
    return connection_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
