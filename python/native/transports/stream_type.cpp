#include "loop/loop.hpp"
#include "transports/attribute.hpp"
#include "transports/stream.hpp"

#include <structmember.h>

namespace gawait::python {
namespace {

// Made once.
PyTypeObject* loop_type;

PyObject* none_if(bool succeeded) noexcept { return succeeded ? Py_NewRef(Py_None) : nullptr; }

// The object ---------------------------------------------------------------------

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* created = type->tp_alloc(type, 0);
    if (!created)
        return nullptr;
    stream& self = stream_of(created);
    // All else is zero.
    std::construct_at(&self.loop);
    std::construct_at(&self.protocol);
    std::construct_at(&self.socket);
    std::construct_at(&self.fileno);
    std::construct_at(&self.server);
    std::construct_at(&self.drained);
    std::construct_at(&self.waiting);
    std::construct_at(&self.flow);
    self.fd = -1;
    self.lost = 1; // until it is connected
    self.closing = true;
    return created;
}

int initialize(PyObject* object, PyObject* arguments, PyObject* names) {
    static const char* const parameters[] = {"loop",  "sock",   "protocol", "waiter",
                                             "extra", "server", nullptr};
    stream& self = stream_of(object);
    PyObject *loop = nullptr, *sock = nullptr, *protocol = nullptr;
    PyObject *waiter = Py_None, *extra = Py_None, *server = Py_None;
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "O!OO|OOO:StreamTransport",
                                     const_cast<char**>(parameters), loop_type, &loop, &sock,
                                     &protocol, &waiter, &extra, &server))
        return -1;
    if (extra != Py_None && !PyDict_Check(extra)) {
        PyErr_SetString(PyExc_TypeError, "StreamTransport() argument 'extra' must be a dict");
        return -1;
    }
    if (self.extra) {
        PyErr_SetString(PyExc_RuntimeError, "StreamTransport.__init__() was called twice");
        return -1;
    }
    self.extra = extra == Py_None ? PyDict_New() : Py_NewRef(extra);
    if (!self.extra)
        return -1;
    self.loop = python::object::retain(loop);
    return self.connect(sock, protocol, waiter, server) ? 0 : -1;
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    const stream& self = stream_of(object);
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self.extra);
    Py_VISIT(self.dictionary);
    for (const auto* each :
         {&self.loop, &self.protocol, &self.socket, &self.fileno, &self.server, &self.drained})
        Py_VISIT(each->get());
    return 0;
}

int clear(PyObject* object) {
    stream& self = stream_of(object);
    self.lost = 1;
    self.closing = true;
    self.waiting.clear();
    Py_CLEAR(self.extra);
    Py_CLEAR(self.dictionary);
    for (auto* each :
         {&self.loop, &self.protocol, &self.socket, &self.fileno, &self.server, &self.drained})
        *each = python::object();
    return 0;
}

void finalize(PyObject* object) {
    const auto raised = PyErr_Occurred() ? take_exception() : python::object();
    stream_of(object).abandon();
    if (raised)
        raise(raised);
}

void deallocate(PyObject* object) {
    if (PyObject_CallFinalizerFromDealloc(object) < 0)
        return; // somebody has it again
    PyObject_GC_UnTrack(object);
    stream& self = stream_of(object);
    if (self.weak_references)
        PyObject_ClearWeakRefs(object);
    clear(object);
    std::destroy_at(&self.waiting);
    PyTypeObject* type = Py_TYPE(object);
    type->tp_free(object);
    Py_DECREF(type);
}

PyObject* represent(PyObject* object) {
    const stream& self = stream_of(object);
    const char* const state = !self.socket ? " closed" : self.closing ? " closing" : "";
    if (!self.loop || loop_of(self.loop.get()).closed)
        return PyUnicode_FromFormat("<StreamTransport%s fd=%d>", state, self.fd);
    const auto watches = python::object::adopt(
        PyObject_CallMethod(self.loop.get(), "_watches_of", "i", self.fd < 0 ? 0 : self.fd));
    if (!watches)
        return nullptr;
    const auto polling = [&](Py_ssize_t index) {
        return PyTuple_GetItem(watches.get(), index) == Py_None ? "idle" : "polling";
    };
    return PyUnicode_FromFormat("<StreamTransport%s fd=%d read=%s write=<%s, bufsize=%zu>>", state,
                                self.fd, polling(0), polling(1), self.waiting.size());
}

// Methods ------------------------------------------------------------------------

