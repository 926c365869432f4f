#include "dbus/file_descriptor.hpp"

#include <fcntl.h>

namespace gawait::python {
namespace {

struct file_descriptor {
    PyObject_HEAD int number; // -1: closed
};

PyTypeObject* file_descriptor_type;

int& number_of(PyObject* self) noexcept { return reinterpret_cast<file_descriptor*>(self)->number; }

object adopt(PyTypeObject* type, int descriptor) noexcept {
    auto made = object::adopt(type->tp_alloc(type, 0));
    if (made)
        number_of(made.get()) = descriptor;
    return made;
}

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject* named) {
    static const char* names[] = {"", nullptr};
    int descriptor = -1;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "i:FileDescriptor",
                                     const_cast<char**>(names), &descriptor))
        return nullptr;
    if (fcntl(descriptor, F_GETFD) < 0) {
        raise_os_error(errno);
        return nullptr;
    }
    return adopt(type, descriptor).release();
}

void close_number(PyObject* self) noexcept {
    const int descriptor = std::exchange(number_of(self), -1);
    if (descriptor >= 0)
        ::close(descriptor);
}

void deallocate(PyObject* self) {
    close_number(self);
    const auto type = object::adopt(reinterpret_cast<PyObject*>(Py_TYPE(self)));
    Py_TYPE(self)->tp_free(self);
}

bool check_open(PyObject* self) noexcept {
    if (number_of(self) >= 0)
        return true;
    PyErr_SetString(PyExc_ValueError, "the file descriptor is closed");
    return false;
}

PyObject* fileno(PyObject* self, PyObject*) {
    return check_open(self) ? PyLong_FromLong(number_of(self)) : nullptr;
}

PyObject* detach(PyObject* self, PyObject*) {
    return check_open(self) ? PyLong_FromLong(std::exchange(number_of(self), -1)) : nullptr;
}

PyObject* close(PyObject* self, PyObject*) {
    close_number(self);
    Py_RETURN_NONE;
}

PyObject* enter(PyObject* self, PyObject*) { return check_open(self) ? Py_NewRef(self) : nullptr; }

PyObject* represent(PyObject* self) {
    const int number = number_of(self);
    return number < 0 ? PyUnicode_FromString("<FileDescriptor, closed>")
                      : PyUnicode_FromFormat("<FileDescriptor %d>", number);
}

PyMethodDef methods[] = {
    {"fileno", method(fileno), METH_NOARGS,
     "fileno($self, /)\n--\n\nReturn the number. Raises ValueError if it is closed."},
    {"close", method(close), METH_NOARGS, "close($self, /)\n--\n\nClose it, unless it is closed."},
    {"detach", method(detach), METH_NOARGS,
     "detach($self, /)\n--\n\n"
     "Return the number, which from now on the caller has to close. Raises ValueError if it is\n"
     "closed."},
    {"__enter__", method(enter), METH_NOARGS, nullptr},
    {"__exit__", method(close), METH_VARARGS, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_doc,
     const_cast<char*>("FileDescriptor(fd, /)\n--\n\n"
                       "An open file's descriptor, which is closed by close(), at the end of a "
                       "with statement,\nor with the object.\n\n"
                       "Where one is sent over D-Bus, a number or anything with a fileno() will do "
                       "as well.\nWhat is sent is a duplicate, and so is what is received.\n\n"
                       "Raises OSError if fd is not open.")},
    {Py_tp_new, slot(create)},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_repr, slot(represent)},
    {Py_tp_methods, methods},
    {},
};

PyType_Spec specification = {
    .name = "gawait.dbus.FileDescriptor",
    .basicsize = sizeof(file_descriptor),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

} // namespace

object new_file_descriptor(int descriptor) noexcept {
    object made = adopt(file_descriptor_type, descriptor);
    if (!made)
        ::close(descriptor);
    return made;
}

bool is_file_descriptor(PyObject* given) noexcept {
    return Py_IS_TYPE(given, file_descriptor_type);
}

bool add_file_descriptor(PyObject* module) noexcept {
    file_descriptor_type = add_type(module, specification);
    return file_descriptor_type;
}

} // namespace gawait::python
