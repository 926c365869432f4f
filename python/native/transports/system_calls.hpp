#pragma once

#include "memory.hpp"
#include "python.hpp"

#include <cstddef>

namespace gawait::python {

/// The descriptor that a socket has now: it may have been closed, and its number be another's. -1
/// if it has none.
inline int descriptor_of(PyObject* socket) noexcept {
    static PyObject* const fileno = PyUnicode_InternFromString("fileno");
    const auto number = object::adopt(PyObject_CallMethodNoArgs(socket, fileno));
    const long found = number ? PyLong_AsLong(number.get()) : -1;
    PyErr_Clear();
    return static_cast<int>(found);
}

/// Whether an errno says that there is nothing to be done now.
inline bool would_block(int number) noexcept {
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

/// Bytes of what a function `(char*, size)` reads, which returns how much that was, or less than
/// zero with errno set; that is the failure then. Empty with an exception set and no failure if
/// there is no memory.
template <class Read> object read_bytes(Py_ssize_t most, int& failure, Read read) noexcept {
    auto bytes = object::adopt(PyBytes_FromStringAndSize(nullptr, most));
    if (!bytes)
        return {};
    const ssize_t size = read(PyBytes_AS_STRING(bytes.get()), static_cast<std::size_t>(most));
    if (size < 0) {
        failure = errno;
        return {};
    }
    PyObject* resized = bytes.release();
    if (size < most)
        _PyBytes_Resize(&resized, size);
    return object::adopt(resized);
}

} // namespace gawait::python