/// A method without arguments that returns None.
template <bool (stream::*Method)()> PyObject* simple(PyObject* self, PyObject*) {
    return none_if((stream_of(self).*Method)());
}

/// A method with one argument that returns None.
template <bool (stream::*Method)(PyObject*)> PyObject* simple(PyObject* self, PyObject* argument) {
    return none_if((stream_of(self).*Method)(argument));
}

/// The same where the argument may be given by its name.
template <bool (stream::*Method)(PyObject*), name_text Name>
PyObject* by_name(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
    if (count + named == 1 &&
        (named == 0 || PyUnicode_Compare(PyTuple_GET_ITEM(names, 0), name<Name>()) == 0))
        return simple<Method>(self, arguments[0]);
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, "expected one argument, '%U'", name<Name>());
    return nullptr;
}

PyObject* abort(PyObject* self, PyObject*) { return none_if(stream_of(self).force_close(Py_None)); }

PyObject* is_closing(PyObject* self, PyObject*) { return PyBool_FromLong(stream_of(self).closing); }

PyObject* is_reading(PyObject* self, PyObject*) {
    return PyBool_FromLong(stream_of(self).is_reading());
}

PyObject* can_write_eof(PyObject*, PyObject*) { Py_RETURN_TRUE; }

PyObject* get_protocol(PyObject* self, PyObject*) {
    PyObject* const protocol = stream_of(self).protocol.get();
    return Py_NewRef(protocol ? protocol : Py_None);
}

PyObject* get_write_buffer_size(PyObject* self, PyObject*) {
    return stream_of(self).send_unsent() ? PyLong_FromSize_t(stream_of(self).waiting.size())
                                         : nullptr;
}

PyObject* get_write_buffer_limits(PyObject* self, PyObject*) {
    const flow_control& flow = stream_of(self).flow;
    return Py_BuildValue("nn", flow.low(), flow.high());
}

PyObject* set_write_buffer_limits(PyObject* self, PyObject* arguments, PyObject* names) {
    static const char* const parameters[] = {"high", "low", nullptr};
    PyObject *high = nullptr, *low = nullptr;
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "|OO:set_write_buffer_limits",
                                     const_cast<char**>(parameters), &high, &low))
        return nullptr;
    return none_if(stream_of(self).set_limits(high, low));
}

PyObject* make_empty_waiter(PyObject* self, PyObject*) {
    return stream_of(self).make_empty_waiter();
}

PyObject* reset_empty_waiter(PyObject* self, PyObject*) {
    stream_of(self).drained = object();
    Py_RETURN_NONE;
}

template <object stream::* Member> PyObject* get_object(PyObject* self, void*) {
    PyObject* const held = (stream_of(self).*Member).get();
    return Py_NewRef(held ? held : Py_None);
}

template <bool stream::* Member> PyObject* get_flag(PyObject* self, void*) {
    return PyBool_FromLong(stream_of(self).*Member);
}

PyObject* get_protocol_paused(PyObject* self, void*) {
    return PyBool_FromLong(stream_of(self).flow.paused());
}

