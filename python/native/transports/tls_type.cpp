#include "transports/attribute.hpp"
#include "transports/original_methods.hpp"
#include "transports/overriding.hpp"
#include "transports/tls.hpp"

#include <structmember.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

namespace gawait::python {
namespace {

PyObject* none_if(bool succeeded) noexcept { return succeeded ? Py_NewRef(Py_None) : nullptr; }

// What the C++ does without a call.
original_methods of_protocol;
original_methods of_transport;
original_methods of_ssl_object;

extern overriding protocol_methods;
extern overriding transport_methods;

// The state ----------------------------------------------------------------------

constexpr std::array references{
    &tls_protocol::state,         &tls_protocol::ssl_object,    &tls_protocol::incoming,
    &tls_protocol::outgoing,      &tls_protocol::transport,     &tls_protocol::app_protocol,
    &tls_protocol::backlog,       &tls_protocol::incoming_high, &tls_protocol::incoming_low,
    &tls_protocol::outgoing_high, &tls_protocol::outgoing_low,
};

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* const created = type->tp_alloc(type, 0);
    if (created)
        for (object tls_protocol::* const each : references)
            std::construct_at(&(tls_of(created).*each));
    return created;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    for (object tls_protocol::* const each : references)
        Py_VISIT((tls_of(self).*each).get());
    return 0;
}

int clear(PyObject* self) {
    tls_of(self).is_changed = true;
    for (object tls_protocol::* const each : references)
        tls_of(self).*each = object();
    return 0;
}

void deallocate(PyObject* self) {
    PyObject_GC_UnTrack(self);
    clear(self);
    PyTypeObject* const type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
    if (!value || of_protocol.have(name))
        tls_of(self).is_changed = true;
    return PyObject_GenericSetAttr(self, name, value);
}

PyMemberDef members[] = {
    {"_state", T_OBJECT_EX, offsetof(tls_protocol, state), 0, nullptr},
    {"_sslobj", T_OBJECT_EX, offsetof(tls_protocol, ssl_object), 0, nullptr},
    {"_incoming", T_OBJECT_EX, offsetof(tls_protocol, incoming), 0, nullptr},
    {"_outgoing", T_OBJECT_EX, offsetof(tls_protocol, outgoing), 0, nullptr},
    {"_transport", T_OBJECT_EX, offsetof(tls_protocol, transport), 0, nullptr},
    {"_app_protocol", T_OBJECT_EX, offsetof(tls_protocol, app_protocol), 0, nullptr},
    {"_write_backlog", T_OBJECT_EX, offsetof(tls_protocol, backlog), 0, nullptr},
    {"_incoming_high_water", T_OBJECT_EX, offsetof(tls_protocol, incoming_high), 0, nullptr},
    {"_incoming_low_water", T_OBJECT_EX, offsetof(tls_protocol, incoming_low), 0, nullptr},
    {"_outgoing_high_water", T_OBJECT_EX, offsetof(tls_protocol, outgoing_high), 0, nullptr},
    {"_outgoing_low_water", T_OBJECT_EX, offsetof(tls_protocol, outgoing_low), 0, nullptr},
    {"_write_buffer_size", T_PYSSIZET, offsetof(tls_protocol, backlog_size), 0, nullptr},
    {"_app_protocol_is_buffer", T_BOOL, offsetof(tls_protocol, app_is_buffered), 0, nullptr},
    {"_app_reading_paused", T_BOOL, offsetof(tls_protocol, app_reading_paused), 0, nullptr},
    {"_app_writing_paused", T_BOOL, offsetof(tls_protocol, app_writing_paused), 0, nullptr},
    {"_ssl_reading_paused", T_BOOL, offsetof(tls_protocol, ssl_reading_paused), 0, nullptr},
    {"_ssl_writing_paused", T_BOOL, offsetof(tls_protocol, ssl_writing_paused), 0, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("What of asyncio's SSLProtocol is hot.")},
    {Py_tp_new, slot(create)},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_tp_setattro, slot(set_attribute)},
    {Py_tp_members, members},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.TlsState",
    .basicsize = sizeof(tls_protocol),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

// The methods --------------------------------------------------------------------

PyObject* do_read(PyObject* self, PyObject*) {
    tls_protocol* const original = original_tls_of(self);
    return original ? none_if(original->do_read()) : do_read_in_python(self).release();
}

PyObject* write_app_data(PyObject* self, PyObject* pieces) {
    tls_protocol* const original = original_tls_of(self);
    const bool usual = original && original->may_write() &&
                       (PyTuple_CheckExact(pieces) || PyList_CheckExact(pieces));
    // A tuple is not changed meanwhile.
    if (const auto kept = object::adopt(usual ? PySequence_Tuple(pieces) : nullptr)) {
        const std::span all(&PyTuple_GET_ITEM(kept.get(), 0),
                            static_cast<std::size_t>(PyTuple_GET_SIZE(kept.get())));
        if (std::ranges::all_of(all, has_plain_bytes))
            return none_if(original->write(all));
    }
    return protocol_methods.call_overridden(self, "_write_appdata", &pieces, 1, nullptr);
}

PyObject* write(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    if (count == 1 && !names && has_plain_bytes(arguments[0]) && of_transport.are_of(self)) {
        const object protocol = attribute<"_ssl_protocol">(self);
        tls_protocol* const original = protocol ? original_tls_of(protocol.get()) : nullptr;
        if (original && original->may_write())
            return none_if(original->write({arguments, 1}));
        PyErr_Clear();
    }
    return transport_methods.call_overridden(self, "write", arguments, count, names);
}

PyMethodDef methods_of_protocol[] = {
    {"_do_read", do_read, METH_NOARGS, nullptr},
    {"_write_appdata", write_app_data, METH_O, nullptr},
    {},
};

PyMethodDef methods_of_transport[] = {
    {"write", method(write), METH_FASTCALL | METH_KEYWORDS,
     "write($self, data)\n--\n\nEncrypt data and send it, or keep what is not taken at once."},
    {},
};

overriding protocol_methods{methods_of_protocol};
overriding transport_methods{methods_of_transport};

/// Decorates a class, and notes what it and the standard library's have.
PyObject* decorate(overriding& methods, original_methods& originals, PyObject* decorated,
                   const char* standard, const char* const* names) {
    auto with_methods = object::adopt(methods.decorate(decorated));
    const auto above = object::adopt(import_attribute("asyncio.sslproto", standard));
    const bool known = with_methods && above &&
                       originals.remember(reinterpret_cast<PyTypeObject*>(decorated),
                                          reinterpret_cast<PyTypeObject*>(above.get()), names);
    return known ? with_methods.release() : nullptr;
}

PyObject* with_tls_methods(PyObject*, PyObject* decorated) {
    static const char* const names[] = {
        "get_buffer",
        "buffer_updated",
        "_do_read",
        "_do_read__buffered",
        "_do_read__copied",
        "_do_write",
        "_process_outgoing",
        "_write_appdata",
        "_control_app_writing",
        "_control_ssl_reading",
        "_get_read_buffer_size",
        "_get_write_buffer_size",
        nullptr,
    };
    static const char* const names_of_ssl_object[] = {"read", "write", "pending", nullptr};
    PyTypeObject* const ssl_object = import_type("ssl", "SSLObject");
    return ssl_object && of_ssl_object.remember(ssl_object, ssl_object, names_of_ssl_object)
               ? decorate(protocol_methods, of_protocol, decorated, "SSLProtocol", names)
               : nullptr;
}

PyObject* with_tls_transport_methods(PyObject*, PyObject* decorated) {
    static const char* const names[] = {"write", nullptr};
    return decorate(transport_methods, of_transport, decorated, "_SSLProtocolTransport", names);
}

PyMethodDef functions[] = {
    {"with_tls_methods", with_tls_methods, METH_O, nullptr},
    {"with_tls_transport_methods", with_tls_transport_methods, METH_O, nullptr},
    {},
};

} // namespace

tls_protocol* original_tls_of(PyObject* protocol) noexcept {
    if (!of_protocol.are_of(protocol))
        return nullptr;
    tls_protocol& found = tls_of(protocol);
    const bool is_original =
        !found.is_changed && found.ssl_object && of_ssl_object.are_of(found.ssl_object.get());
    return is_original ? &found : nullptr;
}

object do_read_in_python(PyObject* self) noexcept {
    return object::adopt(protocol_methods.call_overridden(self, "_do_read", nullptr, 0, nullptr));
}

bool add_tls(PyObject* module) noexcept {
    return prepare_tls() && add_type(module, specification) &&
           PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
