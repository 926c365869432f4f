#include "loop/virtual_time.hpp"

#include "gawait/error.hpp"
#include "gawait/testing/virtual_time.hpp"
#include "loop/loop.hpp"

#include <optional>

namespace gawait::python {
namespace {

/// The virtual time of the context of a loop.
struct virtual_time_object {
    PyObject_HEAD std::optional<virtual_time> time; // until it is closed
};

virtual_time_object& of(PyObject* self) noexcept {
    return *reinterpret_cast<virtual_time_object*>(self);
}

/// VirtualTime(loop), of a loop that has its context.
PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject*) {
    PyObject* loop = nullptr;
    if (!PyArg_ParseTuple(arguments, "O", &loop))
        return nullptr;
    if (!is_loop(loop)) {
        PyErr_Format(PyExc_TypeError, "VirtualTime() is of a gawait.EventLoop, not %.200s",
                     Py_TYPE(loop)->tp_name);
        return nullptr;
    }
    if (!check_open(loop_of(loop)))
        return nullptr;
    auto created = object::adopt(type->tp_alloc(type, 0));
    if (!created)
        return nullptr;
    std::construct_at(&of(created.get()).time);
    try {
        of(created.get()).time.emplace(loop_of(loop).context.get());
    } catch (const error& failure) {
        PyErr_SetString(PyExc_RuntimeError, failure.message());
        return nullptr;
    }
    return created.release();
}

void deallocate(PyObject* self) {
    std::destroy_at(&of(self).time);
    PyTypeObject* type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* close(PyObject* self, PyObject*) {
    of(self).time.reset();
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"close", close, METH_NOARGS, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_new, slot(create)},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_methods, methods},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.VirtualTime",
    .basicsize = sizeof(virtual_time_object),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

} // namespace

bool add_virtual_time(PyObject* module) noexcept { return add_type(module, specification); }

} // namespace gawait::python
