#include "transports/datagrams.hpp"

#include "transports/addresses.hpp"
#include "transports/attribute.hpp"
#include "transports/overriding.hpp"
#include "transports/system_calls.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <optional>

namespace gawait::python {
namespace {

/// As large as asyncio asks for. Memory of that size for each of them is what costs most.
std::array<char, std::size_t{256} * 1024> received; // guarded by the GIL

extern overriding of_transport;

/// The address in a tuple of numbers alone, which is to be had without asking anybody.
std::optional<sockaddr_in> to_ipv4(PyObject* given) noexcept {
    if (!PyTuple_CheckExact(given) || PyTuple_GET_SIZE(given) != 2)
        return {};
    PyObject *const host = PyTuple_GET_ITEM(given, 0), *const port = PyTuple_GET_ITEM(given, 1);
    if (!PyUnicode_CheckExact(host) || !PyLong_CheckExact(port))
        return {};
    int overflow = 0;
    const long number = PyLong_AsLongAndOverflow(port, &overflow);
    const char* const text = PyUnicode_AsUTF8(host);
    PyErr_Clear();
    sockaddr_in made{};
    made.sin_family = AF_INET;
    if (!text || overflow || number < 0 || number > 0xffff ||
        inet_pton(AF_INET, text, &made.sin_addr) != 1)
        return {};
    made.sin_port = htons(static_cast<std::uint16_t>(number));
    return made;
}

/// Tells the protocol of the failure that errno tells.
PyObject* tell_of_error(PyObject* self, int number) noexcept {
    raise_os_error(number);
    const object failure = take_exception();
    const object protocol = attribute<"_protocol">(self);
    const object told =
        protocol ? call_method<"error_received">(protocol.get(), failure.get()) : object();
    return told ? Py_NewRef(Py_None) : nullptr;
}

PyObject* read_ready(PyObject* self, PyObject*) noexcept {
    if (is_true<"_conn_lost">(self))
        Py_RETURN_NONE;
    const object most = attribute<"max_size">(self), socket = attribute<"_sock">(self);
    const Py_ssize_t size = most ? PyLong_AsSsize_t(most.get()) : -1;
    PyErr_Clear();
    if (!socket || size < 0 || static_cast<std::size_t>(size) > received.size())
        return of_transport.call_overridden(self, "_read_ready", nullptr, 0, nullptr);
    address from{};
    socklen_t from_size = sizeof(from);
    const ssize_t came =
        recvfrom(descriptor_of(socket.get()), received.data(), static_cast<std::size_t>(size),
                 MSG_DONTWAIT, &from.any, &from_size);
    if (came < 0 && would_block(errno))
        Py_RETURN_NONE;
    if (came < 0)
        return tell_of_error(self, errno);
    const auto data = object::adopt(PyBytes_FromStringAndSize(received.data(), came));
    const object sender = data ? to_python(from, from_size) : object();
    const object protocol = sender ? attribute<"_protocol">(self) : object();
    const object told =
        protocol ? call_method<"datagram_received">(protocol.get(), data.get(), sender.get())
                 : object();
    return told ? Py_NewRef(Py_None) : nullptr;
}

/// Sends at once what may be sent at once; everything else is the standard library's.
PyObject* send_to(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    const auto leave = [&] {
        PyErr_Clear();
        return of_transport.call_overridden(self, "sendto", arguments, count, names);
    };
    if (names || count < 1 || count > 2 || is_true<"_conn_lost">(self) || is_true<"_buffer">(self))
        return leave();
    PyObject* const given = count > 1 ? arguments[1] : Py_None;
    const object extra = attribute<"_extra">(self), socket = attribute<"_sock">(self);
    if (!extra || !socket || !PyDict_Check(extra.get()))
        return leave();
    PyObject* const peer = PyDict_GetItemWithError(extra.get(), name<"peername">());
    std::optional<sockaddr_in> to;
    if (!peer || PyObject_IsTrue(peer) <= 0) {
        if (is_true<"_sends_to_ipv4">(self))
            to = to_ipv4(given);
        if (!to)
            return leave();
    } else if (given != Py_None && is_true<"_address">(self)) {
        return leave();
    }
    PyObject* const data = arguments[0];
    memory content;
    if (!(PyBytes_Check(data) || PyByteArray_Check(data) || PyMemoryView_Check(data)) ||
        !content.get(data, PyBUF_SIMPLE) || content.size() == 0)
        return leave();
    if (to && PySys_Audit("socket.sendto", "OO", socket.get(), given) < 0)
        return nullptr;
    const auto* const destination = to ? reinterpret_cast<const sockaddr*>(&*to) : nullptr;
    const ssize_t sent =
        sendto(descriptor_of(socket.get()), content.data(), content.size(),
               MSG_DONTWAIT | MSG_NOSIGNAL, destination, destination ? sizeof(*to) : 0);
    if (sent >= 0)
        Py_RETURN_NONE;
    return would_block(errno) ? leave() : tell_of_error(self, errno);
}

PyMethodDef methods[] = {
    {"_read_ready", read_ready, METH_NOARGS, nullptr},
    {"sendto", method(send_to), METH_FASTCALL | METH_KEYWORDS,
     "sendto($self, data, addr=None)\n--\n\n"
     "Send a datagram, or keep it until the socket takes it. Without an address it goes to the "
     "one\nthat the socket is connected to."},
    {},
};

overriding of_transport{methods};

PyObject* with_datagram_methods(PyObject*, PyObject* type) { return of_transport.decorate(type); }

PyMethodDef functions[] = {
    {"with_datagram_methods", with_datagram_methods, METH_O, nullptr},
    {},
};

} // namespace

bool add_datagrams(PyObject* module) noexcept {
    return PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
