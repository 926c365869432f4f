#include "dbus/wire_type.hpp"

#include "gawait/dbus/detail/wire.hpp"
#include "loop/loop.hpp"
#include "pygobject.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace gawait::python {
namespace {

using dbus::detail::wire;

PyTypeObject* wire_type;
PyTypeObject* socket_type;
PyTypeObject* connection_type;

struct wire_object {
    PyObject_HEAD std::shared_ptr<wire> of;
};

wire_object& wire_in(PyObject* self) noexcept { return *reinterpret_cast<wire_object*>(self); }

/// Of a socket of one end, which is taken over; null with an exception set on failure.
object connection_of(int fd) noexcept {
    GError* failure = nullptr;
    const auto socket = ref<GSocket>::adopt(g_socket_new_from_fd(fd, &failure));
    if (pyg_error_check(&failure)) {
        ::close(fd);
        return {};
    }
    const auto stream =
        ref<GSocketConnection>::adopt(g_socket_connection_factory_create_connection(socket));
    return object::adopt(pygobject_new(reinterpret_cast<GObject*>(stream.get())));
}

/// open_wire(loop, socket): the `Wire` of a loop of ours that runs and a `Gio.Socket` to the bus,
/// and the `Gio.IOStream` that GDBus is to have in its place.
PyObject* open_wire(PyObject*, PyObject* arguments) {
    PyObject *loop = nullptr, *socket = nullptr;
    if (!PyArg_ParseTuple(arguments, "OO!", &loop, socket_type, &socket))
        return nullptr;
    if (!is_loop(loop) || !loop_of(loop).home) {
        PyErr_SetString(PyExc_TypeError, "expected a loop of gawait's that runs");
        return nullptr;
    }
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    const object stream = connection_of(pair[0]);
    const int bus =
        stream ? fcntl(g_socket_get_fd(G_SOCKET(pygobject_get(socket))), F_DUPFD_CLOEXEC, 3) : -1;
    auto made = bus < 0 ? object() : object::adopt(wire_type->tp_alloc(wire_type, 0));
    if (!made) {
        if (!PyErr_Occurred())
            raise_os_error(errno);
        ::close(pair[1]);
        if (bus >= 0)
            ::close(bus);
        return nullptr;
    }
    std::construct_at(&wire_in(made.get()).of);
    try {
        wire_in(made.get()).of = wire::open(*loop_of(loop).home, bus, pair[1]);
    } catch (error& refused) {
        GError* failure = refused.release();
        pyg_error_check(&failure);
        return nullptr;
    }
    return PyTuple_Pack(2, made.get(), stream.get());
}

PyObject* attach(PyObject* self, PyObject* connection) {
    if (!PyObject_TypeCheck(connection, connection_type))
        return PyErr_Format(PyExc_TypeError, "expected Gio.DBusConnection, not %.200s",
                            Py_TYPE(connection)->tp_name);
    wire_in(self).of->attach(G_DBUS_CONNECTION(pygobject_get(connection)));
    Py_RETURN_NONE;
}

PyObject* close_wire(PyObject* self, PyObject*) {
    const auto kept = wire_in(self).of;
    {
        const without_gil released;
        kept->end();
    }
    Py_RETURN_NONE;
}

PyObject* get_is_open(PyObject* self, void*) {
    return PyBool_FromLong(wire_in(self).of->is_open());
}

void deallocate(PyObject* self) {
    const auto type = object::adopt(reinterpret_cast<PyObject*>(Py_TYPE(self)));
    std::destroy_at(&wire_in(self).of);
    Py_TYPE(self)->tp_free(self);
}

PyMethodDef methods[] = {
    {"attach", attach, METH_O, "Have it be found by the connection that GDBus made."},
    {"close", close_wire, METH_NOARGS, "End it, in the thread of its loop."},
    {},
};

PyGetSetDef attributes[] = {
    {"is_open", get_is_open, nullptr, "Whether it has not ended.", nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.Wire",
    .basicsize = sizeof(wire_object),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

/// is_of_wire(connection): whether it has a `Wire` that works in this thread.
PyObject* is_of_wire(PyObject*, PyObject* connection) {
    return PyBool_FromLong(PyObject_TypeCheck(connection, connection_type) &&
                           wire::of(G_DBUS_CONNECTION(pygobject_get(connection))));
}

PyMethodDef functions[] = {
    {"is_of_wire", is_of_wire, METH_O, nullptr},
    {"open_wire", open_wire, METH_VARARGS, nullptr},
    {},
};

} // namespace

bool add_wire_type(PyObject* module) noexcept {
    socket_type = import_type("gi.repository.Gio", "Socket");
    connection_type = socket_type ? import_type("gi.repository.Gio", "DBusConnection") : nullptr;
    wire_type = connection_type ? add_type(module, specification) : nullptr;
    return wire_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
