#include "transports/pipes.hpp"

#include "transports/attribute.hpp"
#include "transports/overriding.hpp"
#include "transports/system_calls.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace gawait::python {
namespace {

/// What is read where nobody tells how much there is.
constexpr int unknown_size = 4096;

extern overriding of_writer;

/// -1 with an exception set on failure.
int descriptor_of_pipe(PyObject* self) noexcept {
    const object number = attribute<"_fileno">(self);
    return number ? static_cast<int>(PyLong_AsLong(number.get())) : -1;
}

/// Memory of the size that there is to read, and not of the largest, costs least.
PyObject* read_ready(PyObject* self, PyObject*) noexcept {
    const int fd = descriptor_of_pipe(self);
    const object most = fd < 0 ? object() : attribute<"max_size">(self);
    const Py_ssize_t largest = most ? PyLong_AsSsize_t(most.get()) : -1;
    if (PyErr_Occurred())
        return nullptr;
    int size = 0;
    if (ioctl(fd, FIONREAD, &size) < 0 || size <= 0)
        size = unknown_size;
    int failure = 0;
    const object data = read_bytes(std::min(Py_ssize_t{size}, largest), failure,
                                   [&](char* into, std::size_t wanted) {
                                       const without_gil released;
                                       return ::read(fd, into, wanted);
                                   });
    if (would_block(failure))
        Py_RETURN_NONE;
    object told;
    if (failure) {
        raise_os_error(failure);
        const object raised = take_exception();
        const auto message =
            object::adopt(PyUnicode_FromString("Fatal read error on pipe transport"));
        told = call_method<"_fatal_error">(self, raised.get(), message.get());
    } else if (data && PyBytes_GET_SIZE(data.get()) == 0) {
        told = call_method<"_ended">(self);
    } else if (const object protocol = data ? attribute<"_protocol">(self) : object()) {
        told = call_method<"data_received">(protocol.get(), data.get());
    }
    return told ? Py_NewRef(Py_None) : nullptr;
}

/// Writes at once what can be; everything else is the standard library's.
PyObject* write(PyObject* self, PyObject* data) {
    const bool first = PyBytes_CheckExact(data) && PyBytes_GET_SIZE(data) > 0 &&
                       !is_true<"_conn_lost">(self) && !is_true<"_closing">(self) &&
                       !is_true<"_buffer">(self);
    const int fd = first ? descriptor_of_pipe(self) : -1;
    PyErr_Clear();
    object rest = object::retain(data);
    if (fd >= 0) {
        const Py_ssize_t size = PyBytes_GET_SIZE(data);
        const ssize_t written = [&] {
            const without_gil released;
            return ::write(fd, PyBytes_AS_STRING(data), static_cast<std::size_t>(size));
        }();
        if (written == size)
            Py_RETURN_NONE;
        if (written > 0) {
            const auto view = object::adopt(PyMemoryView_FromObject(data));
            rest = object::adopt(view ? PySequence_GetSlice(view.get(), written, size) : nullptr);
            if (!rest)
                return nullptr;
        }
    }
    PyObject* const arguments[] = {rest.get()};
    return of_writer.call_overridden(self, "write", arguments, 1, nullptr);
}

PyMethodDef read_methods[] = {
    {"_read_ready", read_ready, METH_NOARGS, nullptr},
    {},
};

PyMethodDef write_methods[] = {
    {"write", write, METH_O,
     "write($self, data, /)\n--\n\nWrite data, or keep what the pipe does not take at once."},
    {},
};

overriding of_reader{read_methods};
overriding of_writer{write_methods};

PyObject* with_read_pipe_methods(PyObject*, PyObject* type) { return of_reader.decorate(type); }
PyObject* with_write_pipe_methods(PyObject*, PyObject* type) { return of_writer.decorate(type); }

PyMethodDef functions[] = {
    {"with_read_pipe_methods", with_read_pipe_methods, METH_O, nullptr},
    {"with_write_pipe_methods", with_write_pipe_methods, METH_O, nullptr},
    {},
};

} // namespace

bool add_pipes(PyObject* module) noexcept { return PyModule_AddFunctions(module, functions) == 0; }

} // namespace gawait::python