PyMethodDef methods[] = {
    {"write", method(by_name<&stream::write, "data">), METH_FASTCALL | METH_KEYWORDS,
     "write($self, data)\n--\n\nSend data, or keep what the socket does not take at once."},
    {"writelines", method(by_name<&stream::write_lines, "list_of_data">),
     METH_FASTCALL | METH_KEYWORDS,
     "writelines($self, list_of_data)\n--\n\nLike write(), of several at once."},
    {"write_eof", simple<&stream::write_eof>, METH_NOARGS,
     "write_eof($self, /)\n--\n\nClose the writing half when all was sent."},
    {"can_write_eof", can_write_eof, METH_NOARGS, "can_write_eof($self, /)\n--\n\nReturn True."},
    {"close", simple<&stream::close>, METH_NOARGS,
     "close($self, /)\n--\n\nStop reading, and close the connection when all was sent."},
    {"abort", abort, METH_NOARGS,
     "abort($self, /)\n--\n\nClose the connection without sending what was kept."},
    {"is_closing", is_closing, METH_NOARGS,
     "is_closing($self, /)\n--\n\nReturn True once it is closed, or about to be."},
    {"is_reading", is_reading, METH_NOARGS,
     "is_reading($self, /)\n--\n\nReturn True unless it is paused or closing."},
    {"pause_reading", simple<&stream::pause_reading>, METH_NOARGS,
     "pause_reading($self, /)\n--\n\nReceive nothing until resume_reading()."},
    {"resume_reading", simple<&stream::resume_reading>, METH_NOARGS,
     "resume_reading($self, /)\n--\n\nReceive again."},
    {"get_protocol", get_protocol, METH_NOARGS,
     "get_protocol($self, /)\n--\n\nReturn the protocol, None once the connection is lost."},
    {"set_protocol", method(by_name<&stream::set_protocol, "protocol">),
     METH_FASTCALL | METH_KEYWORDS,
     "set_protocol($self, protocol)\n--\n\nGive another protocol what comes from now on."},
    {"get_write_buffer_size", get_write_buffer_size, METH_NOARGS,
     "get_write_buffer_size($self, /)\n--\n\nReturn how many bytes are kept, to be sent."},
    {"get_write_buffer_limits", get_write_buffer_limits, METH_NOARGS,
     "get_write_buffer_limits($self, /)\n--\n\nReturn the tuple (low, high), in bytes."},
    {"set_write_buffer_limits", method(set_write_buffer_limits), METH_VARARGS | METH_KEYWORDS,
     "set_write_buffer_limits($self, /, high=None, low=None)\n--\n\n"
     "Set how many bytes are kept when the protocol is told to pause, and to resume, writing."},
    {"_call_connection_lost", simple<&stream::lose>, METH_O, nullptr},
    {"_force_close", simple<&stream::force_close>, METH_O, nullptr},
    {"_make_empty_waiter", make_empty_waiter, METH_NOARGS, nullptr},
    {"_read_ready", simple<&stream::read_ready>, METH_NOARGS, nullptr},
    {"_reset_empty_waiter", reset_empty_waiter, METH_NOARGS, nullptr},
    {"_start_reading", simple<&stream::start_reading>, METH_NOARGS, nullptr},
    {"_write_ready", simple<&stream::write_ready>, METH_NOARGS, nullptr},
    {},
};

PyGetSetDef attributes[] = {
    {"_loop", get_object<&stream::loop>, nullptr, nullptr, nullptr},
    {"_protocol", get_object<&stream::protocol>, nullptr, nullptr, nullptr},
    {"_sock", get_object<&stream::socket>, nullptr, nullptr, nullptr},
    {"_server", get_object<&stream::server>, nullptr, nullptr, nullptr},
    {"_empty_waiter", get_object<&stream::drained>, nullptr, nullptr, nullptr},
    {"_closing", get_flag<&stream::closing>, nullptr, nullptr, nullptr},
    {"_eof", get_flag<&stream::eof>, nullptr, nullptr, nullptr},
    {"_paused", get_flag<&stream::paused>, nullptr, nullptr, nullptr},
    {"_protocol_paused", get_protocol_paused, nullptr, nullptr, nullptr},
    {},
};

PyMemberDef members[] = {
    {"_conn_lost", T_INT, offsetof(stream, lost), READONLY, nullptr},
    {"_sock_fd", T_INT, offsetof(stream, fd), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(stream, dictionary), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(stream, weak_references), READONLY, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("The transport of a stream socket.")},
    {Py_tp_new, slot(create)},
    {Py_tp_init, slot(initialize)},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_finalize, slot(finalize)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_tp_repr, slot(represent)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.StreamTransport",
    .basicsize = sizeof(stream),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

/// Whether the slots of the base class are where they are in a stream.
bool is_as_expected(const PyTypeObject& base) noexcept {
    if (base.tp_basicsize == offsetof(stream, not_used) + Py_ssize_t{sizeof(stream::not_used)})
        return true;
    PyErr_SetString(PyExc_ImportError, "gawait: asyncio's transports have another layout");
    return false;
}

} // namespace

bool add_stream_type(PyObject* module, PyTypeObject* loop) {
    loop_type = loop;
    // loop.sendfile() asks for this class.
    PyTypeObject* const base = import_type("asyncio.transports", "_FlowControlMixin");
    if (!base || !is_as_expected(*base) || !prepare_streams())
        return false;
    PyTypeObject* const type = add_type(module, specification, base);
    const auto modes = object::adopt(import_attribute("asyncio.constants", "_SendfileMode"));
    const auto native =
        modes ? object::adopt(PyObject_GetAttrString(modes.get(), "TRY_NATIVE")) : object();
    auto* const made = reinterpret_cast<PyObject*>(type);
    return type && native && PyObject_SetAttrString(made, "_start_tls_compatible", Py_True) == 0 &&
           PyObject_SetAttrString(made, "_sendfile_compatible", native.get()) == 0;
}

} // namespace gawait::python
