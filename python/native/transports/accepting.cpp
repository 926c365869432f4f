#include "transports/accepting.hpp"

#include "transports/addresses.hpp"

namespace gawait::python {
namespace {

PyObject* socket_type; // made once

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
    address other{};
    socklen_t size = sizeof(other);
    const int accepted =
        accept4(static_cast<int>(fd), &other.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
            Py_RETURN_NONE;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    const object connection = to_socket(accepted, other.any.sa_family, listening);
    object peer = connection ? to_python(other, size) : object();
    if (peer.get() == Py_None) // of a family that to_python() does not know
        peer = object::adopt(PyObject_CallMethod(connection.get(), "getpeername", nullptr));
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
