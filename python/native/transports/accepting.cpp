#include "transports/accepting.hpp"

#include "transports/addresses.hpp"
#include "transports/attribute.hpp"

#include <iterator>

namespace gawait::python {
namespace {

PyObject* socket_type; // made once

/// A socket of the descriptor, which it closes on failure.
object to_socket(int fd, int family, PyObject* listening) {
    const object protocol = attribute<"proto">(listening);
    const auto of_family = object::adopt(PyLong_FromLong(family));
    const auto kind = object::adopt(PyLong_FromLong(SOCK_STREAM | SOCK_NONBLOCK));
    const auto number = object::adopt(PyLong_FromLong(fd));
    object made;
    if (protocol && of_family && kind && number) {
        PyObject* const arguments[] = {of_family.get(), kind.get(), protocol.get(), number.get()};
        made = object::adopt(
            PyObject_Vectorcall(socket_type, arguments, std::size(arguments), nullptr));
    }
    if (!made)
        ::close(fd);
    return made;
}

/// Accepts a connection without an exception where there is none, which is how each batch ends.
PyObject* accept(PyObject*, PyObject* listening) {
    const object number = call_method<"fileno">(listening);
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
        peer = call_method<"getpeername">(connection.get());
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
