#include "transports/accepting.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace gawait::python {
namespace {

PyObject* socket_type; // made once

/// What `socket.accept()` gives as the address, or null with an exception set.
object to_python(const sockaddr_storage& address, const object& connection) {
    std::array<char, INET6_ADDRSTRLEN> host{};
    if (address.ss_family == AF_INET) {
        const auto& of = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &of.sin_addr, host.data(), host.size());
        return object::adopt(Py_BuildValue("si", host.data(), int{ntohs(of.sin_port)}));
    }
    if (address.ss_family == AF_INET6) {
        const auto& of = reinterpret_cast<const sockaddr_in6&>(address);
        inet_ntop(AF_INET6, &of.sin6_addr, host.data(), host.size());
        return object::adopt(Py_BuildValue("siII", host.data(), int{ntohs(of.sin6_port)},
                                           ntohl(of.sin6_flowinfo), of.sin6_scope_id));
    }
    return object::adopt(PyObject_CallMethod(connection.get(), "getpeername", nullptr));
}

/// A socket of the descriptor, which it closes on failure.
object to_socket(int fd, int family, PyObject* listening) {
    const auto protocol = object::adopt(PyObject_GetAttrString(listening, "proto"));
    auto made =
        protocol
            ? object::adopt(PyObject_CallFunction(socket_type, "iiOi", family,
                                                  SOCK_STREAM | SOCK_NONBLOCK, protocol.get(), fd))
            : object();
    if (!made)
        ::close(fd);
    return made;
}

/// Accepts a connection without an exception where there is none, which is how each batch ends.
PyObject* accept(PyObject*, PyObject* listening) {
    const auto number = object::adopt(PyObject_CallMethod(listening, "fileno", nullptr));
    const long fd = number ? PyLong_AsLong(number.get()) : -1;
    if (fd == -1 && PyErr_Occurred())
        return nullptr;
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int accepted = accept4(static_cast<int>(fd), reinterpret_cast<sockaddr*>(&address),
                                 &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
            Py_RETURN_NONE;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    const object connection = to_socket(accepted, address.ss_family, listening);
    const object peer = connection ? to_python(address, connection) : object();
    return peer ? PyTuple_Pack(2, connection.get(), peer.get()) : nullptr;
}

PyMethodDef functions[] = {
    {"accept", accept, METH_O,
     "accept(sock, /)\n--\n\n"
     "Accept a connection to a listening stream socket that does not block. Return a socket that\n"
     "does not either, and the address of the other side; or None if there is no connection."},
    {},
};

} // namespace

bool add_accepting(PyObject* module) {
    socket_type = import_attribute("socket", "socket");
    return socket_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
